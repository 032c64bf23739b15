"""The scoreboard: the eleven principles, the measures that serve each, and their counts.

Each detector, action and duty declares the principles that it serves, and the board is made from
nothing else: a measure cannot exist without showing up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tutela.model import PRINCIPLES, Measure, MeasureState, Principle
from tutela.model.record import Record
from tutela.oversight.duties import DUTIES, Duty


class Standing(Record, frozen=True, kw_only=True):
    """A measure and whether it is at work."""

    measure: Measure
    state: MeasureState


class MeasureRow(Record, frozen=True, kw_only=True):
    """One measure on the board.

    Attributes:
        counter: name of its counter in the database, or empty.
        count: what that counter says, or None where it has none.
    """

    id: str
    title: str
    state: MeasureState
    counter: str = ""
    count: int | None = None


class PrincipleRow(Record, frozen=True, kw_only=True):
    """One principle on the board.

    Attributes:
        state: `on` where any measure is on, else `off` where any exists, else `not built`.
        measures: in the order of the standings they came from.
    """

    number: int
    title: str
    text: str
    state: MeasureState
    measures: tuple[MeasureRow, ...]


def standing(measure: Measure, *, on: bool) -> Standing:
    """The standing of a measure that exists."""
    return Standing(measure=measure, state=MeasureState.ON if on else MeasureState.OFF)


def duty_standings(
    switches: Mapping[str, bool], duties: Iterable[Duty] = DUTIES
) -> tuple[Standing, ...]:
    """The standings of the duties.

    Args:
        switches: settings that turn duties on and off, by `section.key`.
        duties: the duties; all of them unless told otherwise.

    Raises:
        KeyError: a duty names a switch that is not among the settings.
    """
    return tuple(_duty_standing(duty, switches) for duty in duties)


def scoreboard(
    standings: Iterable[Standing], counts: Mapping[str, int] | None = None
) -> tuple[PrincipleRow, ...]:
    """One row for each of the eleven principles, in order.

    Args:
        standings: every measure there is.
        counts: the database's counters by name; None where there is no database.
    """
    every = tuple(standings)
    return tuple(_row(principle, every, counts) for principle in PRINCIPLES)


def _row(
    principle: Principle, standings: tuple[Standing, ...], counts: Mapping[str, int] | None
) -> PrincipleRow:
    serving = [one for one in standings if principle.number in one.measure.principles]
    return PrincipleRow(
        number=principle.number,
        title=principle.title,
        text=principle.text,
        state=_best(one.state for one in serving),
        measures=tuple(_measure_row(one, counts) for one in serving),
    )


def _measure_row(one: Standing, counts: Mapping[str, int] | None) -> MeasureRow:
    measure = one.measure
    count = counts.get(measure.counts) if counts is not None and measure.counts else None
    return MeasureRow(
        id=measure.id,
        title=measure.title,
        state=one.state,
        counter=measure.counts,
        count=count,
    )


def _duty_standing(duty: Duty, switches: Mapping[str, bool]) -> Standing:
    if not duty.built:
        return Standing(measure=duty.measure, state=MeasureState.NOT_BUILT)
    return standing(duty.measure, on=switches[duty.switch] if duty.switch else True)


def _best(states: Iterable[MeasureState]) -> MeasureState:
    found = set(states)
    order = (MeasureState.ON, MeasureState.OFF, MeasureState.NOT_BUILT)
    return next((state for state in order if state in found), MeasureState.NOT_BUILT)
