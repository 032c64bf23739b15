"""Destroying: the key goes, the facts go, and the log says so, in one transaction."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from tutela.errors import Conflict
from tutela.model.custody.evidence import Item, ItemFacts, ItemState, StoredObject
from tutela.model.custody.terms import Bound, is_span
from tutela.storage.audit.log import append
from tutela.storage.custody_tables import evidence_items, evidence_objects
from tutela.storage.evidence.leaves import destroy_leaf
from tutela.storage.evidence.rows import item_of, living_items, locked_item, object_of

_NOTHING = msgspec.json.encode(ItemFacts()).decode()


def destroy(
    connection: Connection,
    item_id: str,
    by: str,
    at: datetime,
    *,
    again: bool = False,
    wish: str = "",
) -> StoredObject | None:
    """Destroy an item whose term has ended; see `EvidenceItems.destroy` and `erase`.

    The item is locked before its object, as everywhere, and the log comes last.
    """
    row = locked_item(connection, item_id)
    item = item_of(row)
    if item.state is ItemState.DESTROYED:
        return None
    if not again:
        _refuse_held(item)
        if wish:
            _refuse_unlawful(item, at)
        else:
            _refuse_early(item, at)
    connection.execute(
        update(evidence_items)
        .where(evidence_items.c.seq == row["seq"])
        .values(state=ItemState.DESTROYED.value, facts=_NOTHING, destroyed_at=at, problem=wish)
    )
    gone = None if item.object_id is None else _release(connection, item.object_id, at)
    leaf = destroy_leaf(item, by, key_destroyed=gone is not None, again=again, wish=wish)
    append(connection, [leaf])
    return gone


def _refuse_held(item: Item) -> None:
    if item.held:
        raise Conflict(
            "a hold stands on this item",
            where="item",
            remedy="whoever may lift the hold decides",
        )


def _refuse_unlawful(item: Item, at: datetime) -> None:
    """No wish shortens a time that the law sets, once it has begun."""
    term = item.term
    bound_by_law = bool(term.pack) and term.bound is not Bound.MAXIMUM and is_span(term.keep)
    running = item.clock_at is not None and item.expires_at is not None and item.expires_at > at
    if bound_by_law and running:
        raise Conflict(
            f"the law wants this item kept for {term.keep} ({term.source})",
            where="item",
            remedy=f"it is destroyed by itself on {item.expires_at:%Y-%m-%d}",
        )


def _refuse_early(item: Item, at: datetime) -> None:
    if item.expires_at is None or item.expires_at > at:
        raise Conflict("the term of this item has not ended", where="item")


def _release(connection: Connection, object_id: str, at: datetime) -> StoredObject | None:
    """Destroy an object's key with the last item that has it; the object, if that was so."""
    # Whoever takes the object for a new item locks it, too; so nobody does meanwhile.
    chosen = evidence_objects.c.id == object_id
    connection.execute(select(evidence_objects.c.id).where(chosen).with_for_update())
    if living_items(connection, object_id):
        return None
    connection.execute(update(evidence_objects).where(chosen).values(wrapped=None, destroyed_at=at))
    row = connection.execute(select(evidence_objects).where(chosen)).mappings().one()
    return object_of(row)
