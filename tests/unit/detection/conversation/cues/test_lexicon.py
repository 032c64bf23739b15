"""An operator's lexicon: its words count as tokens, and are told nowhere. Here they are kites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.detection.conversation.cues.writing import cues_of, pieces

from tutela.detection.conversation.cues.cueset import CueSet, fold
from tutela.detection.conversation.cues.lexicon import Lexicon, read_lexicon
from tutela.detection.text.normaliser import Normaliser
from tutela.errors import BadConfiguration

TEXT = """\
lexicon: 1
language: en
owner: Trust and safety
version: 3
sexual:
  1: [kite, paper boat]
  2: [red kite, "7"]
  3: [windmill*, Caf\u00e9]
"""


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return read_lexicon(TEXT.encode(), "words.yaml", fold)


def test_a_lexicon_says_whose_it_is(lexicon: Lexicon) -> None:
    assert (lexicon.language, lexicon.owner, lexicon.version) == ("en", "Trust and safety", "3")
    assert len(lexicon) == 6


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a kite, kite!", " a <sexual:1> <sexual:1> "),
        ("the kites", " the kites "),
        ("a red kite", " a <sexual:2> <> "),
        ("kite red kite", " <sexual:1> <sexual:2> <> "),
        ("paper boat 7", " <sexual:1> <> <sexual:2> "),
        ("windmills and a windmill", " <sexual:3> and a <sexual:3> "),
        ("cafe", " <sexual:3> "),
        ("nothing of that", " nothing of that "),
        ("", "  "),
    ],
)
def test_words_become_tokens(lexicon: Lexicon, text: str, row: str) -> None:
    assert lexicon.row(text) == row


@given(words=st.lists(st.sampled_from(["red", "kite", "paper", "boat", "windmilled", "7", "x"])))
def test_a_row_keeps_its_count_of_words(lexicon: Lexicon, words: list[str]) -> None:
    assert len(lexicon.row(" ".join(words)).split()) == len(words)


def test_cues_and_masks_cover_all_words_of_a_term(lexicon: Lexicon) -> None:
    cues = cues_of("see ... <sexual:2>").with_lexicon(lexicon)
    text = "I see your R\u0435d KITE, and a kite"
    assert pieces(cues, text) == ["see your R\u0435d KITE"]
    masked = cues.sexual_words(Normaliser().normalise(text))
    assert [text[start:end] for start, end in masked] == ["R\u0435d KITE", "kite"]


def test_tokens_are_masked_without_a_lexicon() -> None:
    text = "some <sexual:3>, some other"
    (place,) = CueSet.shipped("en").sexual_words(Normaliser().normalise(text))
    assert text[slice(*place)] == "<sexual:3>"


def test_a_lexicon_changes_the_digest(lexicon: Lexicon) -> None:
    cues = cues_of("kite")
    assert cues.with_lexicon(lexicon).digest != cues.digest


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("lexicon: 1", "lexicon: 2", "words.yaml:1:10"),
        ("owner: Trust and safety\n", "", "words.yaml:1:1"),
        ("  3: [windmill*", "  4: [windmill*", "words.yaml:8:3"),
        ("[kite, paper boat]", "[kite, [windmill]]", "words.yaml:6:13"),
        ("[kite, paper boat]", "windmill", "words.yaml:6:6"),
        ("[kite, paper boat]", "[kite, '!!']", "words.yaml:6:13"),
    ],
)
def test_mistakes_are_told_without_the_words(old: str, new: str, where: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read_lexicon(TEXT.replace(old, new, 1).encode(), "words.yaml", fold)
    assert refused.value.where == where
    assert "kite" not in str(refused.value)
    assert "windmill" not in str(refused.value)


@pytest.mark.parametrize("data", [b"\xff", TEXT.partition("sexual:")[0].encode() + b"sexual: {}"])
def test_what_has_no_words_is_refused(data: bytes) -> None:
    with pytest.raises(BadConfiguration):
        read_lexicon(data, "words.yaml", fold)
