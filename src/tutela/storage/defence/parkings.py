"""Parked entries, and what curators decide about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, union_all, update

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import Entry, EntryState, Parking, ParkingDecision
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact, NewLeaf
from tutela.storage.audit.change import leaf
from tutela.storage.audit.log import append
from tutela.storage.database import Database
from tutela.storage.entries import read_entry, set_entry_distance, switch_entry
from tutela.storage.tables import banks, entries, events, matches, parkings, sightings, silenced
from tutela.storage.values import now

SAMPLES = 5
"""Events that are named with a parking."""
EXEMPT_HOURS = 168
MOST_HOURS = 8760
LONGEST_NOTE = 2000


class Parkings:
    """The parkings in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self) -> frozenset[int]:
        """Ids of the entries that are parked now; cheap."""
        statement = select(parkings.c.entry_id).where(parkings.c.decision.is_(None))
        with self._database.read() as connection:
            return frozenset(connection.scalars(statement))

    def list(self, *, decided: bool = False, limit: int = 100) -> Sequence[Parking]:
        """Up to `limit` parkings, latest first: those that wait, or those that were decided."""
        waits = (parkings.c.decision.is_(None), entries.c.state != "deleted")
        state = (parkings.c.decision.is_not(None),) if decided else waits
        statement = _select().where(*state).order_by(parkings.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(statement).mappings().all()
            return [_parking(connection, row) for row in rows]

    def get(self, parking_id: int) -> Parking:
        """One parking; raises `NotFound`."""
        with self._database.read() as connection:
            return _one(connection, parking_id)

    def release(
        self, parking_id: int, *, by: str, hours: int = EXEMPT_HOURS, note: str = ""
    ) -> Parking:
        """Let the entry match as before, and do not park it again for so many hours.

        Raises:
            NotFound: there is no such parking.
            InvalidInput: the hours or the note are none that can be taken.
            Conflict: it was decided already, or the entry was deleted meanwhile.
        """
        if not 1 <= hours <= MOST_HOURS:
            raise InvalidInput(f"the number of hours is 1 to {MOST_HOURS:,}", where="hours")
        until = now() + timedelta(hours=hours)
        with self._database.write() as connection:
            self._undecided(connection, parking_id)
            decision = ParkingDecision.RELEASED
            parking = _decide(connection, parking_id, decision, by, note, exempt_until=until)
            append(connection, [_decided(parking, by, {"exempt_until": until.isoformat()})])
            return parking

    def tighten(self, parking_id: int, *, by: str, distance: int, note: str = "") -> Parking:
        """Let the entry match again within a smaller distance of its own; raises as `release`."""
        with self._database.write() as connection:
            entry = self._undecided(connection, parking_id)
            present = entry.distance
            if present is None:
                of_bank = select(banks.c.distance).where(banks.c.id == entry.bank_id)
                present = int(connection.execute(of_bank).scalar_one())
            if not 0 <= distance < present:
                raise InvalidInput(
                    f"the entry matches within {present} bits now",
                    where="distance",
                    remedy="give a smaller distance" if present else "release or disable it",
                )
            changed = set_entry_distance(connection, entry.id, distance, by=by)
            decision = ParkingDecision.TIGHTENED
            parking = _decide(connection, parking_id, decision, by, note, distance=distance)
            facts = {"distance": distance, "distance_before": present}
            append(connection, [*changed.leaves, _decided(parking, by, facts)])
            return parking

    def disable(self, parking_id: int, *, by: str, note: str = "") -> Parking:
        """Take the entry out of matching for good; raises as `release`."""
        with self._database.write() as connection:
            entry = self._undecided(connection, parking_id)
            changed = switch_entry(connection, entry.id, EntryState.DISABLED, None, by=by)
            parking = _decide(connection, parking_id, ParkingDecision.DISABLED, by, note)
            append(connection, [*changed.leaves, _decided(parking, by)])
            return parking

    def _undecided(self, connection: Connection, parking_id: int) -> Entry:
        """The entry of a parking that waits."""
        parking = _one(connection, parking_id)
        if parking.decision is not None:
            raise Conflict(
                f"it was decided already: {parking.decision} by {parking.decided_by or 'Tutela'}",
                where="parking",
                remedy="list the parked entries again",
            )
        try:
            return read_entry(connection, parking.entry_id)
        except NotFound:
            raise Conflict(
                "the entry was deleted meanwhile, so that there is nothing to decide",
                where="parking",
                remedy="list the parked entries again",
            ) from None


def close_deleted(connection: Connection, present: datetime) -> list[NewLeaf]:
    """Close the parkings of entries that were deleted, in a transaction that writes.

    Returns:
        Leaves to be appended about them.
    """
    gone = select(entries.c.id).where(
        entries.c.id == parkings.c.entry_id, entries.c.state != "deleted"
    )
    deleted = ~gone.exists()
    closed = {"decision": ParkingDecision.DELETED.value, "decided_at": present}
    closing = update(parkings).where(parkings.c.decision.is_(None), deleted).values(closed)
    rows = connection.execute(closing.returning(parkings.c.id, parkings.c.entry_id))
    did = ParkingDecision.DELETED.value
    return [parking_leaf(row.id, row.entry_id, PROGRAM, did) for row in rows]


def parking_leaf(
    parking_id: int, entry_id: int, by: str, did: str, facts: Mapping[str, Fact] | None = None
) -> NewLeaf:
    """What the audit log says of a parking."""
    told = {"entry": f"entry:{entry_id}", **(facts or {})}
    return leaf(AuditKind.PARKING, by, f"parking:{parking_id}", did, told)


def _decided(parking: Parking, by: str, facts: Mapping[str, Fact] | None = None) -> NewLeaf:
    did = str(parking.decision)
    return parking_leaf(parking.id, parking.entry_id, by, did, facts)


def _decide(
    connection: Connection,
    parking_id: int,
    decision: ParkingDecision,
    by: str,
    note: str,
    **more: Any,  # noqa: ANN401 - values of columns
) -> Parking:
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"a note may have {LONGEST_NOTE} characters", where="note")
    taken = {"decision": decision.value, "decided_at": now(), "decided_by": by, "note": note}
    own = update(parkings).where(parkings.c.id == parking_id, parkings.c.decision.is_(None))
    if not connection.execute(own.values(**taken, **more)).rowcount:
        raise Conflict("it was decided this instant", where="parking", remedy="list them again")
    parking = _one(connection, parking_id)
    # What was seen before the decision must not park the entry again at once.
    connection.execute(delete(sightings).where(sightings.c.entry_id == parking.entry_id))
    return parking


