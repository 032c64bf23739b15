"""Items of evidence: read, held, released, reported, handed in later, and destroyed.

Each change is in the audit log, in the transaction that makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, insert, select, update

from tutela.errors import Conflict, NotFound
from tutela.model.custody.evidence import (
    EvidenceKind,
    Hold,
    Item,
    ItemFacts,
    ItemState,
    Sealed,
    StoredObject,
    Term,
)
from tutela.storage.audit.log import append
from tutela.storage.custody_tables import evidence_holds, evidence_items, evidence_objects
from tutela.storage.database import Database
from tutela.storage.evidence.destroying import destroy
from tutela.storage.evidence.leaves import hand_in_leaf, hold_leaf, release_leaf
from tutela.storage.evidence.reporting import Reported, record_report
from tutela.storage.evidence.rows import (
    LIVING,
    hold_of,
    is_held,
    item_of,
    locked_item,
    object_of,
    read_row,
    select_holds,
    select_items,
)
from tutela.storage.evidence.standing import Standing, standing
from tutela.storage.evidence.writing import write_object
from tutela.storage.tables import cases, events
from tutela.storage.values import now

_BATCH = 500


class EvidenceItems:
    """The items of evidence in a database. The journal writes them, with their event.

    Args:
        database: where they are.
        default: how long something is kept that the law names no number for.
    """

    def __init__(self, database: Database, default: timedelta = timedelta(days=365)) -> None:
        self._database = database
        self._default = default

    def get(self, item_id: str) -> Item:
        """One item; raises `NotFound`."""
        with self._database.read() as connection:
            return item_of(read_row(connection, item_id))

    def list(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        state: ItemState | None = None,
        kind: EvidenceKind | None = None,
        case_id: str | None = None,
        event_id: str | None = None,
        held: bool | None = None,
        due_before: datetime | None = None,
    ) -> Sequence[Item]:
        """Up to `limit` items, latest first.

        Args:
            after: id of the last item of the page before.
            limit: how many at most.
            state: those in this state only.
            kind: those of this kind only.
            case_id: those of this case only.
            event_id: those of this event only.
            held: only those that a hold stands on, or that none stands on.
            due_before: only those that are not destroyed and whose term ends before.

        Raises:
            NotFound: there is no item `after`.
        """
        statement = select_items().order_by(evidence_items.c.seq.desc()).limit(limit)
        statement = _narrowed(statement, state, kind, case_id, event_id)
        if held is not None:
            statement = statement.where(is_held() if held else ~is_held())
        if due_before is not None:
            statement = statement.where(
                evidence_items.c.expires_at < due_before, evidence_items.c.destroyed_at.is_(None)
            )
        with self._database.read() as connection:
            if after is not None:
                last = read_row(connection, after, where="after")
                statement = statement.where(evidence_items.c.seq < last["seq"])
            return [item_of(row) for row in connection.execute(statement).mappings()]

    def of_event(self, event_id: str) -> Sequence[Item]:
        """The items of an event in the order in which they were written."""
        statement = select_items().where(events.c.id == event_id).order_by(evidence_items.c.seq)
        with self._database.read() as connection:
            return [item_of(row) for row in connection.execute(statement).mappings()]

    def object_of(self, item_id: str) -> StoredObject | None:
        """The object that has an item's bytes; None where the vault has none. Raises `NotFound`."""
        with self._database.read() as connection:
            object_id = read_row(connection, item_id)["object_id"]
            statement = select(evidence_objects).where(evidence_objects.c.id == object_id)
            row = connection.execute(statement).mappings().one_or_none()
        return None if row is None else object_of(row)

    def holds(self, item_id: str) -> Sequence[Hold]:
        """Every hold that was ever placed on an item, oldest first. Raises `NotFound`."""
        with self._database.read() as connection:
            seq = read_row(connection, item_id)["seq"]
            statement = select_holds().where(evidence_holds.c.item_seq == seq)
            rows = connection.execute(statement.order_by(evidence_holds.c.id)).mappings()
            return [hold_of(row) for row in rows]

    def hold(self, item_id: str, reason: str, authority: str, by: str) -> Hold:
        """Place a hold; an item may have several, and each is lifted by itself.

        Raises:
            NotFound: there is no item of this id.
            Conflict: it is destroyed.
        """
        with self._database.write() as connection:
            row = locked_item(connection, item_id)
            if row["destroyed_at"] is not None:
                raise Conflict("this item is destroyed: nothing can be held", where="item")
            values = {
                "item_seq": row["seq"],
                "reason": reason,
                "authority": authority,
                "placed_at": now(),
                "placed_by": by,
                "released_by": "",
                "release_reason": "",
            }
            number = connection.execute(insert(evidence_holds).values(values)).inserted_primary_key
            hold = _hold(connection, number[0] if number else 0)
            append(connection, [hold_leaf(hold)])
            return hold

    def release(self, hold_id: int, reason: str, by: str) -> Hold:
        """Lift a hold.

        Raises:
            NotFound: there is no hold of this number.
            Conflict: it was lifted before.
        """
        with self._database.write() as connection:
            locked_item(connection, _hold(connection, hold_id).item_id)
            lifted = connection.execute(
                update(evidence_holds)
                .where(evidence_holds.c.id == hold_id, evidence_holds.c.released_at.is_(None))
                .values(released_at=now(), released_by=by, release_reason=reason)
            )
            if not lifted.rowcount:
                raise Conflict("this hold was lifted before", where="hold")
            hold = _hold(connection, hold_id)
            append(connection, [release_leaf(hold)])
            return hold

    def reported(self, report: Reported, term: Term, by: str) -> Sequence[Item]:
        """Record a report: terms that count from it begin, and its reference becomes an item.

        Recording the same reference of the same authority again changes nothing.

        Args:
            report: the report.
            term: how long its reference is kept.
            by: who records it.

        Returns:
            every item of the event as it now stands.

        Raises:
            NotFound: there is no such event.
            InvalidInput: it lies in the future.
        """
        with self._database.write() as connection:
            return record_report(connection, report, term, by, self._default)

    def due(self, at: datetime, limit: int = 100, *, after: str = "") -> Sequence[Item]:
        """Items whose term has ended and that no hold keeps, in the order of their ids.

        Args:
            at: what time it is.
            limit: how many at most.
            after: id of the last item of the page before.
        """
        statement = (
            select_items()
            .where(
                evidence_items.c.expires_at <= at,
                evidence_items.c.destroyed_at.is_(None),
                ~is_held(),
                evidence_items.c.id > after,
            )
            .order_by(evidence_items.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [item_of(row) for row in connection.execute(statement).mappings()]

    def destroy(
        self, item_id: str, by: str, at: datetime, *, again: bool = False
    ) -> StoredObject | None:
        """Destroy an item whose term has ended.

        Args:
            item_id: the item.
            by: who destroys it.
            at: what time it is.
            again: it was destroyed before, and came back with a backup: neither term nor hold is
                asked.

        Returns:
            the object whose key was destroyed with its last item: its blob is to be discarded.
            None where another item has it, there is none, or the item was destroyed before.

        Raises:
            NotFound: there is no item of this id.
            Conflict: a hold stands on it, or its term has not ended.
        """
        with self._database.write() as connection:
            return destroy(connection, item_id, by, at, again=again)

    def erase(self, item_id: str, reason: str, by: str, at: datetime) -> StoredObject | None:
        """Destroy an item before its term has ended, because somebody asked for it.

        Args:
            item_id: the item.
            reason: who asked for it, and why; it is kept with the item.
            by: who erases it.
            at: what time it is.

        Returns:
            as `destroy` does.

        Raises:
            NotFound: there is no item of this id.
            Conflict: a hold stands on it, or the law wants it kept and its time runs.
        """
        with self._database.write() as connection:
            return destroy(connection, item_id, by, at, wish=reason)

    def forget(self) -> bool:
        """Leave nothing of what was destroyed in the database's side files; whether that is so."""
        return self._database.forget()

    def hand_in(self, item_id: str, sealed: Sealed, facts: ItemFacts, by: str) -> Item:
        """Give an item the bytes that were owed, or elsewhere.

        The same bytes again change nothing. The sealed object is to be discarded where the item
        that is given back has another.

        Raises:
            NotFound: there is no item of this id.
            Conflict: it has other bytes, or is destroyed.
        """
        with self._database.write() as connection:
            item = item_of(locked_item(connection, item_id))
            same = item.facts.digests.get("sha256") == sealed.digests["sha256"]
            if item.state is ItemState.KEPT and same:
                return item
            if item.state not in {ItemState.OWED, ItemState.ELSEWHERE}:
                raise Conflict(f"this item is {item.state.value}", where="item")
            values = {
                "state": ItemState.KEPT.value,
                "object_id": write_object(connection, sealed, now()),
                "facts": msgspec.json.encode(facts).decode(),
                "problem": "",
            }
            chosen = evidence_items.c.id == item_id
            connection.execute(update(evidence_items).where(chosen).values(values))
            item = item_of(read_row(connection, item_id))
            append(connection, [hand_in_leaf(item, sealed, by)])
            return item

    def living(self, after: str = "", limit: int = 100) -> Sequence[StoredObject]:
        """Objects whose key exists, in the order of their ids, beginning after one."""
        statement = (
            select(evidence_objects)
            .where(LIVING, evidence_objects.c.id > after)
            .order_by(evidence_objects.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [object_of(row) for row in connection.execute(statement).mappings()]

    def having(self, object_id: str) -> Sequence[str]:
        """Ids of the living items that have an object."""
        statement = select(evidence_items.c.id).where(
            evidence_items.c.object_id == object_id, evidence_items.c.destroyed_at.is_(None)
        )
        with self._database.read() as connection:
            return list(connection.scalars(statement.order_by(evidence_items.c.seq)))

    def rewrapped(self, object_id: str, old: bytes, new: bytes, key_id: str) -> bool:
        """Put a newly wrapped key in the place of the old; False where that is not there any more.

        Args:
            object_id: the object.
            old: its wrapped key so far.
            new: the same key, wrapped anew.
            key_id: which key wrapped it.
        """
        same = (evidence_objects.c.id == object_id, evidence_objects.c.wrapped == old)
        with self._database.write() as connection:
            change = update(evidence_objects).where(*same).values(wrapped=new, key_id=key_id)
            return bool(connection.execute(change).rowcount)

    def known(self, object_ids: Collection[str]) -> set[str]:
        """Those of some objects whose key exists: their blobs are needed."""
        with self._database.read() as connection:
            return _known(connection, object_ids)

    def unneeded(self, event_id: str, object_ids: Collection[str]) -> set[str]:
        """Those of some objects that the event did not come to need.

        None where the event is not stored: its transaction may yet come to its end.
        """
        with self._database.read() as connection:
            if connection.scalar(select(events.c.seq).where(events.c.id == event_id)) is None:
                return set()
            return set(object_ids) - _known(connection, object_ids)

    def key_usage(self) -> Mapping[str, int]:
        """How many living objects each key has wrapped."""
        statement = (
            select(evidence_objects.c.key_id, func.count())
            .where(LIVING)
            .group_by(evidence_objects.c.key_id)
        )
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(statement)}

    def standing(self, at: datetime | None = None) -> Standing:
        """How the evidence stands at a time; None means now."""
        at = at or now()
        with self._database.read() as connection:
            return standing(connection, at)


def _narrowed(
    statement: Select[Any],
    state: ItemState | None,
    kind: EvidenceKind | None,
    case_id: str | None,
    event_id: str | None,
) -> Select[Any]:
    if state is not None:
        statement = statement.where(evidence_items.c.state == state.value)
    if kind is not None:
        statement = statement.where(evidence_items.c.kind == kind.value)
    if case_id is not None:
        statement = statement.where(cases.c.id == case_id)
    if event_id is not None:
        statement = statement.where(events.c.id == event_id)
    return statement


def _hold(connection: Connection, hold_id: int) -> Hold:
    statement = select_holds().where(evidence_holds.c.id == hold_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound("no hold has this number", where="hold")
    return hold_of(row)


def _known(connection: Connection, object_ids: Collection[str]) -> set[str]:
    ids, found = list(object_ids), set[str]()
    for at in range(0, len(ids), _BATCH):
        some = evidence_objects.c.id.in_(ids[at : at + _BATCH])
        found |= set(connection.scalars(select(evidence_objects.c.id).where(LIVING, some)))
    return found
