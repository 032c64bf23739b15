"""How deliveries are read from their table."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, literal_column, or_, select

from tutela.model import ActionMessage, Delivery, DeliveryState, Receipt
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.audit.change import leaf
from tutela.storage.tables import deliveries

OPEN = literal_column("deliveries.state") != literal_column("'done'")
"""Said in every look at what is not done, word for word: an index holds just these rows."""

DELAYS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)
"""Seconds from the decision to the first time that a destination took or confirmed it."""
WITHIN = "deliveries_within_"
"""Beginning of the names of counters: how many took so many seconds at most."""

CONFIRMED = "confirmed"
RETRIED = "sent again"
"""What the audit log is told of an action."""


def action_leaf(one: Delivery, by: str, did: str) -> NewLeaf:
    """What the audit log says of an action: it is about the event, nothing of the receipt."""
    facts = {"delivery": one.id, "action": one.message.action.value, "destination": one.destination}
    return leaf(AuditKind.ACTION, by, one.message.event_id, did, facts)


def unended() -> ColumnElement[bool]:
    """Whether the platform has neither confirmed a delivery nor was it given up."""
    state = deliveries.c.state
    return or_(state == DeliveryState.WAITING.value, state == DeliveryState.SENT.value)


def select_deliveries() -> Select[Any]:
    """All columns that a delivery is made of."""
    return select(deliveries)


def delivery_of(row: RowMapping) -> Delivery:
    """A delivery from its row."""
    receipt = row["receipt"]
    return Delivery(
        id=row["id"],
        destination=row["destination"],
        message=msgspec.json.decode(row["message"], type=ActionMessage),
        created_at=row["created_at"],
        confirm_by=row["confirm_by"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_at=row["next_at"],
        sent_at=row["sent_at"],
        ended_at=row["ended_at"],
        problem=row["problem"],
        receipt=None if receipt is None else msgspec.json.decode(receipt, type=Receipt),
    )
