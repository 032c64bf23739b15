from __future__ import annotations

import pytest
from tests.talks import cue

from tutela.detection.conversation.evidence.clock import Clock
from tutela.detection.conversation.evidence.gates import Relation
from tutela.detection.conversation.evidence.lanes import (
    MEDIA_MESSAGES,
    MEDIA_SECONDS,
    follows,
    lane_of,
)
from tutela.detection.conversation.evidence.side import Side
from tutela.detection.conversation.evidence.state import MediaState
from tutela.model.conversation.rating import Lane, Stage

CLOCK = Clock()


def side(*names: str) -> Side:
    found = Side()
    for name in names:
        found.book(cue(name, 1.0, Stage.APPROACH), 1.0, CLOCK)
    return found


@pytest.mark.parametrize(
    ("seconds", "place", "expected"),
    [
        (100.0, 5, True),
        (MEDIA_SECONDS, 5000, True),
        (MEDIA_SECONDS + 1, 1, False),
        (None, MEDIA_MESSAGES, True),
        (None, MEDIA_MESSAGES + 1, False),
        (-500.0, 3, True),
        (-500.0, MEDIA_MESSAGES + 1, False),
    ],
)
def test_how_soon_after_a_picture(seconds: float | None, place: int, expected: bool) -> None:  # noqa: FBT001
    assert follows(MediaState(0, 0.0), place, seconds) is expected


def test_without_a_picture_nothing_follows_it() -> None:
    assert not follows(None, 1, 1.0)


@pytest.mark.parametrize("name", ["threat", "payment_demand"])
def test_a_threat_after_a_picture_cannot_wait_whatever_is_known_of_ages(name: str) -> None:
    for between in set(Relation) - {Relation.ADULTS}:
        assert lane_of(name, side(name), CLOCK, between, media=True) is Lane.SEXTORTION
    assert lane_of(name, side(name), CLOCK, Relation.ADULTS, media=True) is None
    assert lane_of(name, side(name), CLOCK, Relation.UNKNOWN, media=False) is None


def test_a_meeting_must_be_prepared_and_between_an_adult_and_a_minor() -> None:
    gap, peers = Relation.ADULT_TO_MINOR, Relation.PEERS
    assert lane_of("meeting", side("meeting"), CLOCK, gap, media=False) is None
    prepared = side("secrecy", "meeting")
    assert lane_of("meeting", prepared, CLOCK, gap, media=False) is Lane.MEETING
    assert lane_of("meeting", prepared, CLOCK, peers, media=False) is None
    assert lane_of("transport", side("meeting", "transport"), CLOCK, gap, media=False) is (
        Lane.MEETING
    )
