"""Counting for the figures: by queue, and over all of them.

Every number is the number of cases that a search for them finds; see `Period.asked`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, and_, case, func, select, type_coerce

from tutela.model.response.case import CaseKind
from tutela.model.review.figures import Counted, Number, OutcomeCount, Pair, Period, Spread
from tutela.model.review.reading import ReviewOutcome
from tutela.model.review.search import CaseQuery
from tutela.storage.database import Database
from tutela.storage.review.figures.readings import (
    FIRST,
    OTHER,
    Times,
    decided_anew,
    grade_of,
    late,
    pairs,
)
from tutela.storage.review.searching import matching
from tutela.storage.review.tables import readings
from tutela.storage.tables import cases
from tutela.storage.values import now

ALL = ""
"""Stands for all queues together; no queue can be called so."""
MICRO = 1_000_000
_HALF, _MOST = 50, 95

ByQueue = Mapping[str, Counted]


class _Decided(NamedTuple):
    """How many cases of a queue were decided as what."""

    queue: str
    kind: str
    outcome: str
    category: str
    late: int
    cases: int


OF_DECIDED: Mapping[Number, Callable[[_Decided], bool]] = {
    Number.DECIDED: lambda _: True,
    Number.LATE: lambda one: bool(one.late),
    Number.APPEALS: lambda one: one.kind == CaseKind.APPEAL,
    Number.GRANTED: lambda one: (
        one.kind == CaseKind.APPEAL and one.outcome == ReviewOutcome.HARMLESS
    ),
}
"""Numbers that are made of one look at the decided cases."""


class FigureCounts:
    """What figures are made of, counted in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, period: Period) -> ByQueue:
        """What a period comes to: by queue where there is anything, and `ALL` for all of them.

        Raises:
            InvalidInput: a point in time has no zone.
        """
        with self._database.read() as connection:
            return _Counting(connection, period).counted()


class _Counting:
    """One count; everything of it is read in one transaction."""

    def __init__(self, connection: Connection, period: Period) -> None:
        self._connection, self._period, self._present = connection, period, now()

    def counted(self) -> ByQueue:
        decided = self._decided()
        numbers = {
            number: _of_decided(decided, number) if number in OF_DECIDED else self._number(number)
            for number in Number
        }
        pairs_of = self._pairs()
        waited, reading = self._spread(self._waits()), self._spread(self._readings())
        found = set().union(*numbers.values(), waited, reading) - {ALL}
        return {
            queue: Counted(
                numbers={number: counts.get(queue, 0) for number, counts in numbers.items()},
                outcomes=_outcomes_of(decided, queue),
                pairs=_pairs_of(pairs_of, queue),
                waited=waited.get(queue, Spread()),
                reading=reading.get(queue, Spread()),
            )
            for queue in (ALL, *sorted(found))
        }

    def _matching(self, number: Number) -> Select[Any]:
        return matching(self._connection, self._period.asked(number), self._present)

    def _number(self, number: Number) -> Mapping[str, int]:
        grouped = self._matching(number).with_only_columns(cases.c.queue, func.count())
        rows = self._connection.execute(grouped.group_by(cases.c.queue))
        return _with_all({row[0]: int(row[1]) for row in rows})

    def _decided(self) -> Sequence[_Decided]:
        """How many cases were decided as what: once for all numbers that are made of it."""
        late_then = case((late(), 1), else_=0).label("was_late")
        columns = (cases.c.queue, cases.c.kind, cases.c.outcome, cases.c.category, late_then)
        grouped = self._matching(Number.DECIDED).with_only_columns(*columns, func.count())
        return [_Decided(*row) for row in self._connection.execute(grouped.group_by(*columns))]

    def _pairs(self) -> Mapping[tuple[str, ...], int]:
        """How many pairs by queue and what the two said."""
        said = (FIRST.c.outcome, grade_of(FIRST.c), OTHER.c.outcome, grade_of(OTHER.c))
        named = [column.label(f"said_{place}") for place, column in enumerate(said)]
        times = Times(self._period.since, self._period.until)
        both = pairs(times).add_columns(*named).subquery()
        among = self._matching(Number.REREAD).with_only_columns(cases.c.event_seq, cases.c.queue)
        of_case = among.subquery()
        columns = (of_case.c.queue, *(both.c[one.name] for one in named))
        grouped = (
            select(*columns, func.count())
            .join_from(both, of_case, of_case.c.event_seq == both.c.case_seq)
            .group_by(*columns)
        )
        return {tuple(row[:5]): row[5] for row in self._connection.execute(grouped)}

    def _waits(self) -> Select[Any]:
        """Queue and microseconds of every wait; of what was decided anew, it is told no more."""
        waited = _plain(cases.c.decided_at) - _plain(cases.c.opened_at)
        columns = (cases.c.queue, waited.label("took"))
        return self._matching(Number.DECIDED).with_only_columns(*columns).where(~decided_anew())

    def _readings(self) -> Select[Any]:
        """Queue and microseconds from claim to decision of every reading that counts."""
        took = _plain(readings.c.at) - _plain(readings.c.claimed_at)
        times = Times(self._period.since, self._period.until)
        counting = and_(readings.c.undone_at.is_(None), *times.hold(readings.c.at))
        every = matching(self._connection, CaseQuery(drill=self._period.drill), self._present)
        return (
            every.with_only_columns(cases.c.queue, took.label("took"))
            .join_from(readings, cases, cases.c.event_seq == readings.c.case_seq)
            .where(counting)
        )

    def _spread(self, timed: Select[Any]) -> Mapping[str, Spread]:
        """The spread of each queue's times, and of all: of rows by queue and microseconds."""
        rows = timed.subquery()
        # Of two whole numbers both databases give the whole part.
        whole = rows.c.took.op("/")(MICRO)
        columns = (whole.label("seconds"), rows.c.queue)
        grouped = select(*columns, func.count()).group_by(*columns).order_by(columns[0])
        times: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for took, queue, number in self._connection.execute(grouped):
            times[queue].append((took, number))
            times[ALL].append((took, number))
        return {queue: _spread_of(ordered) for queue, ordered in times.items()}


