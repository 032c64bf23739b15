"""Whether a database holds anything that somebody put there."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select

from tutela.storage.tables import metadata

SEEDED = frozenset(
    {
        *("audit_head", "counters", "flood_watch", "list_versions", "past"),
        *("queue_sorting", "queues"),
    }
)
"""Tables that have rows from the start, and change with others only."""
KINDS = "signal_kinds"
"""Likewise; more kinds are known once a program with extensions has started."""


def holds_anything(connection: Connection) -> bool:
    """Whether there is any row that the migrations did not put there."""
    present = set(inspect(connection).get_table_names())
    tables = (table for table in metadata.sorted_tables if table.name in present)
    return any(
        connection.execute(select(1).select_from(table).limit(1)).first() is not None
        for table in tables
        if table.name not in SEEDED and table.name != KINDS
    )
