"""What grew in the lists since the past was last compared with them.

Nothing that changes the lists needs to know of this: the list version at which every growth had
been queued is stored, and what came after it is found from the lists themselves. So a growth is
never forgotten, whichever process made it, and several that come close together become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from tutela.model import Bank, ParkingDecision, RescanKind, RescanState, RescanTally
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.storage.audit.change import tell
from tutela.storage.banks import live_banks
from tutela.storage.changes import list_version
from tutela.storage.database import Database
from tutela.storage.past.scope import SETTLE, Scope
from tutela.storage.tables import (
    banks,
    entries,
    events,
    imports,
    parkings,
    past,
    past_banks,
    rescans,
)
from tutela.storage.values import now

LAPSE_EVERY = timedelta(minutes=1)
"""How often entries are looked for that count again without a change of their own: disabled until
a time that has come, or released by a curator after a flood."""


class Growth:
    """Notices that lists have grown. Thread-safe; several processes may look at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self) -> int | None:
        """Queue a re-scan of what grew since the last look; its number, or None for no growth.

        What grew joins a re-scan that waits and has not begun. Grown are: entries that were added,
        enabled again or given a distance, and banks that were enabled or given a greater distance.
        Allow banks silence and never find, and without any event there is no past.
        """
        with self._database.read() as connection:
            if not _may_have_grown(connection):
                return None
        with self._database.write() as connection:
            return _look(connection)


def _may_have_grown(connection: Connection) -> bool:
    version, looked_at = connection.execute(select(past.c.version, past.c.looked_at)).one()
    return bool(list_version(connection) > version or now() - looked_at > LAPSE_EVERY)


def _look(connection: Connection) -> int | None:
    # The update locks the row: processes that look at once do so one after the other.
    present = now()
    connection.execute(update(past).values(id=past.c.id))
    version, looked_at = connection.execute(select(past.c.version, past.c.looked_at)).one()
    reached = list_version(connection)
    scope = _scope(connection, after=version, up_to=reached, since=looked_at, present=present)
    last = connection.scalar(select(func.max(events.c.seq)))
    if last is None and _is_fresh(connection, version, present):
        return None  # the first upload of all may be under way: it is looked for again
    _remember(connection, reached, present)
    return None if scope is None or last is None else _queue(connection, scope, last, present)


def _is_fresh(connection: Connection, after: int, present: datetime) -> bool:
    """Whether entries were added so lately that an upload may have been compared without them."""
    lately = select(imports.c.id).where(
        imports.c.version > after, imports.c.touched_at > present - SETTLE
    )
    return connection.scalar(lately.limit(1)) is not None


def _scope(
    connection: Connection, *, after: int, up_to: int, since: datetime, present: datetime
) -> Scope | None:
    """What grew, or None."""
    live = live_banks(connection)
    finding = [bank.id for bank in live if not bank.allow]
    added = connection.scalar(
        select(imports.c.id)
        .where(
            imports.c.version > after,
            imports.c.version <= up_to,
            imports.c.bank_id.in_(finding),
            imports.c.last_id.is_not(None),
        )
        .limit(1)
    )
    changed = _changed(connection, after, up_to, since, present)
    reaching = _reaching_further(connection, live)
    if added is None and not changed and not reaching:
        return None
    return Scope(after=after, up_to=up_to, entries=changed, banks=reaching)


def _changed(
    connection: Connection, after: int, up_to: int, since: datetime, present: datetime
) -> tuple[int, ...]:
    """Entries that count now: changed by themselves, after a time out, or no longer parked."""
    own = select(entries.c.id).join(banks, banks.c.id == entries.c.bank_id).where(~banks.c.allow)
    enabled = own.where(
        entries.c.version > after, entries.c.version <= up_to, entries.c.state == "enabled"
    )
    lapsed = own.where(
        entries.c.version > 0,  # in the index of the entries that ever changed
        entries.c.state == "disabled",
        entries.c.disabled_until > since,
        entries.c.disabled_until <= present,
    )
    released = own.join(parkings, parkings.c.entry_id == entries.c.id).where(
        parkings.c.decision == ParkingDecision.RELEASED.value,
        parkings.c.decided_at > since - SETTLE,  # as the clock of another machine had it
        entries.c.state == "enabled",
    )
    return tuple(
        sorted({id_ for found in (enabled, lapsed, released) for id_ in connection.scalars(found)})
    )


def _reaching_further(connection: Connection, live: Sequence[Bank]) -> tuple[int, ...]:
    """Banks that were disabled or had a smaller distance at the last look."""
    before = {row.bank_id: row for row in connection.execute(select(past_banks))}
    return tuple(
        bank.id
        for bank in live
        if bank.enabled
        and not bank.allow
        and bank.id in before
        and (not before[bank.id].enabled or bank.distance > before[bank.id].distance)
    )


def _remember(connection: Connection, version: int, present: datetime) -> None:
    connection.execute(update(past).values(version=version, looked_at=present))
    connection.execute(delete(past_banks))
    rows = [
        {"bank_id": bank.id, "enabled": bank.enabled, "distance": bank.distance}
        for bank in live_banks(connection)
    ]
    if rows:
        connection.execute(insert(past_banks), rows)


def _queue(connection: Connection, scope: Scope, last: int, present: datetime) -> int:
    """Join the growth to a re-scan that has not begun, or queue one of its own."""
    waiting = (
        select(rescans.c.id, rescans.c.scope)
        .where(
            rescans.c.kind == RescanKind.GROWTH.value,
            rescans.c.state == RescanState.WAITING.value,
            rescans.c.started_at.is_(None),
        )
        .with_for_update()
    )
    row = connection.execute(waiting).first()
    if row is not None:
        whole = msgspec.json.decode(row.scope, type=Scope).joined(scope)
        values = {"scope": msgspec.json.encode(whole).decode(), "last_seq": last}
        connection.execute(update(rescans).where(rescans.c.id == row.id), values)
        return int(row.id)
    values = {
        "kind": RescanKind.GROWTH.value,
        "state": RescanState.WAITING.value,
        "asked_by": "",
        "policy_version": "",
        "record": False,
        "scope": msgspec.json.encode(scope).decode(),
        "first_seq": 0,
        "last_seq": last,
        "cursor": 0,
        "created_at": present,
        "problem": "",
        "tally": msgspec.json.encode(RescanTally()).decode(),
    }
    queued = connection.execute(insert(rescans).returning(rescans.c.id), values)
    number = int(queued.scalar_one())
    facts = {"kind": RescanKind.GROWTH.value}
    tell(connection, AuditKind.RESCAN, PROGRAM, f"rescan:{number}", "asked", facts)
    return number
