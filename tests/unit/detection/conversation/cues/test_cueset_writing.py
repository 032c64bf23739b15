"""Cues are found however a line is written: in capitals, with look-alikes, with emoji."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.text.normaliser import Normaliser

CYRILLIC = str.maketrans("aeocxp", "\u0430\u0435\u043e\u0441\u0445\u0440")


def in_words(change: Callable[[str], str]) -> Callable[[str], str]:
    """Change one letter or more of each long word, but not of a token."""
    return lambda text: " ".join(
        change(word) if len(word) > 3 and word.isalpha() else word for word in text.split(" ")
    )


def one_look_alike(word: str) -> str:
    at = next((at for at, letter in enumerate(word) if letter in "aeocxp"), 0)
    return word[:at] + word[at].translate(CYRILLIC) + word[at + 1 :]


def one_full_width(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if letter.isascii() else letter


WAYS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "no apostrophes": lambda text: text.replace("'", ""),
    "curly apostrophes": lambda text: text.replace("'", "\u2019"),
    "zero-width spaces": in_words(lambda word: word[:2] + "\u200b" + word[2:]),
    "right-to-left overrides": lambda text: f"\u202e{text}\u202c",
    "look-alikes": in_words(one_look_alike),
    "full width": in_words(lambda word: one_full_width(word[0]) + word[1:]),
    "marks": in_words(lambda word: word[:1] + "\u0335" + word[1:]),
    "spaces": lambda text: text.replace(" ", "   "),
    "emoji around": lambda text: f"\U0001f600 {text} \U0001f600\U0001f600",
    "emoji between": lambda text: text.replace(" ", " \U0001f47b "),
}


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> CueSet:
    return CueSet.shipped(request.param)


@pytest.mark.parametrize("way", WAYS)
def test_cues_are_found_however_a_line_is_written(shipped: CueSet, way: str) -> None:
    normaliser = Normaliser()
    lines = [
        (family.cue.id, WAYS[way](line.text))
        for family in shipped.file.families
        for line in family.fires
    ]
    lost = [
        (cue, text)
        for cue, text in lines
        if cue not in {hit.cue.id for hit in shipped.find(normaliser.normalise(text))}
    ]
    assert lost == []
