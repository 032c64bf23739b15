"""A stretch of time that ends now, as a condition on events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from tutela.errors import InvalidInput
from tutela.storage.tables import events
from tutela.storage.values import now

MOST_DAYS = 3650
SLACK = 10_000
"""Events are numbered in the order of storing; so many may have come in earlier than another."""


def days_ago(days: int) -> datetime:
    """The beginning of the last so many days; raises `InvalidInput` for none or too many."""
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(
            f"the number of days is 1 to {MOST_DAYS}", where="days", remedy="give such a number"
        )
    return now() - timedelta(days=days)


def received_since(
    connection: Connection, since: datetime, event_seq: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Whether an event came in since a point in time.

    A bound on the number of the event spares the database from reading tables from their start.

    Args:
        event_seq: the number of an event in another table, which is joined to the events.
    """
    oldest = select(events.c.seq).where(events.c.received_at >= since)
    first = connection.scalar(oldest.order_by(events.c.received_at).limit(1))
    bound = 0 if first is None else first - SLACK
    return and_(event_seq > bound, events.c.received_at >= since)
