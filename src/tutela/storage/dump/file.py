"""Files of SQLite that are made beside their place and take it when they are whole."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tutela.durable import sync_folder
from tutela.errors import Conflict, Unavailable

SIDES = ("-wal", "-shm", "-journal")
"""Ends of the names of files that belong to one of SQLite."""
SUFFIX = ".restoring"
MAGIC = b"SQLite format 3\0"


class StagingFile:
    """A name for a database beside its place; removed at the end unless it took it.

    Args:
        place: where it is to be in the end.
    """

    def __init__(self, place: Path) -> None:
        self.path = place.with_name(f".{place.name}.{secrets.token_hex(8)}{SUFFIX}")
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Make it, and hold a lock on it by which others see that somebody is at work."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
        except OSError as problem:
            raise _unwritable(self.path.parent, problem) from problem
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _remove(self.path)
        if self._descriptor is not None:
            os.close(self._descriptor)

    def take_place(self, place: Path) -> None:
        """Rename it, durable and in one step; nobody may have it open any more."""
        _fold(self.path)
        try:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
            self.path.replace(place)
            sync_folder(place.parent)
        except OSError as problem:
            raise _unwritable(place.parent, problem) from problem


def swept(place: Path) -> None:
    """Remove what restores left behind that were killed."""
    for path in place.parent.glob(f".{place.name}.*{SUFFIX}"):
        with suppress(OSError), path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path)


def is_database(path: Path) -> bool:
    """Whether a file looks like one of SQLite.

    Opening one that is damaged may already cost what its write-ahead log has.
    """
    with path.open("rb") as file:
        return file.read(len(MAGIC)) in {MAGIC, b""}


def quiet(path: Path) -> bool:
    """Make sure that nobody uses a database, and that all of it is in its one file.

    Returns:
        whether it is a database that can be opened; also where there is none.

    Raises:
        Conflict: somebody uses it.
    """
    if not path.exists():
        return True
    if not is_database(path):
        return False
    try:
        _fold(path)
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise in_use(str(path)) from None
        return False
    except sqlite3.DatabaseError:
        return False
    return True


def give_way(path: Path, aside: Path | None) -> None:
    """Give a database a second name, under which it stays, if it is to stay.

    Raises:
        Conflict: somebody uses it.
    """
    whole = quiet(path)
    for end in SIDES if aside is None else ("", *SIDES):
        side = path.with_name(path.name + end)
        if not side.exists():
            continue
        if aside is None or (whole and end):
            side.unlink()
        elif end:
            side.rename(aside.with_name(aside.name + end))
        else:
            os.link(side, aside)


def _fold(path: Path) -> None:
    """Bring the write-ahead log into the file. Not while anybody else has it open."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").close()


def _remove(path: Path) -> None:
    for end in ("", *SIDES):
        with suppress(OSError):
            path.with_name(path.name + end).unlink()


def in_use(where: str) -> Conflict:
    """Somebody uses the database that is to be replaced."""
    return Conflict(
        "the database is in use", where=where, remedy="stop the server and its workers first"
    )


def _unwritable(folder: Path, problem: OSError) -> Unavailable:
    return Unavailable(
        f"the database cannot be written there ({problem.strerror})",
        where=str(folder),
        remedy="check the folder's owner, mode and free space",
    )
