"""Writes items of evidence in the transaction of their event, and the objects that they have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela.model.custody.evidence import ItemFacts, NewItem, Sealed
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.custody_tables import evidence_items, evidence_objects


def write_items(
    connection: Connection, batch: Mapping[int, Sequence[NewItem]], created_at: datetime
) -> None:
    """Write the items of new events, by the event's number.

    Equal bytes that are kept already are kept once. Objects are written in the order of their
    addresses, so that two processes cannot lock each other out.
    """
    sealed = [item.sealed for items in batch.values() for item in items if item.sealed is not None]
    objects = {
        one.address: write_object(connection, one, created_at)
        for one in sorted(sealed, key=lambda one: one.address)
    }
    for event_seq, items in batch.items():
        for item in items:
            object_id = objects[item.sealed.address] if item.sealed is not None else None
            write_item(connection, event_seq, item, object_id, created_at)


def write_item(
    connection: Connection,
    event_seq: int,
    item: NewItem,
    object_id: str | None,
    created_at: datetime,
) -> None:
    """Write one item of an event; its object is written already."""
    row = {
        "id": item.id,
        "event_seq": event_seq,
        "kind": item.kind.value,
        "state": item.state.value,
        "object_id": object_id,
        "drill": item.drill,
        "created_at": created_at,
        "detected_at": item.detected_at,
        "term": msgspec.json.encode(item.term).decode(),
        "facts": msgspec.json.encode(item.facts).decode(),
        "clock_at": item.clock_at,
        "expires_at": item.expires_at,
        "problem": item.problem,
    }
    connection.execute(insert(evidence_items).values(row))


def write_object(connection: Connection, sealed: Sealed, created_at: datetime) -> str:
    """Write an object, unless equal bytes are kept already; the id of the object that counts.

    Nobody can destroy that object until the transaction ends. Where the one that was kept is
    destroyed at this very moment, the new one takes its place.
    """
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {
        "id": sealed.id,
        "address": sealed.address,
        "size": sealed.size,
        "wrapped": sealed.wrapped,
        "key_id": sealed.key_id,
        "created_at": created_at,
    }
    write = (
        dialect.insert(evidence_objects)
        .values(row)
        .on_conflict_do_nothing(
            index_elements=["address"], index_where=evidence_objects.c.wrapped.is_not(None)
        )
    )
    living = (
        select(evidence_objects.c.id)
        .where(
            evidence_objects.c.address == sealed.address, evidence_objects.c.wrapped.is_not(None)
        )
        .with_for_update(read=True)
    )
    while True:
        connection.execute(write)
        found = connection.scalar(living)
        if found is not None:
            return str(found)


def preserve_leaf(event_id: str, item: NewItem) -> NewLeaf:
    """The leaf of an item that is taken in or owed: which bytes it speaks of, salted."""
    data: dict[str, str | int | bool | None] = {
        "event": event_id,
        "kind": item.kind.value,
        "state": item.state.value,
        "pack": item.term.pack,
    }
    if item.sealed is not None:
        data["content"] = commitment(item.facts.salt, item.sealed.digests["sha256"])
        data["size"] = item.sealed.size
    return NewLeaf(kind=AuditKind.PRESERVE, by="tutela", subject=item.id, data=data)


def commitment(salt: str, sha256: str) -> str:
    """SHA-256 of a salt and a digest, both hex: what the audit log says of an item's bytes."""
    return hashlib.sha256(bytes.fromhex(salt) + bytes.fromhex(sha256)).hexdigest()


def committed(facts: ItemFacts) -> str | None:
    """The commitment to an item's bytes; None where they are not known."""
    sha256 = facts.digests.get("sha256")
    return commitment(facts.salt, sha256) if facts.salt and sha256 else None
