"""The list version: how every change bumps it, and what changed after a given one.

One counter row gives out the versions. Its row lock (in SQLite: the write lock) is held until the
change is committed, so versions are committed in order: whoever has seen version 7 has seen all
that led to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from tutela.errors import TutelaError
from tutela.model import Bank
from tutela.model.record import Record
from tutela.storage.tables import counters, entries, entry_signals, imports, list_versions

FETCH_ROWS = 100_000

KNOWN_VERSIONS = 100_000
"""So many of the latest list versions keep their token; an index that is older is made anew."""

BANKS_DISTANCE = -1
"""Stands in arrays for the distance of an entry that follows its bank."""


class Codes(Record, frozen=True, kw_only=True, eq=False):
    """Signals of one kind as arrays of equal length n.

    Attributes:
        kind: name of the signal kind.
        codes: uint8, (n, bits / 8): the canonical bytes.
        entry_ids, bank_ids: int64, (n,).
        distances: int16, (n,): the entry's own greatest distance, or `BANKS_DISTANCE`.
    """

    kind: str
    codes: NDArray[np.uint8]
    entry_ids: NDArray[np.int64]
    bank_ids: NDArray[np.int64]
    distances: NDArray[np.int16]


class Changes(Record, frozen=True, kw_only=True, eq=False):
    """What changed in the lists after a version; read in one snapshot.

    Attributes:
        version: the list version that this leads to.
        token: its random number; see `Standing`.
        banks: every bank there is now.
        added: signals of the entries that were added and not deleted since.
        enabled, disabled, removed: ids of entries that changed after they were added; `disabled`
            with the time at which each counts again, or None. An id stands in one of the three.
        distances: of those that were not removed: the own distance, or None for the bank's.
        timed: ids of other entries that are disabled until a time, with that time; told to those
            only who ask for states after another version.
    """

    version: int
    token: int = 0
    banks: tuple[Bank, ...] = ()
    added: tuple[Codes, ...] = ()
    enabled: tuple[int, ...] = ()
    disabled: tuple[tuple[int, datetime | None], ...] = ()
    removed: tuple[int, ...] = ()
    distances: tuple[tuple[int, int | None], ...] = ()
    timed: tuple[tuple[int, datetime], ...] = ()


class Standing(Record, frozen=True, kw_only=True):
    """Where the lists stand, for whoever knows them at some version.

    Attributes:
        version: the list version.
        token: the random number of the version that was asked about; None where the database
            does not know it. Whoever remembers another number for that version knows a database
            that took another course, such as before a backup was restored.
    """

    version: int
    token: int | None


def bump_version(connection: Connection) -> int:
    """Take the next list version; from here on other changes of lists wait for this one."""
    version = advance(connection, "version", 1)
    connection.execute(insert(list_versions), {"version": version, "token": secrets.randbits(62)})
    old = delete(list_versions).where(list_versions.c.version <= version - KNOWN_VERSIONS)
    connection.execute(old)
    return version


def advance(connection: Connection, counter: str, by: int) -> int:
    """Add to a counter and return its new value; locks it until the transaction ends."""
    statement = (
        update(counters)
        .where(counters.c.name == counter)
        .values(value=counters.c.value + by)
        .returning(counters.c.value)
    )
    return int(connection.execute(statement).scalar_one())


def list_version(connection: Connection) -> int:
    """The list version that this transaction sees."""
    statement = select(counters.c.value).where(counters.c.name == "version")
    return int(connection.execute(statement).scalar_one())


def standing(connection: Connection, known: int) -> Standing:
    """The list version, and the token of a version that is known; cheap."""
    same = and_(counters.c.name == "version", list_versions.c.version == known)
    statement = (
        select(counters.c.value, list_versions.c.token)
        .select_from(counters.outerjoin(list_versions, same))
        .where(counters.c.name == "version")
    )
    version, token = connection.execute(statement).one()
    return Standing(version=version, token=token)


def identity(connection: Connection) -> int:
    """The number that tells this database from others."""
    statement = select(counters.c.value).where(counters.c.name == "identity")
    return int(connection.execute(statement).scalar_one())


def erase(connection: Connection, entry_ids: Sequence[int], version: int) -> None:
    """Turn entries into tombstones: their numbers stay, their signals and facts go."""
    connection.execute(delete(entry_signals).where(entry_signals.c.entry_id.in_(entry_ids)))
    connection.execute(
        update(entries).where(entries.c.id.in_(entry_ids)),
        {
            "state": "deleted",
            "disabled_until": None,
            "version": version,
            "label": "",
            "category": "",
            "scheme": "",
            "source": "",
            "note": "",
        },
    )


def read_codes(
    connection: Connection, *, after: int, up_to: int, kind: str | None = None
) -> Iterator[Codes]:
    """Signals of undeleted entries added in versions above `after` and not above `up_to`.

    Rows come straight from the driver: making a million of SQLAlchemy's would take longer than
    the query.

    Args:
        connection: a reading transaction, open until the last chunk has been taken.
        after, up_to: list versions.
        kind: only this signal kind, or every kind.
    """
    added = (imports.c.version > after, imports.c.version <= up_to)
    span = select(func.min(imports.c.first_id), func.max(imports.c.last_id)).where(*added)
    first_id, last_id = connection.execute(span).one()
    if first_id is None:
        return
    columns = (
        entry_signals.c.kind,
        entry_signals.c.value,
        entry_signals.c.entry_id,
        imports.c.bank_id,
        func.coalesce(entries.c.distance, BANKS_DISTANCE),
    )
    origin = entry_signals.join(entries, entries.c.id == entry_signals.c.entry_id).join(
        imports, imports.c.id == entries.c.import_id
    )
    # The ids would follow from the versions, but spare the database from reading whole tables.
    statement = (
        select(*columns)
        .select_from(origin)
        .where(
            entry_signals.c.entry_id.between(first_id, last_id),
            entries.c.id.between(first_id, last_id),
            *added,
        )
    )
    if kind is not None:
        statement = statement.where(entry_signals.c.kind == kind)
    streaming = {"yield_per": FETCH_ROWS}
    with connection.execute(statement, execution_options=streaming) as result:
        for rows in result.partitions():
            yield from _arrays(rows)


def _arrays(rows: Sequence[Any]) -> Iterator[Codes]:
    """Arrays of rows (kind, value, entry id, bank id, distance), one for each kind."""
    kinds = {row[0] for row in rows}
    for kind in kinds:
        chosen = rows if len(kinds) == 1 else [row for row in rows if row[0] == kind]
        _, values, entry_ids, bank_ids, distances = zip(*chosen, strict=True)
        if len(set(map(len, values))) != 1:
            raise TutelaError(f"signals of kind {kind} in the database differ in length")
        codes = np.frombuffer(b"".join(values), dtype=np.uint8)
        yield Codes(
            kind=kind,
            codes=codes.reshape(len(values), -1),
            entry_ids=np.array(entry_ids, dtype=np.int64),
            bank_ids=np.array(bank_ids, dtype=np.int64),
            distances=np.array(distances, dtype=np.int16),
        )


def read_changes(
    connection: Connection, after: int, banks: Sequence[Bank], *, states_after: int | None = None
) -> Changes:
    """Everything that changed after a list version, as this transaction sees it.

    Args:
        after: signals that were added later are told.
        states_after: other changes are told after this version instead, and `timed` as well.
            Where it is 0, which is for those who begin with nothing, none that are removed.
    """
    version = list_version(connection)
    token = standing(connection, version).token or 0
    told = Changes(version=version, token=token, banks=tuple(banks))
    if version == after and states_after is None:
        return told
    rows = _changed(connection, after if states_after is None else states_after)
    return msgspec.structs.replace(
        told,
        added=tuple(read_codes(connection, after=after, up_to=version)),
        enabled=tuple(row.id for row in rows if row.state == "enabled"),
        disabled=tuple((row.id, row.disabled_until) for row in rows if row.state == "disabled"),
        removed=tuple(row.id for row in rows if row.state == "deleted"),
        distances=tuple((row.id, row.distance) for row in rows if row.state != "deleted"),
        timed=tuple(_timed(connection, states_after)) if states_after else (),
    )


_STATES = select(entries.c.id, entries.c.state, entries.c.disabled_until, entries.c.distance)


def _changed(connection: Connection, after: int) -> Sequence[Row[Any, Any, Any, Any]]:
    changed = _STATES.where(entries.c.version > after)
    if not after:
        changed = changed.where(entries.c.state != "deleted")
    return connection.execute(changed).all()


def _timed(connection: Connection, up_to: int) -> Iterator[tuple[int, datetime]]:
    timed = entries.c.disabled_until.is_not(None)
    for row in connection.execute(_STATES.where(timed, entries.c.version <= up_to)):
        yield row.id, row.disabled_until


class ListSnapshot:
    """The lists as one transaction sees them, however long it takes to read them.

    Args:
        connection: a reading transaction, open until the last row has been taken.
        banks: every bank.
    """

    def __init__(self, connection: Connection, banks: Sequence[Bank]) -> None:
        self._connection = connection
        self._banks = tuple(banks)
        self.version = list_version(connection)

    def codes(self) -> Iterator[Codes]:
        """Signals of every undeleted entry, the disabled included; of each kind some at a time."""
        yield from read_codes(self._connection, after=0, up_to=self.version)

    def changes(self, after: int, states_after: int) -> Changes:
        """As `read_changes`."""
        return read_changes(self._connection, after, self._banks, states_after=states_after)
