"""The database that a dump is restored into: seen whole or not at all."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import DatabaseError

from tutela.errors import BadConfiguration, Conflict
from tutela.storage.database import Database
from tutela.storage.dump.file import StagingFile, give_way, in_use, is_database, quiet, swept
from tutela.storage.dump.holding import holds_anything
from tutela.storage.dump.ongoing import Ongoing
from tutela.storage.migrations import current, is_known
from tutela.storage.tables import metadata

REPLACE = "restore into another, empty database, or say --replace"
LEAVING_SECONDS = 1.0
"""So long whoever is connected to a PostgreSQL has to be gone."""

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A database without tables, which nobody sees until it is published.

    Attributes:
        database: to be filled; it works as any other.
        publish: lets it take the place of what was there: at once and whole. To be called once,
            last. Gives the name of the file that the database before it now has, where there is
            one. Raises `Conflict`: somebody uses what was there.
    """

    database: Database
    publish: Callable[[], Path | None]


@contextmanager
def restoring(url: str, *, replace: bool = False) -> Iterator[Target]:
    """A target in the place of a database; given up unless it was published.

    Args:
        url: as for `Database.open`.
        replace: whether a database that holds something may be replaced. A file of SQLite is
            renamed then; on PostgreSQL the tables are dropped in the transaction that fills them.

    Raises:
        Conflict: the database holds something and is not to be replaced, or somebody uses it.
        BadConfiguration: the URL names none, or a newer program has changed its tables.
        Unavailable: it cannot be reached or written.
    """
    parsed = make_url(url) if url.startswith("sqlite") else None
    if parsed is None or not parsed.database:
        with _in_transaction(url, replace=replace) as target:
            yield target
        return
    path = Path(parsed.database)
    held = path.exists() and (not is_database(path) or _file_holds(url))
    if held and not replace:
        raise _occupied(str(path))
    quiet(path)
    swept(path)
    with StagingFile(path) as staging:
        database = Database.open(
            parsed.set(database=str(staging.path)).render_as_string(hide_password=False)
        )

        def publish() -> Path | None:
            database.close()
            aside = path.with_name(f"{path.name}.before-restore-{stamp()}") if held else None
            give_way(path, aside)
            staging.take_place(path)
            return aside

        try:
            yield Target(database, publish)
        finally:
            database.close()


@contextmanager
def _in_transaction(url: str, *, replace: bool) -> Iterator[Target]:
    database = Database.open(url)
    published = False

    def publish() -> None:
        nonlocal published
        published = True

    try:
        with suppress(_GivenUp), database.write() as connection:
            _refuse_others(connection)
            _empty(connection, replace=replace)
            yield Target(Ongoing(connection), publish)
            if not published:
                raise _GivenUp
    finally:
        database.close()


class _GivenUp(Exception):
    """Ends a transaction without its effect."""


def _empty(connection: Connection, *, replace: bool) -> None:
    """Drop our tables. What they hold is lost when the transaction comes to its end."""
    revision = current(connection)
    if revision is not None and not is_known(revision):
        raise BadConfiguration(
            "the database belongs to a newer version of this program",
            where="storage.url",
            remedy="install that version, or restore into an empty database",
        )
    if not replace and holds_anything(connection):
        raise _occupied("storage.url")
    present = set(inspect(connection).get_table_names())
    ours = [t for t in reversed(metadata.sorted_tables) if t.name in present]
    for table in ours:
        table.drop(connection)
    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _refuse_others(connection: Connection) -> None:
    """Whoever is connected as the same user is this program, at work.

    The server still lists a connection for a moment after it was closed: so it is asked again.
    """
    until = time.monotonic() + LEAVING_SECONDS
    while connection.scalar(_OTHERS):
        if time.monotonic() > until:
            raise in_use("storage.url")
        time.sleep(0.05)
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))


def _file_holds(url: str) -> bool:
    """Whether a file of SQLite holds anything; one that cannot be read may."""
    database = Database.open(url)
    try:
        with database.read() as connection:
            return holds_anything(connection)
    except (sqlite3.DatabaseError, DatabaseError):
        return True
    finally:
        database.close()


def stamp() -> str:
    """An end for the name of what is put aside: the time, and something that is like no other."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def _occupied(where: str) -> Conflict:
    return Conflict("the database holds something already", where=where, remedy=REPLACE)
