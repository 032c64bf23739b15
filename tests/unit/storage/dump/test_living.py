from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select, update

from tutela.storage.custody_tables import evidence_items, evidence_objects
from tutela.storage.database import Database
from tutela.storage.dump.living import items_of, living_objects

Fill = Callable[[Connection, int], None]


def test_objects_with_a_key_come_in_the_order_of_their_addresses(
    database: Database, filled: Fill
) -> None:
    with database.write() as connection:
        filled(connection, 1)
        ids = connection.scalars(select(evidence_objects.c.id)).all()
        connection.execute(update(evidence_objects).values(wrapped=b"key"))
        dead = evidence_objects.c.id == ids[0]
        connection.execute(update(evidence_objects).where(dead).values(wrapped=None))
    with database.read() as connection:
        found = list(living_objects(connection))
    assert {object_id for _, object_id in found} == set(ids[1:])
    assert found == sorted(found, key=lambda one: one[0].encode())


def test_items_of_objects_are_those_that_live(database: Database, filled: Fill) -> None:
    with database.write() as connection:
        filled(connection, 2)
        ids = connection.scalars(select(evidence_objects.c.id)).all()
        connection.execute(update(evidence_items).values(object_id=ids[0], destroyed_at=None))
        items = connection.scalars(select(evidence_items.c.id).order_by(evidence_items.c.seq)).all()
        assert items_of(connection, [ids[1]]) == []
        assert items_of(connection, ids) == list(items)
        assert items_of(connection, []) == []
