"""Writes items of evidence in the transaction of their event."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela.model.custody.evidence import NewItem, Sealed
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.custody_tables import evidence_items, evidence_objects


def write_items(
    connection: Connection, event_seq: int, items: Sequence[NewItem], created_at: datetime
) -> None:
    """Write the items of one new event; equal bytes that are kept already are kept once."""
    for item in items:
        object_id = None
        if item.sealed is not None:
            object_id = write_object(connection, item.sealed, created_at)
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
    """Write an object, unless equal bytes are kept already; the id of the object that counts."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {
        "id": sealed.id,
        "address": sealed.address,
        "size": sealed.size,
        "wrapped": sealed.wrapped,
        "key_id": sealed.key_id,
        "created_at": created_at,
    }
    connection.execute(
        dialect.insert(evidence_objects)
        .values(row)
        .on_conflict_do_nothing(
            index_elements=["address"], index_where=evidence_objects.c.wrapped.is_not(None)
        )
    )
    living = select(evidence_objects.c.id).where(
        evidence_objects.c.address == sealed.address, evidence_objects.c.wrapped.is_not(None)
    )
    return str(connection.execute(living).scalar_one())


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
