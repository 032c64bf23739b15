"""Which blobs of the vault the tables speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, collate, select

from tutela.storage.custody_tables import evidence_items, evidence_objects

TOGETHER = 500


def living_objects(connection: Connection) -> Iterator[tuple[str, str]]:
    """Address and id of every object whose key exists, in the order of their addresses' bytes."""
    address = evidence_objects.c.address
    order = collate(address, "C") if connection.dialect.name == "postgresql" else address
    statement = (
        select(address, evidence_objects.c.id)
        .where(evidence_objects.c.wrapped.is_not(None))
        .order_by(order)
        .execution_options(yield_per=TOGETHER)
    )
    for row in connection.execute(statement):
        yield str(row[0]), str(row[1])


def items_of(connection: Connection, object_ids: Sequence[str]) -> list[str]:
    """Ids of the items that have one of these objects and are not destroyed."""
    found: list[str] = []
    for at in range(0, len(object_ids), TOGETHER):
        statement = (
            select(evidence_items.c.id)
            .where(
                evidence_items.c.object_id.in_(object_ids[at : at + TOGETHER]),
                evidence_items.c.destroyed_at.is_(None),
            )
            .order_by(evidence_items.c.seq)
        )
        found += connection.scalars(statement)
    return found