def _select() -> Select[Any]:
    joined = parkings.outerjoin(entries, entries.c.id == parkings.c.entry_id).outerjoin(
        banks, banks.c.id == parkings.c.bank_id
    )
    label = func.coalesce(entries.c.label, "").label("label")
    bank = func.coalesce(banks.c.name, "").label("bank")
    return select(parkings, label, bank).select_from(joined)


def _one(connection: Connection, parking_id: int) -> Parking:
    row = connection.execute(_select().where(parkings.c.id == parking_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such parking", where="parking", remedy="list them")
    return _parking(connection, row)


def _parking(connection: Connection, row: RowMapping) -> Parking:
    fields: dict[str, Any] = dict(row)
    decision = fields.pop("decision")
    return Parking(
        **fields | {"decided_by": fields["decided_by"] or ""},
        decision=ParkingDecision(decision) if decision else None,
        events=_samples(connection, row["entry_id"]),
    )


def _samples(connection: Connection, entry_id: int) -> tuple[str, ...]:
    """Ids of the latest events that an entry matched, silenced or not."""
    found = union_all(
        *(
            select(table.c.event_seq)
            .where(table.c.entry_id == entry_id)
            .order_by(table.c.event_seq.desc())
            .limit(SAMPLES)
            .subquery()
            .select()
            for table in (matches, silenced)
        )
    ).subquery()
    latest = select(events.c.id).where(events.c.seq.in_(select(found.c.event_seq)))
    return tuple(connection.scalars(latest.order_by(events.c.seq.desc()).limit(SAMPLES)))
