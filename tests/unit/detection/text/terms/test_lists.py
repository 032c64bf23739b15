"""Terms are found on normalised text, where they stand, and told by id alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.lists import MOST_HITS, TermLists
from tutela.detection.text.terms.reading import read_terms
from tutela.detection.text.terms.term import Term, TermKind, TermList
from tutela.errors import BadConfiguration

NORMALISER = Normaliser()
LIST = """\
terms: 1
name: adverts
owner: Trust and Safety
version: 2026-11
points: 2
entries:
  - free gems
  - {id: gems, phrase: Gems}
  - {id: inside, part: oin, points: 0.5}
  - {id: cheap, pattern: 'cheap (gems|coins?)', points: 3}
  - don't wait
"""


def lists(*texts: str) -> TermLists:
    return TermLists([read_terms(text.encode(), "a.yaml", NORMALISER) for text in texts])


def found(kept: TermLists, text: str, language: str = "") -> list[str]:
    hits = kept.find(NORMALISER.normalise(text), language)
    return [f"{hit.term}: {text[hit.start : hit.end]}" for hit in hits]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FREE gems!", ["7: FREE gems", "gems: gems"]),
        ("fr3e g\u200bems", ["7: fr3e g\u200bems", "gems: g\u200bems"]),
        ("#free_gems", ["7: free_gems", "gems: gems"]),
        ("free gems free gems", ["7: free gems", "gems: gems"] * 2),
        ("freegems stratagems", []),
        ("ch\u0435ap coins", ["cheap: ch\u0435ap coins", "inside: oin"]),
        ("dont wait", ["11: dont wait"]),
        ("", []),
    ],
)
def test_what_is_found(text: str, told: list[str]) -> None:
    assert found(lists(LIST), text) == told


def test_points_lists_and_versions_are_told() -> None:
    hits = lists(LIST).find(NORMALISER.normalise("cheap gems"))
    assert [(hit.term_list, hit.version, hit.term, hit.points) for hit in hits] == [
        ("adverts", "2026-11", "cheap", 3.0),
        ("adverts", "2026-11", "gems", 2.0),
    ]


def test_a_list_of_a_language_counts_in_that_and_where_none_is_known() -> None:
    french = LIST.replace("name: adverts", "name: annonces\nlanguage: fr")
    assert found(lists(french), "free gems", "en") == []
    assert len(found(lists(french), "free gems", "fr")) == 2
    assert len(found(lists(french, LIST), "free gems", "fr")) == 4
    assert len(found(lists(french), "free gems")) == 2


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LIST)
    (tmp_path / "b.yml").write_text(LIST.replace("name: adverts", "name: others"))
    (tmp_path / "notes.txt").write_text("not a list")
    assert set(TermLists.read(tmp_path, NORMALISER).lists) == {"adverts", "others"}
    assert set(TermLists.read(tmp_path / "a.yaml", NORMALISER).lists) == {"adverts"}
    (tmp_path / "c.yaml").write_text(LIST)
    with pytest.raises(BadConfiguration, match=r"c\.yaml: two term lists are called adverts"):
        TermLists.read(tmp_path, NORMALISER)
    with pytest.raises(BadConfiguration, match="cannot be read"):
        TermLists.read(tmp_path / "none", NORMALISER)


def test_nothing_shows_a_term() -> None:
    kept = read_terms(LIST.encode(), "a.yaml", NORMALISER)
    assert "gems" not in repr((kept, kept.terms[0], TermLists([kept])))


def test_a_hostile_pattern_and_text_take_linear_time() -> None:
    pattern = LIST + "  - {id: bad, pattern: '(a+)+b|(a|aa)+c|(.*a){12}d'}\n"
    text = "a" * 200_000
    assert found(lists(pattern), text + "\u0430") == []
    assert found(lists(pattern), "ab " * 10_000)[:1] == ["bad: ab"]


def test_what_is_told_has_a_bound() -> None:
    assert len(found(lists(LIST), "gems " * 10_000)) == MOST_HITS


@given(
    terms=st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=8),
    words=st.lists(st.text("ab", min_size=1, max_size=3), max_size=12),
)
def test_every_phrase_is_found_wherever_it_stands(terms: list[str], words: list[str]) -> None:
    """The oracle compares every row of words with every phrase."""
    phrases = [" ".join(terms[at : at + 2]) for at in range(len(terms))]
    made = [
        Term(
            id=str(at),
            kind=TermKind.WORDS,
            points=1,
            text="".join(f" {word} " for word in phrase.split()),
        )
        for at, phrase in enumerate(phrases)
    ]
    kept = TermLists([TermList(name="n", owner="o", version="1", terms=tuple(made))])
    text = " ".join(words)
    expected = sorted(
        (len(" ".join(words[:at])) + bool(at), str(which))
        for at in range(len(words))
        for which, phrase in enumerate(phrases)
        if words[at : at + len(phrase.split())] == phrase.split()
    )
    normalised = NORMALISER.normalise(text)
    if normalised.text == text:
        assert sorted((hit.start, hit.term) for hit in kept.find(normalised)) == expected
