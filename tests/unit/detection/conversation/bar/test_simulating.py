"""Each threshold is counted as brute force counts it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.bar.simulating import simulate
from tutela.detection.conversation.bar.traffic import HIGHEST, TURNS, Count, Traffic

STEPS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(1, HIGHEST)), max_size=6, unique_by=lambda s: s[0]
).map(sorted)
"""One conversation: turns, and the value in tenths at each."""


def counts_of(conversations: list[list[tuple[int, int]]]) -> list[Count]:
    counts = [Count(0, 10, 1) for _ in conversations]
    for steps in conversations:
        peak = 0
        for turn, value in steps:
            turns = next((one for one in TURNS if turn <= one), 0)
            counts += [Count(tenths, turns, 1) for tenths in range(peak + 1, value + 1)]
            peak = max(peak, value)
    return counts


@settings(deadline=None, max_examples=40)
@given(st.lists(STEPS, max_size=12), st.integers(1, 30), st.floats(0.5, 60))
def test_alerts_are_those_of_brute_force(
    conversations: list[list[tuple[int, int]]], days: int, minutes: float
) -> None:
    found = simulate(Traffic.counted(counts_of(conversations), days), (), minutes)
    assert (found.conversations, len(found.points)) == (len(conversations), HIGHEST)
    for point in found.points:
        bar = round(point.threshold * 10)
        first = [next((t for t, v in steps if v >= bar), None) for steps in conversations]
        turns = [turn for turn in first if turn is not None]
        assert point.alerts == len(turns)
        assert point.alerts_per_day == pytest.approx(len(turns) / days)
        assert point.hours_per_day == pytest.approx(len(turns) / days * minutes / 60)
        expected = [sum(turn <= by for turn in turns) for by in TURNS]
        if turns:
            assert point.by_turn == pytest.approx([one / len(turns) for one in expected])
        else:
            assert point.by_turn is None
        assert point.precision is None


def test_a_higher_threshold_never_costs_more() -> None:
    counts = counts_of([[(3, 20), (30, 90)], [(12, 55)], [], [(55, 100)]])
    points = simulate(Traffic.counted(counts, 2), [Decided(90, 20, 15)], 6).points
    alerts = [point.alerts for point in points]
    assert alerts == sorted(alerts, reverse=True)
    assert (alerts[0], alerts[-1]) == (3, 1)


def test_a_threshold_is_found_by_its_value() -> None:
    found = simulate(Traffic.counted([], 1), (), 5)
    assert [found.at(value).threshold for value in (0.0, 0.1, 7.04, 7.06, 10.0, 99.0)] == [
        0.1,
        0.1,
        7.0,
        7.1,
        10.0,
        10.0,
    ]
