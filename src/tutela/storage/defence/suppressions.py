"""Everything that was silenced in the last days, counted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, func, select, type_coerce

from tutela.model import Silencing
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.defence.period import days_ago, received_since
from tutela.storage.tables import banks, entries, events, parkings, silenced
from tutela.storage.values import EPOCH

LISTED = 100
"""Entries that are named, those with the most silenced matches first."""
DAY = 86_400_000_000
"""Microseconds."""


class BankSuppressions(Record, frozen=True, kw_only=True):
    """Silenced matches of one bank for one reason.

    Attributes:
        bank: the bank of the entries that matched; empty where it was deleted.
        by: the allow bank that silenced them; empty for other reasons.
    """

    bank: str
    reason: Silencing
    by: str
    count: int


class EntrySuppressions(Record, frozen=True, kw_only=True):
    """Silenced matches of one entry for one reason."""

    entry_id: int
    bank: str
    label: str
    reason: Silencing
    count: int


class DaySuppressions(Record, frozen=True, kw_only=True):
    """Silenced matches of one day (UTC) for one reason."""

    day: date
    reason: Silencing
    count: int


class Suppressions(Record, frozen=True, kw_only=True):
    """What was silenced in the last days.

    Attributes:
        total: silenced matches.
        events: events that had one.
        reasons: how many there were for each reason.
        entries: at most 100, those with the most first.
        days: the latest first; days without any are left out.
        parked: entries that are parked now.
    """

    since_days: int
    total: int
    events: int
    reasons: dict[str, int]
    banks: tuple[BankSuppressions, ...]
    entries: tuple[EntrySuppressions, ...]
    days: tuple[DaySuppressions, ...]
    parked: int


def suppressions(database: Database, *, days: int) -> Suppressions:
    """Count what was silenced in the last days; raises `InvalidInput` for no number of days."""
    since = days_ago(days)
    with database.read() as connection:
        lately = received_since(connection, since, silenced.c.event_seq)
        reasons = dict.fromkeys(map(str, Silencing), 0)
        rows = connection.execute(_counting(lately, silenced.c.reason))
        reasons.update((row.reason, row.number) for row in rows)
        distinct = func.count(silenced.c.event_seq.distinct())
        waiting = select(func.count()).where(parkings.c.decision.is_(None))
        return Suppressions(
            since_days=days,
            total=sum(reasons.values()),
            events=connection.scalar(_of(lately, distinct)) or 0,
            reasons=reasons,
            banks=_banks(connection, lately),
            entries=_entries(connection, lately),
            days=_days(connection, lately),
            parked=connection.scalar(waiting) or 0,
        )


def _of(lately: ColumnElement[bool], *columns: ColumnElement[Any]) -> Select[Any]:
    joined = silenced.join(events, events.c.seq == silenced.c.event_seq)
    return select(*columns).select_from(joined).where(lately)


def _counting(lately: ColumnElement[bool], *by: ColumnElement[Any]) -> Select[Any]:
    return _of(lately, *by, func.count().label("number")).group_by(*by)


def _banks(connection: Connection, lately: ColumnElement[bool]) -> tuple[BankSuppressions, ...]:
    by = (silenced.c.bank_id, silenced.c.reason, silenced.c.by_bank_id)
    rows = connection.execute(_counting(lately, *by)).all()
    known = connection.execute(select(banks.c.id, banks.c.name)).all()
    names = {row.id: row.name or "" for row in known}
    found = (
        BankSuppressions(
            bank=names.get(row.bank_id, ""),
            reason=Silencing(row.reason),
            by=names.get(row.by_bank_id, ""),
            count=row.number,
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda one: (-one.count, one.bank, one.reason, one.by)))


def _entries(connection: Connection, lately: ColumnElement[bool]) -> tuple[EntrySuppressions, ...]:
    most = _counting(lately, silenced.c.entry_id, silenced.c.bank_id, silenced.c.reason)
    most = most.order_by(func.count().desc(), silenced.c.entry_id).limit(LISTED)
    counted = most.subquery()
    joined = counted.outerjoin(entries, entries.c.id == counted.c.entry_id).outerjoin(
        banks, banks.c.id == counted.c.bank_id
    )
    statement = select(
        counted.c.entry_id,
        counted.c.reason,
        counted.c.number,
        func.coalesce(banks.c.name, "").label("bank"),
        func.coalesce(entries.c.label, "").label("label"),
    ).select_from(joined)
    rows = connection.execute(
        statement.order_by(counted.c.number.desc(), counted.c.entry_id, counted.c.reason)
    )
    return tuple(
        EntrySuppressions(
            entry_id=row.entry_id,
            bank=row.bank,
            label=row.label,
            reason=Silencing(row.reason),
            count=row.number,
        )
        for row in rows
    )


def _days(connection: Connection, lately: ColumnElement[bool]) -> tuple[DaySuppressions, ...]:
    day = (type_coerce(events.c.received_at, BigInteger) // DAY).label("day")
    rows = connection.execute(
        _of(lately, day, silenced.c.reason, func.count().label("number"))
        .group_by(day, silenced.c.reason)
        .order_by(day.desc(), silenced.c.reason)
    )
    return tuple(
        DaySuppressions(
            day=(EPOCH + timedelta(days=int(row.day))).date(),
            reason=Silencing(row.reason),
            count=row.number,
        )
        for row in rows
    )
