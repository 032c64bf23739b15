"""The board shows each measure under each principle that it serves, with its state and count."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model import PRINCIPLES, Measure, MeasureState
from tutela.oversight.duties import Duty
from tutela.oversight.scoreboard import Standing, duty_standings, scoreboard, standing

ON, OFF, NOT_BUILT = MeasureState.ON, MeasureState.OFF, MeasureState.NOT_BUILT

standings = st.builds(
    Standing,
    measure=st.builds(
        Measure,
        id=st.text("abc", min_size=1, max_size=3),
        title=st.just("title"),
        principles=st.sets(st.integers(1, 11), min_size=1).map(lambda s: tuple(sorted(s))),
        counts=st.sampled_from(["", "events"]),
    ),
    state=st.sampled_from(MeasureState),
)


def measure(id_: str, *principles: int, counts: str = "") -> Measure:
    return Measure(id=id_, title=id_.title(), principles=principles, counts=counts)


@settings(deadline=None)
@given(st.lists(standings, max_size=8))
def test_each_measure_stands_under_each_principle_it_serves_and_nowhere_else(
    every: list[Standing],
) -> None:
    rows = scoreboard(every, {"events": 5})
    assert [row.number for row in rows] == [principle.number for principle in PRINCIPLES]
    for row in rows:
        serving = [one for one in every if row.number in one.measure.principles]
        assert [(m.id, m.state) for m in row.measures] == [
            (one.measure.id, one.state) for one in serving
        ]
        states = {one.state for one in serving}
        assert row.state == (ON if ON in states else OFF if OFF in states else NOT_BUILT)


def test_counts_come_from_the_database() -> None:
    every = [
        standing(measure("a", 1, counts="events"), on=True),
        standing(measure("b", 1), on=True),
        standing(measure("c", 1, counts="unheard_of"), on=False),
    ]
    (row, *_) = scoreboard(every, {"events": 5})
    assert [(m.counter, m.count, m.state) for m in row.measures] == [
        ("events", 5, ON),
        ("", None, ON),
        ("unheard_of", None, OFF),
    ]
    (row, *_) = scoreboard(every, None)
    assert [m.count for m in row.measures] == [None, None, None]


def test_a_duty_is_on_off_or_not_built() -> None:
    duties = [
        Duty(measure=measure("always", 1)),
        Duty(measure=measure("switched", 1), switch="decoder.archives"),
        Duty(measure=measure("planned", 2), built=False),
    ]
    for on, state in ((True, ON), (False, OFF)):
        found = duty_standings({"decoder.archives": on}, duties)
        assert [one.state for one in found] == [ON, state, NOT_BUILT]


def test_a_duty_with_an_unknown_switch_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        duty_standings({}, [Duty(measure=measure("switched", 1), switch="decoder.archive")])
