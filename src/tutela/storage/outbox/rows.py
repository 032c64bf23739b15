"""How deliveries are read from their table."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, or_, select, text

from tutela.model import ActionMessage, Delivery, DeliveryState, Receipt
from tutela.storage.tables import deliveries

OPEN = text("deliveries.state <> 'done'")
"""Said in every look at what is not done, word for word: an index holds just these rows."""


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
