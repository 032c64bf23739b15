from __future__ import annotations

import sqlite3
import stat
import threading
import traceback
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text

from tutela.errors import BadConfiguration, Conflict, InvalidInput, Unavailable
from tutela.storage import database as module
from tutela.storage.database import Database, insert_rows
from tutela.storage.tables import actions, counters, events, metadata


def test_migrations_build_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE counters SET value = 7"))
    database.migrate()
    with database.read() as connection:
        assert connection.scalars(select(counters.c.value)).all() == [7, 7, 7]


def test_tables_of_a_newer_program_are_left_alone(database: Database) -> None:
    became = text("UPDATE alembic_version SET version_num = :version")
    with database.write() as connection:
        own = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(became, {"version": "9999"})
    with pytest.raises(BadConfiguration, match="newer version"):
        database.migrate()
    with database.write() as connection:  # as it was: it is used again
        connection.execute(became, {"version": own})


def test_a_sqlite_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(BadConfiguration, match="too old"):
        Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")


def test_several_processes_may_migrate_at_once(empty_database_url: str) -> None:
    databases = [Database.open(empty_database_url) for _ in range(4)]
    failures: list[Exception] = []

    def migrate(database: Database) -> None:
        try:
            database.migrate()
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)
        database.close()

    threads = [threading.Thread(target=migrate, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hill",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://user:secret-word@host/name",
        "://secret-word",
    ],
)
def test_an_unusable_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        Database.open(url)
    assert "secret-word" not in str(caught.value)
    assert "storage.url" in str(caught.value)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be opened"):
        Database.open(f"sqlite:///{tmp_path}")


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'new' / 'tutela.db'}")
    database.migrate()
    modes = {path.name: path.stat().st_mode for path in (tmp_path / "new").iterdir()}
    assert "tutela.db-wal" in modes
    assert all(stat.S_IMODE(mode) == 0o600 for mode in modes.values())
    database.close()


def test_sqlite_is_set_up_to_survive(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with database.read() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    database.close()
    assert found == wanted


def test_a_database_that_is_down_is_unavailable() -> None:
    database = Database.open("postgresql+psycopg://user:secret-word@127.0.0.1:1/name")
    with pytest.raises(Unavailable) as caught, database.read():
        pass
    assert "secret-word" not in str(caught.value)


def test_a_locked_database_is_unavailable_and_then_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    path = tmp_path / "tutela.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"), database.write():
        pass
    other.execute("ROLLBACK")
    other.close()
    with database.write() as connection:
        connection.execute(text("UPDATE counters SET value = 1"))
    database.close()


def test_a_failed_block_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(insert(counters), {"name": "x", "value": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert connection.scalar(select(counters.c.value).where(counters.c.name == "x")) is None


def test_a_reader_sees_one_snapshot_while_others_write(database: Database) -> None:
    value = select(counters.c.value).where(counters.c.name == "version")
    with database.read() as reader:
        before = reader.scalars(value).one()
        with database.write() as writer:
            writer.execute(text("UPDATE counters SET value = value + 1"))
        assert reader.scalar(value) == before
    with database.read() as reader:
        assert reader.scalar(value) == before + 1


@pytest.mark.parametrize("count", [1, module.COPY_ROWS - 1, module.COPY_ROWS, 1000])
def test_rows_are_inserted_by_few_and_by_many(database: Database, count: int) -> None:
    columns = [column.name for column in events.columns if column.name != "seq"]
    rows = [
        (f"e{n}", "d", n, "upload", "a\tb\\n", "ü", None, n % 2 == 0, "[]", None)
        for n in range(count)
    ]
    with database.write() as connection:
        insert_rows(connection, events, columns, rows)
        insert_rows(connection, actions, ["event_seq", "kind"], [])
    with database.read() as connection:
        chosen = [events.c[name] for name in columns if name != "received_at"]
        found = connection.execute(select(*chosen).order_by(events.c.received_at)).all()
    assert [tuple(row) for row in found] == [(*row[:2], *row[3:]) for row in rows]


def test_a_value_that_no_row_can_hold_is_invalid_input(database: Database) -> None:
    wrong = {"name": "x", "value": 1 << 70}
    with pytest.raises(InvalidInput, match="cannot be stored"), database.write() as connection:
        connection.execute(insert(counters), wrong)


def test_a_broken_rule_is_a_conflict_that_hides_the_values(database: Database) -> None:
    row = {"name": "secret-word", "value": 1}
    with database.write() as connection:
        connection.execute(insert(counters), row)
    with pytest.raises(Conflict) as caught, database.write() as connection:
        connection.execute(insert(counters), row)
    assert "secret-word" not in "".join(traceback.format_exception(caught.value))
