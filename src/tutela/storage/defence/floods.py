"""Floods: entries that suddenly match more distinct contents than is allowed within an hour.

The matches in the database are looked through once, by whichever process comes first; what they
are counted in lives in the database too, so that it does not matter which one that is. Numbers of
events are given out before they are committed: what lies behind the last look is read again for
`SETTLED`, and being counted twice does no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tutela.model import Parking, ParkingDecision
from tutela.model.custody.leaf import PROGRAM, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.log import append
from tutela.storage.database import Database
from tutela.storage.defence.parkings import Parkings, close_deleted, parking_leaf
from tutela.storage.defence.period import received_since
from tutela.storage.tables import (
    entries,
    events,
    flood_watch,
    matches,
    parkings,
    sightings,
)
from tutela.storage.values import now

HOUR = timedelta(hours=1)
SETTLED = timedelta(seconds=30)
"""A transaction that stores events has ended by then, one way or the other."""
AT_ONCE = 500


class Flood(Record, frozen=True, kw_only=True):
    """What one look found.

    Attributes:
        parked: entries that were parked.
        noted: entries whose exact copies came in such numbers; they go on matching.
    """

    parked: tuple[Parking, ...] = ()
    noted: tuple[Parking, ...] = ()


class Floods:
    """Watches the matches in a database.

    Args:
        perceptual: names of the signal kinds that compare by distance.
        contents_per_hour: distinct contents that an entry may match within an hour.
        every: least time between two looks, of all processes together.
    """

    def __init__(
        self,
        database: Database,
        *,
        perceptual: Collection[str],
        contents_per_hour: int,
        every: timedelta = timedelta(seconds=5),
    ) -> None:
        self._database = database
        self._perceptual = frozenset(perceptual)
        self._allowed = contents_per_hour
        self._every = every

    def look(self) -> Flood | None:
        """Look through what matched since the last look; None where somebody has just done so."""
        present = now()
        watch = self._claim(present)
        if watch is None:
            return None
        with self._database.read() as connection:
            last = connection.scalar(select(func.max(events.c.seq))) or 0
            seen = self._sightings(connection, watch.done, present)
        if not seen and watch.next_at > present - SETTLED:
            return Flood()  # nothing to write: a quiet server need not wake its disk so often
        with self._database.write() as connection:
            leaves = close_deleted(connection, present)
            touched = _record(connection, seen)
            parked = self._park(connection, touched, present)
            connection.execute(delete(sightings).where(sightings.c.seen_at <= present - HOUR))
            _move_on(connection, watch, last, present)
            if told := [*leaves, *parked.values()]:
                append(connection, told)
        return self._flood(list(parked))

    def _claim(self, present: datetime) -> Row[Any] | None:
        """Take the next look; afterwards nobody else may for a while."""
        is_due = flood_watch.c.looked_at <= present - self._every
        with self._database.read() as connection:
            if not connection.scalar(select(flood_watch.c.id).where(is_due)):
                return None  # without asking for the right to write, which all processes share
        taking = update(flood_watch).where(is_due).values(looked_at=present).returning(flood_watch)
        with self._database.write() as connection:
            return connection.execute(taking).one_or_none()

    def _sightings(
        self, connection: Connection, done: int, present: datetime
    ) -> Sequence[dict[str, Any]]:
        """What matched in the last hour and since the last look.

        Not in drills, which match on purpose; not of entries that are exempt; and nothing that was
        known when somebody last decided.
        """
        decided, exempt = _decisions(connection, present)
        columns = (matches.c.entry_id, matches.c.kind, matches.c.content, matches.c.event_seq)
        joined = matches.join(events, events.c.seq == matches.c.event_seq)
        lately = received_since(connection, present - HOUR, matches.c.event_seq)
        statement = (
            select(*columns, events.c.received_at)
            .select_from(joined)
            .where(
                matches.c.event_seq > done,
                lately,
                matches.c.content.is_not(None),
                events.c.drill.is_(False),
            )
        )
        found: dict[tuple[int, bool, int], datetime] = {}
        for entry_id, kind, content, seq, received_at in connection.execute(statement):
            exact = kind not in self._perceptual
            known = decided.get(entry_id)
            if (entry_id, exact) not in exempt and (known is None or received_at > known):
                # Every exact copy is the same content: there, events are counted.
                key = entry_id, exact, seq if exact else content
                found[key] = max(received_at, found.get(key, received_at))
        return [
            {"entry_id": entry, "exact": exact, "content": content, "seen_at": seen_at}
            for (entry, exact, content), seen_at in found.items()
        ]

    def _park(
        self, connection: Connection, touched: Sequence[int], present: datetime
    ) -> dict[int, NewLeaf]:
        """Park, or note, every entry that is over the limit; a leaf for each parking's number."""
        made: dict[int, NewLeaf] = {}
        for start in range(0, len(touched), AT_ONCE):
            chosen = touched[start : start + AT_ONCE]
            waiting = select(parkings.c.entry_id).where(
                parkings.c.decision.is_(None), parkings.c.entry_id.in_(chosen)
            )
            parked = set(connection.scalars(waiting))
            for row in connection.execute(self._over(chosen, present)).all():
                if not row.exact and row.entry_id in parked:
                    continue
                number = _insert(connection, row, self._allowed, present)
                did = ParkingDecision.NOTED.value if row.exact else "parked"
                facts = {"contents": row.contents, "allowed": self._allowed}
                made[number] = parking_leaf(number, row.entry_id, PROGRAM, did, facts)
        return made

    def _over(self, chosen: Sequence[int], present: datetime) -> Any:  # noqa: ANN401 - a statement
        contents = func.count().label("contents")
        return (
            select(sightings.c.entry_id, sightings.c.exact, entries.c.bank_id, contents)
            .join_from(sightings, entries, entries.c.id == sightings.c.entry_id)
            .where(
                sightings.c.entry_id.in_(chosen),
                sightings.c.seen_at > present - HOUR,
                entries.c.state != "deleted",
            )
            .group_by(sightings.c.entry_id, sightings.c.exact, entries.c.bank_id)
            .having(contents > self._allowed)
        )

    def _flood(self, numbers: Sequence[int]) -> Flood:
        found = [Parkings(self._database).get(number) for number in numbers]
        return Flood(
            parked=tuple(one for one in found if one.decision is None),
            noted=tuple(one for one in found if one.decision is ParkingDecision.NOTED),
        )


