from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.talks import cue

from tutela.detection.conversation.evidence.clock import Clock
from tutela.detection.conversation.evidence.side import Side
from tutela.model.conversation.rating import Stage

SECRECY = cue("secrecy", 2.0, Stage.ISOLATION, cap=5.0)
GIFT = cue("gift", 1.0, Stage.TRUST, cap=2.0)
THREAT = cue("threat", 3.0, Stage.COERCION, cap=8.0)
CALM = cue("guardian_included", -2.0, None, cap=4.0)


def at(messages: int, days: float = 0.0) -> Clock:
    clock = Clock()
    clock.messages, clock.days = messages, days
    return clock


def test_points_add_up_to_the_cap() -> None:
    side = Side()
    assert [side.book(SECRECY, 1.0, at(0)) for _ in range(4)] == [2, 2, 1, 0]
    assert side.total(at(0)) == 5


def test_half_is_left_after_either_half_life() -> None:
    side = Side()
    side.book(SECRECY, 1.0, at(0))
    assert side.total(at(200)) == pytest.approx(1.0)
    assert side.total(at(0, 21)) == pytest.approx(1.0)
    assert side.total(at(200, 21)) == pytest.approx(0.5)


def test_what_was_forgotten_can_count_again() -> None:
    side = Side()
    for _ in range(5):
        side.book(SECRECY, 1.0, at(0))
    assert side.book(SECRECY, 1.0, at(1000)) == 2


def test_a_harmless_reason_subtracts_from_what_has_a_harmless_reading_only() -> None:
    side = Side()
    side.book(SECRECY, 1.0, at(0))
    side.book(THREAT, 1.0, at(0))
    assert side.book(CALM, 1.0, at(0)) == -2
    assert side.total(at(0)) == 3


def test_what_is_left_of_it_meets_at_most_half_of_what_comes() -> None:
    side = Side()
    for _ in range(50):
        side.book(CALM, 1.0, at(0))
    assert side.book(SECRECY, 1.0, at(0)) == 1
    assert side.book(THREAT, 1.0, at(0)) == 3


def test_what_is_left_of_it_never_grows_beyond_a_bound() -> None:
    side = Side()
    for year in range(50):
        side.book(CALM, 1.0, at(0, year * 365))
    assert side.credit <= 4


CUES = st.sampled_from([SECRECY, GIFT, THREAT, CALM])
STEPS = st.lists(
    st.tuples(CUES, st.floats(0.05, 1), st.integers(0, 100), st.floats(0, 10)), max_size=40
)


@given(steps=STEPS)
def test_it_is_never_below_zero_never_above_all_caps_and_only_falls_between(
    steps: list[tuple[object, float, int, float]],
) -> None:
    side, messages, days = Side(), 0, 0.0
    for family, share, more, later in steps:
        before = side.total(at(messages, days))
        messages, days = messages + more, days + later
        assert side.total(at(messages, days)) <= before + 1e-9
        side.book(family, share, at(messages, days))  # type: ignore[arg-type]
        assert -1e-9 <= side.total(at(messages, days)) <= 5 + 2 + 8 + 1e-9
