from __future__ import annotations

import pytest
from tests.unit.detection.conversation.cues.test_cueset_fairness import IDENTITIES as SWAPPED
from tests.unit.detection.conversation.learning.conftest import labelled

from tutela.detection.conversation.learning.identity import IDENTITIES, without
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.learning.ngrams import points
from tutela.detection.conversation.rater import rate
from tutela.detection.text.normaliser import Normaliser

NORMALISE = Normaliser().normalise
WORDS = {language: words[1:] for language, words in SWAPPED.items()}  # the first is none of them


def test_each_word_is_listed_as_it_is_matched() -> None:
    wrong = [word for word in IDENTITIES if NORMALISE(word).text != word]
    assert wrong == []


def test_every_word_that_is_swapped_elsewhere_is_listed() -> None:
    for words in WORDS.values():
        assert {NORMALISE(word).text for word in words} <= IDENTITIES


@pytest.mark.parametrize(
    ("text", "written", "meant"),
    [
        ("I'm GAY, and you?", "I'm  , and you?", "i'm  , and you?"),
        ("my Etrang\u00e8re friend", "my   friend", "my   friend"),
        ("a g\u200bay man", "a   man", "a   man"),
        ("begayed gaybe", "begayed gaybe", "begayed gaybe"),
        ("", "", ""),
        ("gay", " ", " "),
    ],
)
def test_words_are_taken_out_as_written_and_as_meant(text: str, written: str, meant: str) -> None:
    assert without(NORMALISE(text)) == (written, meant)


@pytest.mark.parametrize("language", WORDS)
def test_nothing_is_hashed_of_them(language: str) -> None:
    frames = ("i'm {} and happy", "{} people know", "are you {}?", "{}")
    for frame in frames:
        seen = {points(NORMALISE(frame.format(word))).tobytes() for word in WORDS[language]}
        assert len(seen) == 1


@pytest.mark.parametrize("lines", [("are you home alone?", "im {} haha"), ("hi", "so, {}")])
def test_swapping_them_moves_no_rating(rater: LearnedRater, lines: tuple[str, ...]) -> None:
    found = set()
    for word in WORDS["en"]:
        talk = labelled("c", [line.format(word) for line in lines], label=None).conversation
        rating = rate(rater, talk)
        found.add((rating.value, rating.probability, len(rating.reasons)))
    assert len(found) == 1
