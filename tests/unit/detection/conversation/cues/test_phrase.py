"""The notation of phrases: what each sign means, and what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.detection.conversation.cues.writing import cues_of, pieces

from tutela.detection.conversation.cues.phrase import Notation
from tutela.errors import BadConfiguration, InvalidInput


@pytest.mark.parametrize(
    ("phrase", "text", "piece"),
    [
        ("how old", "So, HOW old is it?", "HOW old"),
        ("how old", "how... old?!", "how... old"),
        ("how old", "somehow older", None),
        ("(red|blue green) kite", "a blue, green kite", "blue, green kite"),
        ("(red|blue green) kite", "a green kite", None),
        ("ask <parents>", "ask your mum", None),
        ("ask your <parents>", "ask your big sister!", "ask your big sister"),
        ("ask your? <parents> (now|soon)?", "ask dad", "ask dad"),
        ("ask your? <parents> (now|soon)?", "ask your dad now", "ask your dad now"),
        ("the _ kite", "the red kite", "the red kite"),
        ("the _ kite", "the kite", None),
        ("the ... kite", "the kite", "the kite"),
        ("the ... kite", "the big old red kite", "the big old red kite"),
        ("the ... kite", "the very big old red kite", None),
        ("secret*", "it is SECRETLY so", "SECRETLY"),
        ("secret*", "no secre", None),
        ("^ kite", "kite, look", "kite"),
        ("^ kite", "a kite", None),
        ("kite $", "a kite!", "kite"),
        ("kite (now|$)", "a kite that flies", None),
        ("see you", "c ya, see ya", "see ya"),
        ("don't look", "DON\u2019T look", "DON\u2019T look"),
        ("don't look", "dont look", "dont look"),
        ("don't look", "do not look", "do not look"),
        ("red kite", "red \U0001fa81 kite", "red \U0001fa81 kite"),
        ("red kites", "red :kites:", "red :kites"),
        ("<sexual:2> talk", "some <sexual:2> talk", "<sexual:2> talk"),
        ("<sexual:2> talk", "some <sexual:1> talk", None),
        ("\u00e9cole", "a l\u2019\u00e9cole \u00c9COLE", "\u00c9COLE"),
    ],
)
def test_what_a_phrase_finds(phrase: str, text: str, piece: str | None) -> None:
    assert pieces(cues_of(phrase), text) == ([piece] if piece else [])


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("hello? ...", "no word that must be there"),
        ("(a|b", "a bracket is not closed"),
        ("a )", ") cannot stand here"),
        ("a | b", "| cannot stand here"),
        ("? a", "? cannot stand here"),
        ("a ^ b", "^ cannot stand here"),
        ("a () b", "nothing between the signs"),
        ("ask <people>", "no words named <people>"),
        ("a > b", "> cannot stand in a phrase"),
        ("a !! b", "has no letter or digit"),
        ("(" * 9 + "a" + ")" * 9, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(phrase: str, why: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        cues_of(phrase)
    assert why in refused.value.what
    assert refused.value.where == "own.yaml:20:9"


@given(phrase=st.text(alphabet="ab ()|?*^$<>._", max_size=60))
def test_any_phrase_is_read_or_refused(phrase: str) -> None:
    notation = Notation(str.casefold, {"a": ["b"]})
    try:
        expression = notation.expression(phrase)
    except InvalidInput:
        return
    assert expression.lstrip("^").startswith(" ")


def test_words_may_be_run_together_with_what_the_file_names() -> None:
    notation = Notation(str.casefold, {}, ["l", "d"])
    assert notation.expression("argent") == " (?:l|d)?argent "
    assert notation.expression("es ton") == " es ton "
