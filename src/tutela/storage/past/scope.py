"""Which entries a re-scan compares with, and their signals as they stand now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from tutela.model.record import Record
from tutela.storage.tables import banks, entries, entry_signals, imports
from tutela.storage.values import now

IDS_AT_A_TIME = 20_000
"""About a tenth of a second: whoever reads in the background rests after each part."""
SETTLE = timedelta(seconds=30)
"""An upload may have been compared with the lists of before, and stored after the re-scan passed:
the end of the past is looked at once more so long after the growth."""
IDS_AT_ONCE = 500
OWN_BANKS_DISTANCE = -1
"""Stands for an entry without a distance of its own."""


class Scope(Record, frozen=True, kw_only=True):
    """The entries of a re-scan. An entry belongs to it that any of these names.

    Attributes:
        after, up_to: entries added in list versions above the one and not above the other.
        entries: entries that changed by themselves.
        banks: banks that are compared whole.
        everything: all entries of all banks.
        policy: text of the policy, for a re-scan that decides anew and compares nothing.
    """

    after: int = 0
    up_to: int = 0
    entries: tuple[int, ...] = ()
    banks: tuple[int, ...] = ()
    everything: bool = False
    policy: str = ""

    def joined(self, other: Scope) -> Scope:
        """What belongs to either; their versions follow each other."""
        return Scope(
            after=min(self.after, other.after),
            up_to=max(self.up_to, other.up_to),
            entries=tuple(sorted({*self.entries, *other.entries})),
            banks=tuple(sorted({*self.banks, *other.banks})),
        )


class ScopeCodes(Record, frozen=True, kw_only=True, eq=False):
    """Signals of one kind as arrays of equal length n.

    Attributes:
        codes: uint8, (n, bits / 8).
        entry_ids, bank_ids: int64, (n,).
        distances: int16, (n,): the entry's own greatest distance, or -1 for that of its bank.
    """

    kind: str
    codes: NDArray[np.uint8]
    entry_ids: NDArray[np.int64]
    bank_ids: NDArray[np.int64]
    distances: NDArray[np.int16]


def parts_of(connection: Connection, scope: Scope) -> Iterator[ColumnElement[bool]]:
    """Conditions that together name every entry of a scope and of all allow banks; some twice.

    Each is for `read_part`, in a transaction of its own: one for all would hold up the database's
    housekeeping for as long as the reader rests.
    """
    if scope.everything:
        yield from _windows(connection, true())
        return
    added = and_(imports.c.version > scope.after, imports.c.version <= scope.up_to)
    yield from _windows(connection, entries.c.import_id.in_(select(imports.c.id).where(added)))
    ids = iter(scope.entries)
    while some := list(islice(ids, IDS_AT_ONCE)):
        yield entries.c.id.in_(some)
    allowing = connection.scalars(select(banks.c.id).where(banks.c.allow)).all()
    for bank_id in (*scope.banks, *allowing):
        yield from _windows(connection, entries.c.bank_id == bank_id)


def _windows(
    connection: Connection, condition: ColumnElement[bool]
) -> Iterator[ColumnElement[bool]]:
    """A condition, cut into ranges of entry ids."""
    span = select(func.min(entries.c.id), func.max(entries.c.id)).where(condition)
    first, last = connection.execute(span).one()
    if first is None:
        return
    for start in range(first, last + 1, IDS_AT_A_TIME):
        end = start + IDS_AT_A_TIME - 1
        # Said of both tables: the database does not conclude the one from the other.
        ranges = (column.between(start, end) for column in (entries.c.id, entry_signals.c.entry_id))
        yield and_(condition, *ranges)


def read_part(connection: Connection, part: ColumnElement[bool]) -> list[ScopeCodes]:
    """Signals of the entries of one part that count now.

    Entries that are disabled or deleted, and those of disabled or deleted banks, are left out.
    """
    origin = (
        entry_signals.join(entries, entries.c.id == entry_signals.c.entry_id)
        .join(imports, imports.c.id == entries.c.import_id)
        .join(banks, banks.c.id == entries.c.bank_id)
    )
    columns = (
        entry_signals.c.kind,
        entry_signals.c.value,
        entry_signals.c.entry_id,
        entries.c.bank_id,
        entries.c.distance,
    )
    statement = (
        select(*columns)
        .select_from(origin)
        .where(imports.c.version.is_not(None), part, *_counting(now()))
    )
    return list(_arrays(connection.execute(statement).all()))


def counts_now(connection: Connection, entry_ids: Sequence[int]) -> set[int]:
    """Those of some entries that count now."""
    statement = (
        select(entries.c.id)
        .join(banks, banks.c.id == entries.c.bank_id)
        .where(entries.c.id.in_(entry_ids), *_counting(now()))
    )
    return set(connection.scalars(statement))


def _counting(present: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions under which an entry takes part in matching."""
    lapsed = and_(entries.c.state == "disabled", entries.c.disabled_until <= present)
    return (
        or_(entries.c.state == "enabled", lapsed),
        banks.c.enabled,
        banks.c.name.is_not(None),
    )


def _arrays(rows: Sequence[Any]) -> Iterator[ScopeCodes]:
    kinds = {row[0] for row in rows}
    for kind in sorted(kinds):
        chosen = rows if len(kinds) == 1 else [row for row in rows if row[0] == kind]
        _, values, entry_ids, bank_ids, distances = zip(*chosen, strict=True)
        own = [OWN_BANKS_DISTANCE if d is None else d for d in distances]
        yield ScopeCodes(
            kind=kind,
            codes=np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1),
            entry_ids=np.array(entry_ids, np.int64),
            bank_ids=np.array(bank_ids, np.int64),
            distances=np.array(own, np.int16),
        )
