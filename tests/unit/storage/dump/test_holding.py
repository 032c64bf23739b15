from __future__ import annotations

from datetime import timedelta

from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.audit.reading import AuditLog
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.dump.holding import holds_anything


def holds(database: Database) -> bool:
    with database.read() as connection:
        return holds_anything(connection)


def test_new_tables_hold_nothing(database: Database) -> None:
    assert not holds(database)


def test_a_bank_is_something(database: Database) -> None:
    Banks(database).create("hills")
    assert holds(database)


def test_a_leaf_is_something(database: Database) -> None:
    leaf = NewLeaf(kind=AuditKind.START, by="tutela", subject="server")
    AuditLog(database).write([leaf])
    assert holds(database)


def test_access_is_something(database: Database) -> None:
    Keys(database).create("anna", "admin")
    assert holds(database)
    Sessions(database).create_code("admin", timedelta(minutes=1))
    assert holds(database)
