"""How the evidence stands, in numbers: for the metrics, and for whoever keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from tutela.model.custody.evidence import ItemState
from tutela.model.record import Record
from tutela.storage.custody_tables import evidence_holds, evidence_items, evidence_objects
from tutela.storage.evidence.rows import LIVING, is_held


class Standing(Record, frozen=True, kw_only=True):
    """How the evidence stands.

    Attributes:
        items: how many there are, by state.
        held: items that a hold stands on.
        objects: objects whose key exists.
        bytes: size of their plain bytes.
        overdue: items whose term has ended and that no hold keeps.
        next_expiry: when the next term ends of an item that no hold keeps; None where none does.
    """

    items: Mapping[ItemState, int]
    held: int
    objects: int
    bytes: int
    overdue: int
    next_expiry: datetime | None


def standing(connection: Connection, at: datetime) -> Standing:
    """How the evidence stands at a time."""
    states = select(evidence_items.c.state, func.count()).group_by(evidence_items.c.state)
    items = dict.fromkeys(ItemState, 0)
    items.update((ItemState(row[0]), int(row[1])) for row in connection.execute(states))
    open_ = (
        evidence_items.c.expires_at.is_not(None),
        evidence_items.c.destroyed_at.is_(None),
        ~is_held(),
    )
    # In this order and not as a minimum, so that the index gives it at once.
    ending = select(evidence_items.c.expires_at).where(*open_)
    ending = ending.order_by(evidence_items.c.expires_at).limit(1)
    overdue = select(func.count()).where(*open_, evidence_items.c.expires_at <= at)
    # Holds are few, whatever the number of items.
    held = select(func.count(evidence_holds.c.item_seq.distinct())).where(
        evidence_holds.c.released_at.is_(None)
    )
    kept = select(func.count(), func.coalesce(func.sum(evidence_objects.c.size), 0)).where(LIVING)
    objects, size = connection.execute(kept).one()
    return Standing(
        items=items,
        held=int(connection.scalar(held) or 0),
        objects=int(objects),
        bytes=int(size),
        overdue=int(connection.scalar(overdue) or 0),
        next_expiry=connection.scalar(ending),
    )
