"""Which cases were read how: for searching cases as for counting them, so that both say the same.

Two people have read a case independently where it has a first and a second reading; where it has no
second one, but was drawn at random and read again, that decision and the sample are the two. So of
each case there is one pair at most. Readings that were undone count for nothing but `undone`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, exists, func, or_, select

from tutela.model import CaseState
from tutela.model.review.reading import Purpose
from tutela.model.review.search import CaseQuery
from tutela.storage.review.tables import passes, readings, samples
from tutela.storage.tables import cases
from tutela.storage.values import microseconds

Condition = ColumnElement[bool]

FIRST = readings.alias("first_reading")
OTHER = readings.alias("other_reading")
_AGAIN = readings.alias("again")
CASE = cases.alias("read_case")


class Times:
    """A period: from, and before; None where it is open."""

    def __init__(self, since: datetime | None, until: datetime | None) -> None:
        for bound in (since, until):
            if bound is not None:
                microseconds(bound)  # refuses what has no time zone
        self._since, self._until = since, until

    @property
    def open(self) -> bool:
        """Whether it holds every time."""
        return self._since is None and self._until is None

    def hold(self, column: Any) -> Iterator[Condition]:  # noqa: ANN401 - a column
        """What holds of a time within it."""
        if self._since is not None:
            yield column >= self._since
        if self._until is not None:
            yield column < self._until


def read_how(query: CaseQuery) -> Iterator[Condition]:
    """What a query asks of the readings of a case."""
    times = Times(query.read_from, query.read_until)
    asked: Mapping[str, Callable[[], Select[Any]]] = {
        "unseen": lambda: unseen(times),
        "undone": lambda: undone(times),
        "passed": lambda: passed(times),
        "second_read": lambda: seconds(times),
        "reread": lambda: pairs(times),
        "disagreed": lambda: pairs(times).where(~alike(FIRST.c, OTHER.c)),
        "sampled": lambda: sampled(times),
        "overturned": lambda: overturned(times),
        "corrected": lambda: corrected(times),
    }
    wanted = {name: getattr(query, name) for name in asked}
    for name, chosen in asked.items():
        if wanted[name] is not None:
            among = cases.c.event_seq.in_(chosen())
            yield among if wanted[name] else ~among
    if not times.open and all(value is None for value in wanted.values()):
        yield cases.c.event_seq.in_(handled(times))
    if query.late is not None:
        yield late() if query.late else ~late()


def late() -> Condition:
    """Whether a case was decided later than its queue promised.

    Where a sample overturned the decision, when that was made is told of no more.
    """
    overdue = and_(
        cases.c.decided_at.is_not(None),
        cases.c.waits_until.is_not(None),
        cases.c.decided_at > cases.c.waits_until,
    )
    return and_(overdue, ~decided_anew())


def decided_anew() -> Condition:
    """Whether a sample disagreed with what was decided, so that it was decided anew or will be."""
    return exists().where(samples.c.case_seq == cases.c.event_seq, samples.c.agreed.is_(False))


def handled(times: Times) -> CompoundSelect[Any]:
    """Numbers of cases that somebody read or passed on; those whose reading was undone, too."""
    return select(readings.c.case_seq).where(*times.hold(readings.c.at)).union(passed(times))


def unseen(times: Times) -> Select[Any]:
    """Numbers of cases that somebody decided without looking."""
    counts = (readings.c.undone_at.is_(None), readings.c.unseen.is_(True))
    return select(readings.c.case_seq).where(*counts, *times.hold(readings.c.at))


def undone(times: Times) -> Select[Any]:
    """Numbers of cases of which somebody took a reading back."""
    taken = readings.c.undone_at.is_not(None)
    return select(readings.c.case_seq).where(taken, *times.hold(readings.c.at))


def passed(times: Times) -> Select[Any]:
    """Numbers of cases that somebody passed on."""
    return select(passes.c.case_seq).where(*times.hold(passes.c.at))


def seconds(times: Times) -> Select[Any]:
    """Numbers of cases with a first and a second reading, as `FIRST` and `OTHER`."""
    return (
        select(OTHER.c.case_seq)
        .join(FIRST, and_(FIRST.c.case_seq == OTHER.c.case_seq, _counts(FIRST, Purpose.FIRST)))
        .where(_counts(OTHER, Purpose.SECOND), *times.hold(OTHER.c.at))
    )


def sampled(times: Times) -> Select[Any]:
    """Numbers of cases drawn at random and read again: the decision is `FIRST`, that is `OTHER`."""
    return (
        select(samples.c.case_seq)
        .join(OTHER, OTHER.c.id == samples.c.second_reading)
        .join(FIRST, FIRST.c.id == samples.c.first_reading)
        .where(*times.hold(OTHER.c.at))
    )


def pairs(times: Times) -> Select[Any]:
    """Numbers of cases that two people read independently, as `FIRST` and `OTHER`."""
    second = and_(
        _counts(OTHER, Purpose.SECOND),
        FIRST.c.case_seq == OTHER.c.case_seq,
        _counts(FIRST, Purpose.FIRST),
    )
    has_second = exists().where(
        _AGAIN.c.case_seq == OTHER.c.case_seq, _counts(_AGAIN, Purpose.SECOND)
    )
    sample = and_(
        _counts(OTHER, Purpose.SAMPLE),
        samples.c.second_reading == OTHER.c.id,
        samples.c.first_reading == FIRST.c.id,
        ~has_second,
    )
    return (
        select(OTHER.c.case_seq)
        .join(FIRST, FIRST.c.case_seq == OTHER.c.case_seq)
        .outerjoin(samples, samples.c.case_seq == OTHER.c.case_seq)
        .where(or_(second, sample), *times.hold(OTHER.c.at))
    )


def overturned(times: Times) -> Select[Any]:
    """Numbers of settled cases whose decision was changed after a sample."""
    return sampled(times).join(CASE, CASE.c.event_seq == samples.c.case_seq).where(*_changed())


def corrected(times: Times) -> Select[Any]:
    """Numbers of settled cases that ended otherwise than the first of two readers said."""
    return seconds(times).join(CASE, CASE.c.event_seq == OTHER.c.case_seq).where(*_changed())


def alike(one: Any, other: Any) -> Condition:  # noqa: ANN401 - columns
    """Whether two of readings and cases say the same: outcome, and category of a scheme."""
    return and_(one.outcome == other.outcome, grade_of(one) == grade_of(other))


def grade_of(columns: Any) -> ColumnElement[str]:  # noqa: ANN401 - columns
    """The category with its scheme, as cases have it: readings have the two apart."""
    category: ColumnElement[str] = columns.category
    if "scheme" not in columns:
        return category
    return case(
        (or_(columns.scheme == "", category == ""), columns.scheme + category),
        else_=columns.scheme + ":" + category,
    )


def _changed() -> tuple[Condition, ...]:
    # Not by the index of states, which has nearly all cases: by the few that were read again.
    state = func.coalesce(CASE.c.state, "")
    settled = state.in_((CaseState.DECIDED.value, CaseState.CLOSED.value))
    return (settled, ~alike(FIRST.c, CASE.c))


def _counts(table: Any, purpose: Purpose) -> Condition:  # noqa: ANN401 - an alias of `readings`
    return and_(table.c.purpose == purpose.value, table.c.undone_at.is_(None))
