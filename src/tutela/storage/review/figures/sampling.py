"""Cases that wait to be read again as samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from tutela.model import CaseState, Severity
from tutela.model.review.sample import WaitingSample
from tutela.storage.database import Database
from tutela.storage.review.tables import passes, readings, samples
from tutela.storage.tables import cases
from tutela.storage.values import now

_WAITS = (samples.c.second_reading.is_(None), cases.c.state == CaseState.CLOSED.value)
_DRAWN = samples.join(cases, cases.c.event_seq == samples.c.case_seq)


class Samples:
    """The samples in a database; settling draws them, and a reading ends their waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> Mapping[str, int]:
        """How many cases wait to be read again, by queue."""
        counted = select(cases.c.queue, func.count()).select_from(_DRAWN).where(*_WAITS)
        with self._database.read() as connection:
            rows = connection.execute(counted.group_by(cases.c.queue))
            return {row[0]: row[1] for row in rows}

    def waits(self, case_id: str) -> bool:
        """Whether a case waits to be read again."""
        return bool(self.among([case_id]))

    def among(self, case_ids: Collection[str]) -> frozenset[str]:
        """Those of some cases that wait to be read again."""
        own = select(cases.c.id).select_from(_DRAWN).where(*_WAITS, cases.c.id.in_(case_ids))
        with self._database.read() as connection:
            return frozenset(connection.scalars(own))

    def list(
        self, account_id: str = "", *, queue: str = "", after: str = "", limit: int = 50
    ) -> Sequence[WaitingSample]:
        """Cases that wait to be read again, those first that were drawn first.

        Args:
            account_id: who asks; nothing is offered to nobody.
            queue: only those of this queue.
            after: id of the last case of the page before.
            limit: how many at most.
        """
        drawn = (samples.c.drawn_at, samples.c.case_seq)
        columns = (cases.c.id, cases.c.queue, cases.c.severity, cases.c.summary, cases.c.drill)
        held = and_(cases.c.claimed_by.is_not(None), cases.c.claimed_until > now())
        offered = and_(~_known_to(account_id), ~func.coalesce(held, False))
        statement = (
            select(*columns, samples.c.drawn_at, held.label("held"), offered.label("offered"))
            .select_from(_DRAWN)
            .where(*_WAITS)
            .order_by(*drawn)
            .limit(limit)
        )
        if queue:
            statement = statement.where(cases.c.queue == queue)
        with self._database.read() as connection:
            if after:
                last = select(*drawn).select_from(_DRAWN).where(cases.c.id == after)
                row = connection.execute(last).one_or_none()
                if row is not None:
                    same = and_(samples.c.drawn_at == row[0], samples.c.case_seq > row[1])
                    statement = statement.where(or_(samples.c.drawn_at > row[0], same))
            return [
                WaitingSample(
                    case_id=row.id,
                    queue=row.queue,
                    severity=Severity(row.severity),
                    summary=row.summary,
                    drill=row.drill,
                    drawn_at=row.drawn_at,
                    held=bool(row.held),
                    offered=bool(account_id) and bool(row.offered),
                )
                for row in connection.execute(statement)
            ]


def _known_to(account_id: str) -> ColumnElement[bool]:
    """Whether a person has read a case or passed it on."""
    read = exists().where(
        readings.c.case_seq == cases.c.event_seq,
        readings.c.account_id == account_id,
        readings.c.undone_at.is_(None),
    )
    passed = exists().where(
        passes.c.case_seq == cases.c.event_seq, passes.c.account_id == account_id
    )
    return or_(read, passed)
