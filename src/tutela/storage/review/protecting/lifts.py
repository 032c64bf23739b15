"""Lifts: somebody else ends a person's pause, or lets the day hold more, for a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from tutela.errors import Conflict, InvalidInput, NotAllowed
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.review.account import Account
from tutela.model.review.budget import DayOfExposure, Lift, LiftKind, NewLift
from tutela.storage.access.accounts import account_in
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.tables import lifts
from tutela.storage.values import now


class Lifts:
    """The lifts in a database.

    Args:
        database: where they are.
        exposures: knows what a person's day has come to.
    """

    def __init__(self, database: Database, exposures: Exposures) -> None:
        self._database = database
        self._exposures = exposures

    def lift(self, account_id: str, new: NewLift, *, by: str = PROGRAM) -> Lift:
        """Lift a pause or raise what the day holds; it counts at once.

        Args:
            account_id: whose limits.
            new: what, and why.
            by: who does.

        Raises:
            NotFound: there is no such account.
            NotAllowed: nobody lifts their own limits.
            Conflict: there is no pause, or no limit of this kind.
            InvalidInput: there is no reason, or nothing is added.
        """
        if not new.reason.strip():
            raise InvalidInput("a lift needs a reason", where="reason", remedy="say why, in a line")
        if by == f"person:{account_id}":
            raise NotAllowed("nobody lifts their own limits", remedy="ask another supervisor")
        with self._database.write() as connection:
            account, present = account_in(connection, account_id), now()
            day = self._exposures.day_in(connection, account, present)
            _check(day, new)
            lifted = _insert(connection, account, new, day, present, by)
            tell(
                connection,
                AuditKind.PROTECTION,
                by,
                f"person:{account_id}",
                "pause lifted" if new.kind is LiftKind.PAUSE else "budget raised",
                _facts(lifted),
            )
        return lifted

    def list(self, account_id: str | None = None, limit: int = 100) -> Sequence[Lift]:
        """What was lifted, of one person or of all; the latest first."""
        statement = select(lifts).order_by(lifts.c.id.desc()).limit(limit)
        if account_id is not None:
            statement = statement.where(lifts.c.account_id == account_id)
        with self._database.read() as connection:
            return [_lift(row) for row in connection.execute(statement).mappings()]


def _check(day: DayOfExposure, new: NewLift) -> None:
    if new.kind is LiftKind.PAUSE:
        if day.paused_until is None:
            raise Conflict("this person is not on a pause")
        if new.items or new.minutes:
            raise InvalidInput("lifting a pause adds nothing to the day", where="items")
        return
    if not (new.items or new.minutes):
        raise InvalidInput("nothing is added to the day", where="items", remedy="say how much")
    if (new.items and day.items_allowed is None) or (new.minutes and day.minutes_allowed is None):
        raise Conflict("the day has no such limit")


def _insert(
    connection: Connection,
    account: Account,
    new: NewLift,
    day: DayOfExposure,
    present: datetime,
    by: str,
) -> Lift:
    values: dict[str, Any] = {
        "account_id": account.id,
        "kind": new.kind.value,
        "at": present,
        "until": day.day.ends if new.kind is LiftKind.BUDGET else present,
        "items": new.items,
        "minutes": new.minutes,
        "by": by,
        "reason": new.reason.strip(),
    }
    row = connection.execute(insert(lifts).values(**values).returning(lifts)).mappings().one()
    return _lift(row)


def _facts(lifted: Lift) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "lift": lifted.id,
        "reason": hashlib.sha256(lifted.reason.encode()).hexdigest(),
    }
    if lifted.kind is LiftKind.BUDGET:
        facts |= {"items": lifted.items, "minutes": lifted.minutes}
    return facts


def _lift(row: RowMapping) -> Lift:
    return Lift(
        id=row["id"],
        account=row["account_id"],
        kind=LiftKind(row["kind"]),
        at=row["at"],
        until=row["until"],
        items=row["items"],
        minutes=row["minutes"],
        by=row["by"],
        reason=row["reason"],
    )
