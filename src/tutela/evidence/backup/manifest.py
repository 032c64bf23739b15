"""What a generation of a backup says of itself: at its start, and at its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from tutela.errors import TutelaError
from tutela.model.record import Record
from tutela.storage.dump.layout import TableDigest, TableLayout

FORMAT = 1
"""Raised when an older program could not read what this one writes."""

Progress = Callable[[str, int], None]
"""Told how much of something was done: its name, and how many rows or bytes more."""


class DamagedBackup(TutelaError):
    """A backup is not as it was written: altered, cut short, mixed up, or a part is missing."""

    code: ClassVar[str] = "damaged-backup"


class Start(Record, frozen=True, kw_only=True):
    """The first member: all that is needed to make sense of what follows.

    Attributes:
        format: of the archive.
        program: version of the program that made it.
        generation: its name.
        made_at: when it was begun; the tables are as they were a moment later.
        revision: the database's last migration.
        tables: the tables, in the order in which they follow.
        key_service: who wraps the keys of the vault's objects, as in `vault.keys`.
    """

    format: int
    program: str
    generation: str
    made_at: datetime
    revision: str
    tables: tuple[TableLayout, ...]
    key_service: str


class LogEnd(Record, frozen=True, kw_only=True):
    """Where the audit log ended: its name, its leaves, and their root in hex."""

    origin: str
    size: int
    root: str


class BlobList(Record, frozen=True, kw_only=True):
    """What the list of blobs comes to.

    Attributes:
        count: blobs that are in the backup.
        bytes: of all of them.
        sha256: of the list itself.
        gone: ids of objects that were destroyed after the tables were read.
        missing: ids of objects whose blobs the vault lacked when the backup was made.
    """

    count: int
    bytes: int
    sha256: str
    gone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class KeyCopy(Record, frozen=True, kw_only=True):
    """A key file that is in the archive, by the name of its setting."""

    name: str
    sha256: str


class Manifest(Record, frozen=True, kw_only=True):
    """The last member: what everything before comes to. Without it an archive is not whole."""

    generation: str
    log: LogEnd
    tables: tuple[TableDigest, ...]
    blobs: BlobList
    keys: tuple[KeyCopy, ...]


def damaged(path: Path, what: str) -> DamagedBackup:
    """A file of a backup is not as it was written."""
    return DamagedBackup(
        what, where=str(path), remedy="restore another generation, or another copy of the backup"
    )
