"""Counters that work in the background adds to, beside those of the journals."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from tutela.storage.tables import tallies

JOURNAL = "past"
"""The row owner in `tallies`: work in the background is done by one process at a time."""


def add_to_tally(connection: Connection, name: str, by: int) -> None:
    """Add to a counter, within a transaction that writes."""
    if not by:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(tallies).values(journal=JOURNAL, name=name, value=by)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["journal", "name"], set_={"value": tallies.c.value + by}
        )
    )
