"""What must not fool a learned rater: repeating, padding, brevity, density."""

from __future__ import annotations

import pytest
from tests.unit.detection.conversation.learning.conftest import CHATTER, CUES, labelled

from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.rater import rate
from tutela.model.conversation.rating import ConversationRating


def rated(rater: LearnedRater, *lines: str) -> ConversationRating:
    return rate(rater, labelled("c", [*lines], label=None).conversation)


@pytest.mark.parametrize("line", [*CHATTER, "how old are you?"])
def test_repeating_a_line_says_little_more_than_saying_it(rater: LearnedRater, line: str) -> None:
    twice, often = rated(rater, line, line), rated(rater, *[line] * 200)
    assert often.peak - twice.peak < 1.5


def test_dense_harm_is_rated_highest(rater: LearnedRater) -> None:
    dense = rated(rater, *CUES, *CUES)
    strewn = rated(rater, *(line for pair in zip(CUES, CHATTER, strict=False) for line in pair))
    assert dense.peak >= strewn.peak >= rater.learned.card.bars.high


def test_two_messages_can_be_enough(rater: LearnedRater) -> None:
    found = rated(rater, "are you home alone?", "don't tell your parents")
    assert found.peak >= rater.learned.card.bars.high


def test_padding_with_chatter_hides_nothing(rater: LearnedRater) -> None:
    high = rater.learned.card.bars.high
    for before, after in ((0, 300), (300, 0), (150, 150)):
        lines = [f"{CHATTER[at % 10]} {at}" for at in range(before + after)]
        padded = rated(rater, *lines[:before], *CUES, *lines[before:])
        assert padded.peak >= high
        assert padded.value > rated(rater, *lines).value + 1


def test_chatter_however_long_stays_low(rater: LearnedRater) -> None:
    lines = [CHATTER[at * 7 % 10] for at in range(500)]
    assert rated(rater, *lines).peak < rater.learned.card.bars.high
