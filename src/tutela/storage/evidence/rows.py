"""How items and holds are read from their tables, and locked to be changed."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, exists, func, select

from tutela.errors import NotFound
from tutela.model.custody.evidence import (
    EvidenceKind,
    Hold,
    Item,
    ItemFacts,
    ItemState,
    StoredObject,
    Term,
)
from tutela.storage.custody_tables import evidence_holds, evidence_items, evidence_objects
from tutela.storage.tables import cases, events


def is_held() -> ColumnElement[bool]:
    """Whether a hold stands on an item."""
    return exists().where(
        evidence_holds.c.item_seq == evidence_items.c.seq, evidence_holds.c.released_at.is_(None)
    )


def select_items() -> Select[Any]:
    """Every item with its event's and case's ids, and whether it is held."""
    joined = evidence_items.join(events, events.c.seq == evidence_items.c.event_seq).outerjoin(
        cases, cases.c.event_seq == evidence_items.c.event_seq
    )
    own = (events.c.id.label("event_id"), cases.c.id.label("case_id"), is_held().label("held"))
    return select(evidence_items, *own).select_from(joined)


def item_of(row: RowMapping) -> Item:
    """An item from a row of `select_items`."""
    return Item(
        id=row["id"],
        event_id=row["event_id"],
        case_id=row["case_id"],
        kind=EvidenceKind(row["kind"]),
        state=ItemState(row["state"]),
        drill=row["drill"],
        created_at=row["created_at"],
        detected_at=row["detected_at"],
        term=msgspec.json.decode(row["term"], type=Term),
        facts=msgspec.json.decode(row["facts"], type=ItemFacts),
        object_id=row["object_id"],
        clock_at=row["clock_at"],
        expires_at=row["expires_at"],
        destroyed_at=row["destroyed_at"],
        problem=row["problem"],
        held=bool(row["held"]),
    )


def locked_item(connection: Connection, item_id: str) -> RowMapping:
    """An item's row, which nobody else changes until the transaction ends; raises `NotFound`.

    It is read once it is locked, so that what it says of holds is what stands.
    """
    own = select(evidence_items.c.seq).where(evidence_items.c.id == item_id).with_for_update()
    if connection.execute(own).one_or_none() is None:
        raise not_found("item")
    return read_row(connection, item_id)


def read_row(connection: Connection, item_id: str, *, where: str = "item") -> RowMapping:
    """An item's row; raises `NotFound`."""
    statement = select_items().where(evidence_items.c.id == item_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise not_found(where)
    return row


def not_found(where: str) -> NotFound:
    """The error for an item that does not exist."""
    return NotFound("no item of evidence has this id", where=where)


def select_holds() -> Select[Any]:
    """Every hold, with the id of its item."""
    joined = evidence_holds.join(evidence_items, evidence_items.c.seq == evidence_holds.c.item_seq)
    return select(evidence_holds, evidence_items.c.id.label("item_id")).select_from(joined)


def hold_of(row: RowMapping) -> Hold:
    """A hold from a row of `select_holds`."""
    return Hold(
        id=row["id"],
        item_id=row["item_id"],
        reason=row["reason"],
        authority=row["authority"],
        placed_at=row["placed_at"],
        placed_by=row["placed_by"],
        released_at=row["released_at"],
        released_by=row["released_by"],
        release_reason=row["release_reason"],
    )


def object_of(row: RowMapping) -> StoredObject:
    """An object of the vault from its row."""
    return StoredObject(
        id=row["id"],
        address=row["address"],
        size=row["size"],
        wrapped=None if row["wrapped"] is None else bytes(row["wrapped"]),
        key_id=row["key_id"],
        created_at=row["created_at"],
        destroyed_at=row["destroyed_at"],
    )


def living_items(connection: Connection, object_id: str) -> int:
    """How many items that are not destroyed have an object."""
    statement = select(func.count()).where(
        evidence_items.c.object_id == object_id, evidence_items.c.destroyed_at.is_(None)
    )
    return int(connection.scalar(statement) or 0)


LIVING = evidence_objects.c.wrapped.is_not(None)
"""Of objects: their key exists. Said as the indexes say it."""
