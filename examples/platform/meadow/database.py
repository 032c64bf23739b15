"""Meadow's own database: one SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = sqlite3.Row
Connection: TypeAlias = sqlite3.Connection

TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, name TEXT, about TEXT, age TEXT, age_source TEXT, joined_at REAL
);
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, account TEXT);
-- A picture of the feed, a message, or a request for contact. Its id is the event id that Tutela
-- knows. `checking`, `waiting` (Tutela is away), `shown`, `held`, `refused`, `removed`.
CREATE TABLE IF NOT EXISTS posts (
    id TEXT PRIMARY KEY, kind TEXT, author TEXT, receiver TEXT, text TEXT, picture BLOB,
    state TEXT, why TEXT DEFAULT '', blurred INTEGER DEFAULT 0, preserved INTEGER DEFAULT 0,
    sent_at REAL, due_at REAL, slowed INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS contacts (asker TEXT, asked TEXT, PRIMARY KEY (asker, asked));
-- What an account may not do for now, or only slowly. `ends_at` is NULL until somebody lifts it.
CREATE TABLE IF NOT EXISTS limits (
    event_id TEXT, kind TEXT, account TEXT, seconds INTEGER, why TEXT, begun_at REAL, ends_at REAL,
    PRIMARY KEY (event_id, kind)
);
-- What somebody contests, one for each decision. `sent_at` is NULL until Tutela has taken it; its
-- id is the id of the appeal there. `outcome` is empty until it is decided.
CREATE TABLE IF NOT EXISTS appeals (
    id TEXT PRIMARY KEY, event_id TEXT, account TEXT, text TEXT, at REAL, sent_at REAL,
    outcome TEXT DEFAULT '', statement TEXT DEFAULT '', answered_at REAL, UNIQUE (event_id, account)
);
-- What somebody is told; `account` is empty for the moderators.
CREATE TABLE IF NOT EXISTS notes (
    event_id TEXT, account TEXT, about TEXT, text TEXT, at REAL,
    PRIMARY KEY (event_id, account, about)
);
-- Each action that Tutela has asked for, once, with the receipt that was given for it.
CREATE TABLE IF NOT EXISTS actions (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, action TEXT, event_id TEXT, account TEXT,
    asked_at TEXT, done_at REAL, note TEXT, times INTEGER DEFAULT 1
);
"""

DAY = 86_400.0
PEOPLE = (
    ("ada", "Ada", "Grows tomatoes on a balcony.", "adult", "verified", 900),
    ("robin", "Robin", "Photographs hills and rivers.", "adult", "declared", 3),
    ("mika", "Mika", "Paints model trains. 15 years old.", "from_13_to_15", "declared", 200),
)
"""Everybody on this platform. They are invented."""


class Database:
    """The file, and transactions on it. For any number of threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "meadow.db"
        with self.begin() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(TABLES)
            rows = [(*who[:5], time.time() - who[5] * DAY) for who in PEOPLE]
            connection.executemany("INSERT OR IGNORE INTO accounts VALUES (?,?,?,?,?,?)", rows)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing where it ends with an error."""
        with closing(sqlite3.connect(self._path, timeout=20)) as connection, connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    def all(self, statement: str, *values: Any) -> list[Row]:  # noqa: ANN401 - any SQL value
        """The rows that a statement finds."""
        with self.begin() as connection:
            return connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> Row | None:  # noqa: ANN401 - any SQL value
        """The first row that a statement finds."""
        return next(iter(self.all(statement, *values)), None)

    def run(self, statement: str, *values: Any) -> None:  # noqa: ANN401 - any SQL value
        """Change something."""
        with self.begin() as connection:
            connection.execute(statement, values)
