"""Cues in messages: negations, reported speech, what stands near, and any text at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.detection.conversation.cues.writing import TOP, cues_of, family, load, pieces

from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.conversation.cues.matching import MOST_HITS
from tutela.detection.text.normaliser import Normaliser


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("keep it secret", 1),
        ("I would never say: keep it secret", 0),
        ("i would never ask you to keep it secret", 0),
        ("i would never hurt anybody or their old dog, keep it secret", 1),
        ("keep it secret, i would never", 1),
        ("she said keep it secret", 0),
        ("she said to please keep it secret", 0),
        ("she said yes and you should keep it secret", 1),
        ('The teacher said "we all know that some people say keep it secret"', 0),
        ('The teacher said "we all know that" but you should please do keep it secret', 1),
        ("the teacher said \u00ab well, here is what some write: keep it secret \u00bb", 0),
        ("keep it secret. she said so", 1),
    ],
)
def test_negations_and_words_of_others(text: str, count: int) -> None:
    assert len(pieces(cues_of("keep it secret"), text)) == count


def test_a_family_may_take_no_notice_of_negations() -> None:
    cues = cues_of("keep it secret", more="    negated: false\n")
    assert pieces(cues, "i would never keep it secret") == ["keep it secret"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("keep it secret, a surprise for dad", 0),
        ("a surprise for dad, keep it secret", 0),
        ("keep it secret " + "and " * 8 + "surprise", 0),
        ("keep it secret " + "and " * 9 + "surprise", 1),
        ("surprise " + "and " * 9 + "keep it secret", 1),
    ],
)
def test_what_stands_near_makes_it_none(text: str, count: int) -> None:
    cues = cues_of("keep it secret", more="    unless: [surprise]\n")
    assert len(pieces(cues, text)) == count


def test_cues_come_in_the_order_of_the_text() -> None:
    text = TOP + family("red kite", name="kites") + family("old boat", name="boats")
    found = load(text).find(Normaliser().normalise("an old boat, a red kite, one old boat"))
    assert [(hit.cue.id, hit.start) for hit in found] == [
        ("boats", 3),
        ("kites", 15),
        ("boats", 29),
    ]


def test_finds_of_one_family_are_bounded_and_may_touch() -> None:
    assert pieces(cues_of("kite"), "kite kite kite") == ["kite"] * 3
    assert len(pieces(cues_of("kite"), "kite " * 1000)) == MOST_HITS


def test_places_are_those_of_the_text_as_written() -> None:
    text = "\u202e\u00e9\u00e9! Keep\u200b  \uff29\uff34 s\u00e9cret\ud800"
    assert pieces(cues_of("keep it secret"), text) == ["Keep\u200b  \uff29\uff34 s\u00e9cret"]


@pytest.fixture(scope="module")
def how_old() -> CueSet:
    return cues_of("how old")


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("Keep iiit seeecret!", "Keep iiit seeecret"),
        ("KEEP ITTTT secrettttt", "KEEP ITTTT secrettttt"),
        ("the booook is goooood", "booook is goooood"),
        ("a gooood bok", None),
        ("k33p it s3cr37", "k33p it s3cr37"),
        ("7h3 b00k is g00d", "b00k is g00d"),
    ],
)
def test_stretched_words_and_digits_are_read_in_both_ways(text: str, piece: str | None) -> None:
    found = pieces(cues_of("keep it secret"), text) + pieces(cues_of("book is good"), text)
    assert found == ([] if piece is None else [piece])


@given(text=st.text(alphabet=st.characters(), max_size=80))
def test_any_text_is_searched(how_old: CueSet, text: str) -> None:
    message = Normaliser().normalise(text + " how old " + text)
    for hit in how_old.find(message):
        assert 0 <= hit.start < hit.end <= len(message.original)


@pytest.mark.parametrize(
    "piece", ["a", "i would never ", "how old ", "a ... ", "\U0001f600", "surprise "]
)
def test_a_message_of_a_megabyte_takes_linear_time(piece: str) -> None:
    cues = cues_of("how old ... are _ ... you", "a ... a ... a b", more="    unless: [surprise]\n")
    message = Normaliser().normalise(piece * (1_000_000 // len(piece)))
    begun = time.process_time()
    cues.find(message)
    assert time.process_time() - begun < 2
