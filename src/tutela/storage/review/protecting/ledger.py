"""The ledger of exposures avoided, counted by the database from the readings that count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from tutela.model.review.ledger import Column, LedgerCounts, LedgerRow, Split, split_of
from tutela.storage.database import Database
from tutela.storage.review.tables import readings
from tutela.storage.tables import cases

_R = readings.c
_DIFFERENT = case(
    (and_(_R.stacks > 0, _R.stacks < _R.contents), _R.stacks),
    else_=_R.contents,
)
_UNCOVERED = case((_R.revealed < _R.contents, _R.revealed), else_=_R.contents)
_LOOKED = case((_DIFFERENT > _UNCOVERED, _DIFFERENT), else_=_UNCOVERED)
NUMBERS: Mapping[Column, ColumnElement[Any]] = {
    Column.UNSEEN: case((_R.unseen, _R.contents - _UNCOVERED), else_=0),
    Column.ALIKE: case((_R.unseen, 0), else_=_R.contents - _LOOKED),
    Column.COVERED: case((_R.unseen, 0), else_=_LOOKED - _UNCOVERED),
    Column.UNCOVERED: _UNCOVERED,
}
"""What a reading has in each column, as `split_of` says."""


class Ledger:
    """The ledger of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(
        self, since: datetime, until: datetime, account_id: str | None = None
    ) -> LedgerCounts:
        """What a time comes to, for everybody or for one person."""
        sums = [func.coalesce(func.sum(number), 0) for number in NUMBERS.values()]
        contents = func.coalesce(func.sum(_R.contents), 0)
        statement = select(func.count(), contents, *sums).select_from(readings)
        with self._database.read() as connection:
            row = connection.execute(statement.where(*_within(since, until, account_id))).one()
        read, held, *split = (int(number) for number in row)
        return LedgerCounts(
            since=since,
            until=until,
            readings=read,
            contents=held,
            split=Split(**{column.value: split[at] for at, column in enumerate(NUMBERS)}),
        )

    def rows(
        self,
        since: datetime,
        until: datetime,
        *,
        column: Column | None = None,
        account_id: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[LedgerRow]:
        """The readings behind the numbers, the latest first.

        Args:
            since: from when.
            until: until just before when.
            column: only those that have something in it; None for all.
            account_id: only those of one person; None for everybody's.
            before: only those before this one: the last of the page before.
            limit: how many.
        """
        wanted = _within(since, until, account_id)
        if column is not None:
            wanted.append(NUMBERS[column] > 0)
        if before is not None:
            wanted.append(_R.id < before)
        statement = (
            select(readings, cases.c.id.label("case_id"), cases.c.drill)
            .join(cases, cases.c.event_seq == _R.case_seq)
            .where(*wanted)
            .order_by(_R.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                LedgerRow(
                    id=row.id,
                    case_id=row.case_id,
                    queue=row.queue,
                    at=row.at,
                    drill=row.drill,
                    contents=row.contents,
                    split=split_of(row.contents, row.stacks, row.revealed, unseen=row.unseen),
                )
                for row in connection.execute(statement)
            ]


def _within(since: datetime, until: datetime, account_id: str | None) -> list[ColumnElement[bool]]:
    within = [_R.at >= since, _R.at < until, _R.undone_at.is_(None)]
    if account_id is not None:
        within.append(_R.account_id == account_id)
    return within
