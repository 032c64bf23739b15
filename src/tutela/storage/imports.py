"""Additions of any size that become visible all at once.

The rows are stored in many short transactions, so that events and other changes are written in
between, and nobody sees them: their import has no list version yet. One last short transaction
gives it one. What a stopped process leaves behind is never seen, and `tidy` removes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tutela.errors import Conflict, InvalidInput, NotFound, Unavailable
from tutela.model import NewEntry
from tutela.model.bank import DISTANCE
from tutela.model.custody.leaf import AuditKind, Fact
from tutela.model.record import Record
from tutela.storage.audit.change import tell
from tutela.storage.banks import bank_named
from tutela.storage.changes import advance, bump_version, list_version
from tutela.storage.database import Database, insert_rows
from tutela.storage.tables import banks, entries, entry_signals, imports, signal_kinds
from tutela.storage.values import now, signal_bytes

CHUNK = 5_000
ABANDONED_AFTER = timedelta(minutes=15)
ENTRY_COLUMNS = (
    "id",
    "bank_id",
    "import_id",
    "state",
    "distance",
    "label",
    "category",
    "scheme",
    "source",
    "note",
)
SIGNAL_COLUMNS = ("entry_id", "ordinal", "kind", "value", "part", "quality")


class ImportResult(Record, frozen=True, kw_only=True):
    """What an addition did.

    Attributes:
        added: entries that were added.
        first_id: id of the first; the others follow in ascending order, without gaps when no more
            than `CHUNK` were added; 0 when none was.
        version: list version in which they became visible.
    """

    added: int
    first_id: int
    version: int


class Import:
    """One addition of entries to one bank, from its first row to its being visible."""

    def __init__(self, database: Database, bank: str, by: str, file: str | None) -> None:
        self._database = database
        self._by = by
        self._file = file
        self._id: int | None = None
        self._added = 0
        self._first_id = 0
        self._last_id = 0
        with database.read() as connection:
            self._bank_id = bank_named(connection, bank).id
            self._version = list_version(connection)

    def run(self, new: Iterable[NewEntry], progress: Callable[[int], None]) -> ImportResult:
        """Store everything and make it visible, or leave nothing."""
        stream = iter(new)
        try:
            while len(chunk := list(islice(stream, CHUNK))) == CHUNK:
                self._store(chunk, last=False)
                progress(self._added)
            if chunk or self._id is not None:
                self._store(chunk, last=True)
                progress(self._added)
        except BaseException:
            self._abandon()
            raise
        return ImportResult(added=self._added, first_id=self._first_id, version=self._version)

    def _store(self, chunk: Sequence[NewEntry], *, last: bool) -> None:
        signals = [_signals(entry) for entry in chunk]
        first_id, import_id = self._reserve(chunk, signals)
        facts = (self._bank_id, import_id, "enabled")
        rows = [
            (number, *facts, _distance(new), *_facts(new))
            for number, new in enumerate(chunk, first_id)
        ]
        signal_rows = [
            (number, *signal) for number, own in enumerate(signals, first_id) for signal in own
        ]
        with self._database.write() as connection:
            insert_rows(connection, entries, ENTRY_COLUMNS, rows)
            insert_rows(connection, entry_signals, SIGNAL_COLUMNS, signal_rows)
            self._added += len(chunk)
            if last:
                self._version = self._show(connection, import_id)

    def _reserve(
        self, chunk: Sequence[NewEntry], signals: Sequence[Sequence[tuple[Any, ...]]]
    ) -> tuple[int, int]:
        """Take entry ids for a chunk and say that the import goes on; (first id, import id)."""
        lengths = {(kind, len(value)) for own in signals for _, kind, value, *_ in own}
        with self._database.write() as connection:
            _check_lengths(connection, lengths)
            if self._id is None:
                self._id = _begin(connection, self._bank_id)
            else:
                _go_on(connection, self._id)
            self._last_id = advance(connection, "entry", len(chunk))
        first_id = self._last_id - len(chunk) + 1
        self._first_id = self._first_id or first_id
        return first_id, self._id

    def _show(self, connection: Connection, import_id: int) -> int:
        version = bump_version(connection)
        shown = connection.execute(
            update(imports)
            .where(imports.c.id == import_id, imports.c.abandoned.is_(False))
            .values(version=version, first_id=self._first_id, last_id=self._last_id)
        )
        name = connection.scalar(
            update(banks)
            .where(banks.c.id == self._bank_id, banks.c.name.is_not(None))
            .values(version=version, entries=banks.c.entries + self._added)
            .returning(banks.c.name)
        )
        if not shown.rowcount:
            raise _stalled()
        if name is None:
            raise NotFound("the bank was deleted during the import", where="bank")
        self._tell(connection, name, version)
        return version

    def _tell(self, connection: Connection, bank: str, version: int) -> None:
        facts: dict[str, Fact] = {
            "bank": bank,
            "entries": self._added,
            "first": self._first_id,
            "last": self._last_id,
            "version": version,
        }
        if self._file is not None:
            facts["file"] = self._file
        subject = f"bank:{self._bank_id}"
        tell(connection, AuditKind.ENTRY, self._by, subject, "added", facts)

    def _abandon(self) -> None:
        if self._id is None:
            return
        with suppress(Unavailable):  # `tidy` will remove the rows another day
            with self._database.write() as connection:
                _mark(connection, [self._id])
            _remove(self._database, self._id)


def tidy_imports(database: Database) -> None:
    """Remove what stopped processes left of their unfinished imports."""
    stale = or_(imports.c.abandoned, imports.c.touched_at < now() - ABANDONED_AFTER)
    statement = select(imports.c.id).where(imports.c.version.is_(None), stale)
    with database.read() as connection:
        left = connection.scalars(statement).all()
    if not left:
        return
    with database.write() as connection:
        _mark(connection, left)
    for import_id in left:
        _remove(database, import_id)


def _signals(entry: NewEntry) -> list[tuple[int, str, bytes, str, int | None]]:
    """Rows of an entry's signals, without its id."""
    if not entry.signals:
        raise InvalidInput("an entry has no signal", where="signals")
    return [
        (ordinal, signal.kind, signal_bytes(signal), signal.part, signal.quality)
        for ordinal, signal in enumerate(entry.signals)
    ]


