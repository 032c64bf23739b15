"""Entries: what the banks list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Select, func, select, update

from tutela.errors import InvalidInput, NotFound
from tutela.model import Entry, EntryFacts, EntryState, NewEntry, Signal
from tutela.model.bank import DISTANCE
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact, NewLeaf
from tutela.storage.audit.change import differences, leaf
from tutela.storage.audit.log import append
from tutela.storage.banks import bank_named, live_banks
from tutela.storage.changes import (
    Changes,
    Codes,
    ListSnapshot,
    Standing,
    bump_version,
    erase,
    identity,
    list_version,
    read_changes,
    read_codes,
    standing,
)
from tutela.storage.database import Database
from tutela.storage.imports import Import, ImportResult, tidy_imports
from tutela.storage.tables import banks, entries, entry_signals, imports, signal_kinds
from tutela.storage.values import microseconds, now

EXPORT_PAGE = 1_000
FACTS = ("label", "category", "scheme", "source", "note")


class Entries:
    """The entries in a database. Every change bumps the list version once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        bank: str,
        entries: Iterable[NewEntry],
        *,
        progress: Callable[[int], None] | None = None,
        by: str = PROGRAM,
        file: str | None = None,
    ) -> ImportResult:
        """Add all entries or none: they become visible together, when the last has been stored.

        Args:
            bank: name of the bank.
            entries: read as a stream; any error that it raises undoes the whole addition and is
                raised again.
            progress: called now and then with the number of entries stored so far.
            by: who adds them.
            file: SHA-256 of the file that they come from, if they come from one.

        Raises:
            NotFound: no bank has this name.
            InvalidInput: an entry has no signal, or a signal is not in its canonical text.
            Unavailable: the database is down, full or locked, or `entries` stood still so long
                that the addition was given up.
        """
        return Import(self._database, bank, by, file).run(entries, progress or _ignore)

    def get(self, entry_id: int) -> Entry:
        """One entry with its signals, for the program's own use; raises `NotFound`."""
        with self._database.read() as connection:
            return _one(connection, entry_id)

    def show(self, entry_id: int, *, by: str = PROGRAM) -> Entry:
        """One entry with its signals, for somebody to have; raises `NotFound`.

        This and the next two tell the audit log first, and give nothing where that cannot be done.
        """
        with self._database.write() as connection:
            entry = _one(connection, entry_id)
            append(connection, [_export(f"entry:{entry_id}", by, "read")])
        return entry

    def list(
        self, bank: str, *, after: int = 0, limit: int = 100, by: str = PROGRAM
    ) -> Sequence[Entry]:
        """Up to `limit` entries of a bank with ids above `after`, by id; raises `NotFound`."""
        with self._database.write() as connection:
            found = bank_named(connection, bank)
            facts: dict[str, Fact] = {"bank": bank, "after": after, "limit": limit}
            append(connection, [_export(f"bank:{found.id}", by, "listed", facts)])
        # Not above: nobody else may write meanwhile, and a page takes a while.
        with self._database.read() as connection:
            return _page(connection, found.id, after, limit)

    def rows(self, bank_id: int, *, after: int = 0, limit: int = 100) -> Sequence[Entry]:
        """Up to `limit` entries of a bank with ids above `after`, for the program's own use."""
        with self._database.read() as connection:
            return _page(connection, bank_id, after, limit)

    def export(self, bank: str, *, by: str = PROGRAM, form: str = "") -> Iterator[Entry]:
        """Every entry of a bank, by id, as a stream; raises `NotFound` at once.

        Args:
            bank: its name.
            by: who gets them.
            form: the format that they are written in, for the record.
        """
        with self._database.write() as connection:
            found = bank_named(connection, bank)
            facts: dict[str, Fact] = {"bank": bank, "entries": found.entries, "format": form}
            append(connection, [_export(f"bank:{found.id}", by, "exported", facts)])
        return self._pages(found.id)

    def _pages(self, bank_id: int) -> Iterator[Entry]:
        """In one transaction a page: a slow reader must not keep the database from cleaning up."""
        after = 0
        while True:
            with self._database.read() as connection:
                page = _page(connection, bank_id, after, EXPORT_PAGE)
            if not page:
                return
            yield from page
            after = page[-1].id

    def disable(self, entry_id: int, until: datetime | None = None, *, by: str = PROGRAM) -> Entry:
        """Take an entry out of matching, for good or until a time, after which it counts again.

        Args:
            entry_id: its number.
            until: when it counts again; None for never.
            by: who takes it out.

        Raises:
            NotFound: no entry has this id.
            InvalidInput: `until` has no time zone or is past.
        """
        if until is not None and microseconds(until) <= microseconds(now()):
            raise InvalidInput(
                "an entry cannot be disabled until a time that is past",
                where="until",
                remedy="give a later time, or none",
            )
        with self._database.write() as connection:
            changed = switch_entry(connection, entry_id, EntryState.DISABLED, until, by=by)
            append(connection, changed.leaves)
        return changed.entry

    def enable(self, entry_id: int, *, by: str = PROGRAM) -> Entry:
        """Let an entry take part in matching; raises `NotFound`."""
        with self._database.write() as connection:
            changed = switch_entry(connection, entry_id, EntryState.ENABLED, None, by=by)
            append(connection, changed.leaves)
        return changed.entry

    def set_distance(self, entry_id: int, distance: int | None, *, by: str = PROGRAM) -> Entry:
        """Give an entry a distance of its own, or None to follow its bank again.

        Args:
            entry_id: its number.
            distance: in bits.
            by: who gives it.

        Raises:
            NotFound: no entry has this id.
            InvalidInput: the distance is not 0 to 31 bits.
        """
        with self._database.write() as connection:
            changed = set_entry_distance(connection, entry_id, distance, by=by)
            append(connection, changed.leaves)
        return changed.entry

    def delete(self, entry_id: int, *, by: str = PROGRAM) -> None:
        """Erase an entry's signals and facts and keep its number; raises `NotFound`."""
        with self._database.write() as connection:
            version = bump_version(connection)
            bank_id = _one(connection, entry_id).bank_id
            erase(connection, [entry_id], version)
            _touch(connection, bank_id, version, grown=-1)
            append(connection, [_leaf(entry_id, bank_id, by, "deleted")])

    def facts(self, entry_ids: Collection[int]) -> dict[int, EntryFacts]:
        """What the lists say of some entries; deleted and unknown ones are left out."""
        if not entry_ids:
            return {}
        columns = [entries.c.id, *(entries.c[name] for name in FACTS)]
        statement = select(*columns).where(
            entries.c.id.in_(entry_ids), entries.c.state != "deleted"
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return {row.id: EntryFacts(**dict(zip(FACTS, row[1:], strict=True))) for row in rows}

    def version(self) -> int:
        """The list version; cheap."""
        with self._database.read() as connection:
            return list_version(connection)

    def lengths(self) -> dict[str, int]:
        """Bytes of a signal, by kind, for every kind that may be stored so far."""
        with self._database.read() as connection:
            return {row.name: row.bytes for row in connection.execute(select(signal_kinds))}

    def load(self, kind: str, up_to: int | None = None) -> Iterator[Codes]:
        """Signals of one kind of every undeleted entry, the disabled included, as arrays.

        Args:
            kind: name of the signal kind.
            up_to: leave out what was added after this list version.
        """
        with self._database.read() as connection:
            version = list_version(connection) if up_to is None else up_to
            yield from read_codes(connection, after=0, up_to=version, kind=kind)

    def changed_since(self, version: int, *, states_after: int | None = None) -> Changes:
        """What changed in the lists after a version, consistently read; see `read_changes`."""
        with self._database.read() as connection:
            banks = live_banks(connection)
            return read_changes(connection, version, banks, states_after=states_after)

    def standing(self, known: int) -> Standing:
        """Where the lists stand, for whoever knows them at a version; cheap."""
        with self._database.read() as connection:
            return standing(connection, known)

    def identity(self) -> int:
        """The number that tells this database from others."""
        with self._database.read() as connection:
            return identity(connection)

    @contextmanager
    def snapshot(self) -> Iterator[ListSnapshot]:
        """All lists in one transaction, to be read piece by piece."""
        with self._database.read() as connection:
            yield ListSnapshot(connection, live_banks(connection))

    def tidy(self) -> None:
        """Remove what stopped processes left of unfinished additions; it was never visible."""
        tidy_imports(self._database)


def read_entry(connection: Connection, entry_id: int) -> Entry:
    """One entry within a transaction; raises `NotFound`."""
    return _one(connection, entry_id)


class ChangedEntry(NamedTuple):
    """An entry as it is after a change, and the leaves to be appended about that, if any."""

    entry: Entry
    leaves: tuple[NewLeaf, ...]


def switch_entry(
    connection: Connection, entry_id: int, state: EntryState, until: datetime | None, *, by: str
) -> ChangedEntry:
    """Switch an entry in a transaction that writes; raises `NotFound`."""
    return _change(connection, entry_id, {"state": state.value, "disabled_until": until}, by)


def set_entry_distance(
    connection: Connection, entry_id: int, distance: int | None, *, by: str
) -> ChangedEntry:
    """`Entries.set_distance` within a transaction that writes."""
    if distance is not None and not 0 <= distance <= DISTANCE:
        raise InvalidInput(
            f"an entry's distance is 0 to {DISTANCE} bits",
            where="distance",
            remedy="give such a number, or none to follow the bank",
        )
    return _change(connection, entry_id, {"distance": distance}, by)


def _change(
    connection: Connection, entry_id: int, changed: dict[str, Any], by: str
) -> ChangedEntry:
    version = bump_version(connection)
    before = _one(connection, entry_id)
    own = update(entries).where(entries.c.id == entry_id)
    connection.execute(own.values(version=version, **changed))
    _touch(connection, before.bank_id, version, grown=0)
    after = _one(connection, entry_id)
    facts = differences(_tuned(before), _tuned(after))
    told = (_leaf(entry_id, after.bank_id, by, "changed", facts),) if facts else ()
    return ChangedEntry(after, told)


def _tuned(entry: Entry) -> dict[str, Fact]:
    until = None if entry.disabled_until is None else entry.disabled_until.isoformat()
    return {"state": entry.state.value, "until": until, "distance": entry.distance}


def _export(subject: str, by: str, did: str, facts: Mapping[str, Fact] | None = None) -> NewLeaf:
    return leaf(AuditKind.EXPORT, by, subject, did, facts)


def _leaf(
    entry_id: int, bank_id: int, by: str, did: str, facts: Mapping[str, Fact] | None = None
) -> NewLeaf:
    told = {"bank_id": bank_id, **(facts or {})}
    return leaf(AuditKind.ENTRY, by, f"entry:{entry_id}", did, told)


def _ignore(_done: int) -> None:
    pass


def _visible() -> Select[Any]:
    """Every entry that is there for others to see."""
    origin = entries.join(imports, imports.c.id == entries.c.import_id).join(
        banks, banks.c.id == entries.c.bank_id
    )
    own = ("id", "bank_id", "state", "disabled_until", "distance", *FACTS)
    columns = [entries.c[name] for name in own]
    version = func.coalesce(entries.c.version, imports.c.version).label("version")
    return (
        select(*columns, version, imports.c.started_at.label("created_at"))
        .select_from(origin)
        .where(
            imports.c.version.is_not(None),
            entries.c.state != "deleted",
            banks.c.name.is_not(None),
        )
    )


def _one(connection: Connection, entry_id: int) -> Entry:
    rows = connection.execute(_visible().where(entries.c.id == entry_id)).mappings().all()
    if not rows:
        raise NotFound("no entry has this number", where="entry")
    return _whole(connection, rows)[0]


def _page(connection: Connection, bank_id: int, after: int, limit: int) -> list[Entry]:
    statement = _visible().where(entries.c.bank_id == bank_id, entries.c.id > after)
    rows = connection.execute(statement.order_by(entries.c.id).limit(limit)).mappings().all()
    return _whole(connection, rows)


def _whole(connection: Connection, rows: Sequence[RowMapping]) -> list[Entry]:
    """Entries of their rows, with signals."""
    signals = defaultdict(list)
    ids = [row["id"] for row in rows]
    order = (entry_signals.c.entry_id, entry_signals.c.ordinal)
    statement = select(entry_signals).where(entry_signals.c.entry_id.in_(ids)).order_by(*order)
    for row in connection.execute(statement):
        signal = Signal(kind=row.kind, value=row.value.hex(), part=row.part, quality=row.quality)
        signals[row.entry_id].append(signal)
    present = now()
    return [_entry(row, signals[row["id"]], present) for row in rows]


def _entry(row: RowMapping, signals: Sequence[Signal], present: datetime) -> Entry:
    fields: dict[str, Any] = dict(row)
    until = fields.pop("disabled_until")
    state = EntryState(fields.pop("state"))
    if until is not None and until <= present:
        state, until = EntryState.ENABLED, None
    return Entry(**fields, state=state, disabled_until=until, signals=tuple(signals))


def _touch(connection: Connection, bank_id: int, version: int, *, grown: int) -> None:
    changed = {"version": version, "entries": banks.c.entries + grown}
    connection.execute(update(banks).where(banks.c.id == bank_id).values(changed))