def _decisions(
    connection: Connection, present: datetime
) -> tuple[dict[int, datetime], set[tuple[int, bool]]]:
    """When entries were last decided about, and which are exempt, from what."""
    last = func.max(parkings.c.decided_at)
    lately = select(parkings.c.entry_id, last).where(parkings.c.decided_at > present - HOUR)
    rows = connection.execute(lately.group_by(parkings.c.entry_id))
    decided = {row[0]: row[1] for row in rows}
    exempt = select(parkings.c.entry_id, parkings.c.decision).where(
        parkings.c.exempt_until > present
    )
    noted = ParkingDecision.NOTED.value
    return decided, {(row.entry_id, row.decision == noted) for row in connection.execute(exempt)}


def _record(connection: Connection, seen: Sequence[dict[str, Any]]) -> list[int]:
    """Remember sightings; ids of their entries."""
    if seen:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        new = dialect.insert(sightings)
        later = new.excluded.seen_at > sightings.c.seen_at
        connection.execute(
            new.on_conflict_do_update(
                index_elements=[sightings.c.entry_id, sightings.c.exact, sightings.c.content],
                set_={"seen_at": new.excluded.seen_at},
                where=later,
            ),
            seen,
        )
    return sorted({row["entry_id"] for row in seen})


def _insert(connection: Connection, row: Row[Any], allowed: int, present: datetime) -> int:
    parking: dict[str, Any] = {
        "entry_id": row.entry_id,
        "bank_id": row.bank_id,
        "parked_at": present,
        "contents": row.contents,
        "allowed": allowed,
        "note": "",
    }
    if row.exact:
        noted = ParkingDecision.NOTED.value
        parking |= {"decision": noted, "decided_at": present, "exempt_until": present + HOUR}
        gone = (sightings.c.entry_id == row.entry_id, sightings.c.exact)
        connection.execute(delete(sightings).where(*gone))
    statement = insert(parkings).returning(parkings.c.id)
    return int(connection.execute(statement, parking).scalar_one())


def _move_on(connection: Connection, watch: Row[Any], last: int, present: datetime) -> None:
    """Leave behind what has settled since an earlier look."""
    if watch.next_at > present - SETTLED:
        return
    connection.execute(update(flood_watch).values(done=watch.next, next=last, next_at=present))
