from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.calibration import PRIOR
from tutela.detection.conversation.evidence.actor import (
    CAP,
    DRIFT,
    HALF_LIFE_DAYS,
    MOST_REACHED,
    SHARE,
    ActorEvidence,
)
from tutela.errors import InvalidInput

NOW = datetime(2026, 3, 2, tzinfo=UTC)
QUIET = PRIOR.value(2.5)
"""Of a conversation with two signs: low."""


def reaching(count: int, value: float = QUIET) -> ActorEvidence:
    evidence = ActorEvidence()
    for number in range(count):
        evidence.add(f"child-{number}", value, NOW)
    return evidence


def test_one_conversation_counts_as_what_it_is() -> None:
    assert reaching(1).value() == pytest.approx(QUIET, abs=0.002)
    assert reaching(1).fan_out() == 1
    assert ActorEvidence().value() == 0


def test_twenty_quiet_ones_are_high_together() -> None:
    assert reaching(20).value() > PRIOR.high
    assert reaching(20).fan_out() == 20


def test_very_many_harmless_ones_are_nothing() -> None:
    teacher = reaching(500, PRIOR.value(DRIFT * 0.99))
    assert teacher.value() == reaching(1, PRIOR.value(DRIFT * 0.99)).value()
    assert teacher.fan_out() == 0


def test_the_same_one_again_is_no_other() -> None:
    evidence = reaching(1)
    for _ in range(100):
        evidence.add("child-0", QUIET, NOW)
    assert evidence.fan_out() == 1
    assert evidence.value() == reaching(1).value()


def test_it_is_forgotten() -> None:
    evidence = reaching(20)
    evidence.add("somebody", 0.0, NOW + timedelta(days=90))
    assert evidence.fan_out() == 0
    assert evidence.value() < 1


def test_it_is_bounded_and_names_nobody() -> None:
    evidence = reaching(10_000)
    assert evidence.fan_out() == MOST_REACHED
    assert len(evidence.dump()) < 2500
    assert b"child" not in evidence.dump()


STEPS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 10), st.integers(-50, 50)), max_size=30
)


@given(steps=STEPS, cut=st.integers(0, 30))
def test_it_is_what_its_definition_says_and_survives_a_restart(
    steps: list[tuple[str, float, int]], cut: int
) -> None:
    evidence, latest = ActorEvidence(), 0.0
    held: dict[str, tuple[float, float]] = {}
    for place, (who, value, day) in enumerate(steps):
        if place == cut:
            evidence = ActorEvidence.resume(evidence.dump())
        time = NOW + timedelta(days=day)
        evidence.add(who, value, time)
        latest = max(latest, time.timestamp() / 86_400)
        points = PRIOR.points(value)
        before = held.get(who, (0.0, latest))
        if points > before[0] * 0.5 ** ((latest - before[1]) / HALF_LIFE_DAYS):
            held[who] = (points, latest)
    now = sorted((p * 0.5 ** ((latest - d) / HALF_LIFE_DAYS) for p, d in held.values()))[::-1]
    more = sum(max(min(points, CAP) - DRIFT, 0) for points in now[1:])
    assert evidence.value() == PRIOR.value(sum(now[:1]) + SHARE * more)
    assert evidence.fan_out() == sum(points >= DRIFT for points in now)


def test_a_damaged_state_is_refused() -> None:
    state = reaching(3).dump()
    for place in range(len(state)):
        damaged = bytearray(state)
        damaged[place] ^= 1
        with pytest.raises(InvalidInput):
            ActorEvidence.resume(bytes(damaged))