def _spread_of(ordered: Sequence[tuple[int, int]]) -> Spread:
    """The spread of seconds, the shortest first, each with how often it took so long."""
    many, passed, found = sum(number for _, number in ordered), 0, []
    wanted = [_HALF, _MOST]
    for took, number in ordered:
        passed += number
        while wanted and passed * 100 >= many * wanted[0]:
            found.append(took)
            wanted.pop(0)
    return Spread(of=many, half=found[0], most=found[1])


def _with_all(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {ALL: sum(counts.values()), **counts}


def _of_decided(decided: Sequence[_Decided], number: Number) -> Mapping[str, int]:
    """A number of decided cases by queue."""
    counts: dict[str, int] = defaultdict(int)
    for one in decided:
        if OF_DECIDED[number](one):
            counts[one.queue] += one.cases
    return _with_all(counts)


def _outcomes_of(decided: Sequence[_Decided], queue: str) -> tuple[OutcomeCount, ...]:
    added: dict[tuple[str, str], int] = defaultdict(int)
    for one in decided:
        if queue in (ALL, one.queue):
            added[one.outcome, one.category] += one.cases
    return tuple(
        OutcomeCount(outcome=ReviewOutcome(outcome), category=category, cases=number)
        for (outcome, category), number in _most_first(added.items())
    )


def _pairs_of(counts: Mapping[tuple[str, ...], int], queue: str) -> tuple[Pair, ...]:
    added: dict[tuple[str, ...], int] = defaultdict(int)
    for (of_queue, *said), number in counts.items():
        if queue in (ALL, of_queue):
            added[tuple(said)] += number
    return tuple(
        Pair(first=(said[0], said[1]), other=(said[2], said[3]), cases=number)
        for said, number in _most_first(added.items())
    )


def _most_first(counts: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    return sorted(counts, key=lambda one: (-one[1], one[0]))


def _plain(column: Any) -> Any:  # noqa: ANN401 - a column
    """The microseconds that an instant is stored as."""
    return type_coerce(column, BigInteger)
