"""One database: how it is opened, read and written. SQLite is the default, PostgreSQL the other."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

import psycopg
import sqlalchemy.exc
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from tutela.errors import BadConfiguration, Conflict, InvalidInput, Unavailable
from tutela.storage.migrations import migrate

LOCK_SECONDS = 10.0
LOCK_POLL_SECONDS = 0.001
COPY_ROWS = 100  # fewer are quicker to insert than to copy
OLDEST_SQLITE = (3, 35)  # the first that returns what it changed
POOL_SIZE = 8
POOL_OVERFLOW = 56

PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers never wait for the writer
    "PRAGMA synchronous = FULL",  # what is committed has been synced
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # an erased signal is gone from the file as well
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cache_size = -16384",  # 16 MB for each connection that needs so much
    "PRAGMA journal_size_limit = 67108864",
    f"PRAGMA busy_timeout = {int(LOCK_SECONDS * 1000)}",
)

SETTINGS = (
    "SET synchronous_commit = on",  # what is committed has been synced, whatever the server says
    f"SET lock_timeout = {int(LOCK_SECONDS * 1000)}",
)


class Database:
    """A pool of connections to one database; thread-safe. Not to be carried across a fork.

    Attributes:
        dialect: `sqlite` or `postgresql`.
        engine: SQLAlchemy's engine, for this package only.
    """

    def __init__(self, engine: Engine) -> None:
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
        )
        self.engine = engine
        reading = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reader = engine.execution_options(**reading)
        self._writer = engine.execution_options(tutela_writes=True)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `sqlite:///path` or `postgresql+psycopg://…`; creates no table.

        Raises:
            BadConfiguration: the URL names no such database. It is not repeated in the error: it
                may hold a password.
        """
        try:
            parsed = make_url(url)
        except sqlalchemy.exc.ArgumentError:
            raise _bad_url() from None
        if parsed.get_backend_name() == "sqlite":
            return cls(_sqlite(parsed))
        if parsed.get_backend_name() == "postgresql":
            return cls(_postgresql(parsed))
        raise _bad_url()

    def migrate(self) -> None:
        """Bring the tables to the newest version; several processes may do so at once.

        Raises:
            BadConfiguration: a newer version of the program has changed the tables.
            Unavailable: the database cannot be reached.
        """
        with self.write() as connection:
            migrate(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one snapshot and never waits for a writer.

        Raises:
            Unavailable: the database cannot be reached, or no connection became free.
            InvalidInput: a value is not one that a database can hold.
        """
        with typed_errors(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; durable (synced) once the block has been left.

        Raises:
            Unavailable: the database cannot be reached, is full, or stayed locked.
            InvalidInput: a value is not one that a database can hold.
            Conflict: a row breaks a rule of the tables.
        """
        with typed_errors(), self._writer.begin() as connection:
            yield connection

    def forget(self) -> bool:
        """Empty SQLite's write-ahead log, so that nothing that was erased is left in it.

        Returns:
            whether it is empty; a reader who is at work may keep it from that, and it is to be
            tried again later. Of PostgreSQL, whose log is the server's own matter, always True.

        Raises:
            Unavailable: the database cannot be used now.
        """
        if self.dialect != "sqlite":
            return True
        with typed_errors():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy, left, _ = cursor.fetchone() or (1, 0, 0)
                cursor.close()
            finally:
                connection.close()
        return not busy and not left

    def close(self) -> None:
        """Close every idle connection; the database must not be used afterwards."""
        self.engine.dispose()


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows by the driver's quickest way; values are given as they are stored."""
    if not rows:
        return
    sqlite = connection.dialect.name == "sqlite"
    if sqlite or len(rows) < COPY_ROWS:
        marks = ", ".join(["?" if sqlite else "%s"] * len(columns))
        names = ", ".join(f'"{name}"' for name in columns)  # some are words of SQL
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - own names
        connection.exec_driver_sql(statement, list(rows))
    else:
        _copy_rows(connection, table, columns, rows)


def _copy_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - tells mypy what the pool holds
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def typed_errors() -> Iterator[None]:
    """Turn what databases raise into our errors, which repeat no values."""
    try:
        yield
    except (
        sqlalchemy.exc.OperationalError,
        sqlalchemy.exc.TimeoutError,
        psycopg.OperationalError,
    ) as error:
        raise _unavailable(error) from error
    except (sqlalchemy.exc.DataError, psycopg.DataError, OverflowError, UnicodeError) as error:
        # Such as a NUL in a text or a number of more than 64 bits: no row can have it.
        raise InvalidInput(f"a value cannot be stored ({type(error).__name__})") from None
    except (sqlalchemy.exc.IntegrityError, psycopg.IntegrityError):
        # PostgreSQL's own message repeats values.
        raise Conflict("the change contradicts what is stored") from None
    except sqlalchemy.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    """SQLite's messages are fixed texts; PostgreSQL's may repeat values, so only their class."""
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    why = str(cause) if isinstance(cause, sqlite3.Error) else type(cause).__name__
    return Unavailable(f"the database cannot be used now ({why})", remedy="try again later")


def _bad_url() -> BadConfiguration:
    return BadConfiguration(
        "the database URL cannot be used",
        where="storage.url",
        remedy="write sqlite:///path/to/file or postgresql+psycopg://user@host/database",
    )


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise _bad_url()  # every thread and process would see another database
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise BadConfiguration(
            f"SQLite {sqlite3.sqlite_version} is too old, 3.35 is needed",
            remedy="use a Python with a newer SQLite, or PostgreSQL",
        )
    _create_private(Path(url.database))
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=LOCK_SECONDS,
        connect_args={"timeout": LOCK_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=LOCK_SECONDS,
        pool_pre_ping=True,
        connect_args={"connect_timeout": int(LOCK_SECONDS)},
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _create_private(path: Path) -> None:
    """Make the file readable by its owner alone; SQLite gives its side files the same mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise BadConfiguration(
            f"the database file cannot be opened ({error.strerror})",
            where=str(path),
            remedy="check the folder's owner and mode, or set another storage.url",
        ) from error


def _prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    # Python's own idea of when a transaction starts is switched off; `_begin_sqlite` says when.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.cursor().execute(pragma)


def _prepare_postgresql(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    for setting in SETTINGS:
        connection.cursor().execute(setting)
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("tutela_writes"):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own wait sleeps for up to 100 ms between attempts and so starves whoever waits
    # beside a busy writer; a short steady poll lets every process have its turn.
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - tells mypy what the pool holds
    driver.execute("PRAGMA busy_timeout = 0").close()
    try:
        if not _begin_immediate(driver):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # for SQLAlchemy to word the error
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(LOCK_SECONDS * 1000)}").close()


def _begin_immediate(driver: sqlite3.Connection) -> bool:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                return False
        else:
            return True
        time.sleep(LOCK_POLL_SECONDS)