def _distance(entry: NewEntry) -> int | None:
    if entry.distance is not None and not 0 <= entry.distance <= DISTANCE:
        raise InvalidInput(f"an entry's distance is 0 to {DISTANCE} bits", where="distance")
    return entry.distance


def _facts(entry: NewEntry) -> tuple[str, ...]:
    return entry.label, entry.category, entry.scheme, entry.source, entry.note


def _check_lengths(connection: Connection, lengths: Collection[tuple[str, int]]) -> None:
    """Refuse a signal that is not as long as others of its kind; learn of new kinds."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    learn = dialect.insert(signal_kinds).on_conflict_do_nothing()
    known = {row.name: row.bytes for row in connection.execute(select(signal_kinds))}
    for kind, length in sorted(lengths):
        if kind not in known:
            connection.execute(learn, {"name": kind, "bytes": length})
        if known.setdefault(kind, length) != length:
            raise InvalidInput(
                f"a {kind} signal has {length * 8} bits, not {known[kind] * 8}", where="signals"
            )


def _begin(connection: Connection, bank_id: int) -> int:
    begun = now()
    values = {"bank_id": bank_id, "abandoned": False, "started_at": begun, "touched_at": begun}
    return int(connection.execute(insert(imports).returning(imports.c.id), values).scalar_one())


def _go_on(connection: Connection, import_id: int) -> None:
    going_on = update(imports).where(imports.c.id == import_id, imports.c.abandoned.is_(False))
    if not connection.execute(going_on.values(touched_at=now())).rowcount:
        raise _stalled()


def _mark(connection: Connection, import_ids: Sequence[int]) -> None:
    unfinished = update(imports).where(imports.c.id.in_(import_ids), imports.c.version.is_(None))
    connection.execute(unfinished.values(abandoned=True))


def _remove(database: Database, import_id: int) -> None:
    rest = True
    while rest:
        with database.write() as connection:
            rest = _remove_some(connection, import_id)
    with suppress(Conflict), database.write() as connection:
        # Rows that a stalled process has added this instant keep the import for the next time.
        connection.execute(delete(imports).where(imports.c.id == import_id, imports.c.abandoned))


def _remove_some(connection: Connection, import_id: int) -> bool:
    """Remove a chunk of an abandoned import; whether there was any."""
    abandoned = select(imports.c.id).where(imports.c.id == import_id, imports.c.abandoned)
    ids = connection.scalars(
        select(entries.c.id).where(entries.c.import_id.in_(abandoned)).limit(CHUNK)
    ).all()
    connection.execute(delete(entry_signals).where(entry_signals.c.entry_id.in_(ids)))
    connection.execute(delete(entries).where(entries.c.id.in_(ids)))
    return bool(ids)


def _stalled() -> Unavailable:
    return Unavailable(
        "the import stood still for too long and was given up", remedy="import the file again"
    )
