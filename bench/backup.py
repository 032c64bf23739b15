"""How long a backup takes, reading it through, and a restore, on SQLite and PostgreSQL.

    python bench/backup.py [--entries N] [--objects N] [--megabytes MB] [--folder FOLDER] [--json]

A bank of so many entries makes the tables, so many objects of so many megabytes each the evidence.
Measured by the clock: a first backup, which copies all evidence; a second one, which copies none; a
restore with all its proofs. Writing, reading back and comparing are part of it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from machine import Machine, describe
from outbox import KINDS
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.checking import check_generation
from tutela.evidence.backup.folder import BackupFolder
from tutela.evidence.backup.making import Making, Protection
from tutela.evidence.backup.restoring import Restoring
from tutela.evidence.opening import open_store, open_vault
from tutela.model import NewEntry, Signal
from tutela.model.record import Record
from tutela.settings import DataSettings, Settings, StorageSettings
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.evidence.writing import write_object

MB = 1_000_000

Came = TypeVar("Came")


class Figures(Record, frozen=True, kw_only=True):
    """One kind of database; seconds by the clock.

    Attributes:
        rows: of all tables.
        evidence_mb: of all objects, encrypted.
        archive_mb: of a generation's archive.
    """

    database: str
    rows: int
    evidence_mb: float
    archive_mb: float
    first: float
    second: float
    check: float
    restore: float


class Result(Record, frozen=True, kw_only=True):
    """The whole run."""

    machine: Machine
    entries: int
    objects: int
    figures: tuple[Figures, ...]


def fill(settings: Settings, entries: int, objects: int, size: int) -> None:
    """Put a bank into the database, and objects into the vault."""
    with closing(Database.open(settings.database_url)) as database:
        database.migrate()
        Banks(database).create("hills")
        Entries(database).add("hills", (_entry(number) for number in range(entries)))
        with closing(open_vault(settings)) as vault:
            for _ in range(objects):
                sealed = vault.seal(os.urandom(size))
                with database.write() as connection:
                    write_object(connection, sealed, datetime.now(UTC))


def _entry(number: int) -> NewEntry:
    value = hashlib.sha256(f"hill {number}".encode()).hexdigest()
    return NewEntry(signals=(Signal(kind="pdq", value=value, quality=80),))


def measure(kind: str, folder: Path, entries: int, objects: int, size: int) -> Figures:
    """All steps on one kind of database."""
    own = Identities.generate()
    with KINDS[kind](folder) as url:
        here, there = (_settings(folder / name, url) for name in ("here", "there"))
        fill(here, entries, objects, size)
        backup = BackupFolder(folder / "backup", create=True)
        protection = Protection(recipients=(own.recipient,))
        with closing(Database.open(url)) as database, closing(open_store(here)) as store:
            making = Making(
                database=database, store=store, settings=here, by="bench", progress=_silent
            )
            first, _ = _timed(lambda: making.make(backup, protection))
            second, made = _timed(lambda: making.make(backup, protection))
        check, _ = _timed(lambda: check_generation(backup, made.generation, own, _silent))
        # Into an empty vault; the database itself is put aside, or dropped.
        restoring = Restoring(settings=there, by="bench", progress=_silent, replace=True)
        restore, _ = _timed(lambda: restoring.restore(backup, made.generation, own))
    return Figures(
        database=kind,
        rows=sum(table.rows for table in made.tables),
        evidence_mb=made.blob_bytes / MB,
        archive_mb=made.bytes / MB,
        first=first,
        second=second,
        check=check,
        restore=restore,
    )


def _settings(folder: Path, url: str) -> Settings:
    folder.mkdir()
    return Settings(data=DataSettings(folder=str(folder)), storage=StorageSettings(url=url))


def _silent(what: str, more: int) -> None:
    del what, more


def _timed(do: Callable[[], Came]) -> tuple[float, Came]:
    began = time.perf_counter()
    came = do()
    return time.perf_counter() - began, came


def show(result: Result) -> None:
    """Print a table."""
    print(result.machine.heading())
    print(f"{result.entries:,} entries, {result.objects:,} objects; seconds by the clock\n")
    for line in rows(result.figures):
        print(line)


def rows(figures: Sequence[Figures]) -> Iterator[str]:
    """The table's lines."""
    names = ("rows", "evidence", "archive", "first", "second", "check", "restore")
    yield f"{'':<12}" + "".join(f" {name:>10}" for name in names)
    for one in figures:
        sizes = f" {one.rows:>10,} {one.evidence_mb:>7,.0f} MB {one.archive_mb:>7,.0f} MB"
        spent = (one.first, one.second, one.check, one.restore)
        yield f"{one.database:<12}{sizes}" + "".join(f" {seconds:>10.1f}" for seconds in spent)


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000, help="in the bank")
    parser.add_argument("--objects", type=int, default=100, help="pieces of evidence")
    parser.add_argument("--megabytes", type=float, default=10.0, help="of each")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; default: temporary")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    machine, size = describe(), int(options.megabytes * MB)
    figures: list[Figures] = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            figures.append(measure(kind, Path(folder), options.entries, options.objects, size))
    result = Result(
        machine=machine,
        entries=options.entries,
        objects=options.objects,
        figures=tuple(figures),
    )
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
