"""Bank files in memory, for work without a database: ready to be matched, and to say what matched.

Slots: an entry of the n-th list has its number in that list, from 0, plus the entries of all lists
before it. Banks are numbered in the same way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tutela.detection.index.matcher import BankState, Matcher
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.columns import BANKS_DISTANCE, Columns, ColumnsBuilder
from tutela.lists.importers import BankFormat, open_bank_file
from tutela.lists.snapshot import open_snapshot
from tutela.model import EntryFacts
from tutela.model.bank import ALLOW_DISTANCE


class LoadedList(NamedTuple):
    """One bank file in memory.

    Attributes:
        file: the path as the user gave it.
        columns: its entries.
        left_out: what it held beyond them, and why that is not compared.
        allow: whether it lists what is known to be harmless.
    """

    file: str
    columns: Columns
    left_out: dict[str, int]
    allow: bool = False


def load_list(
    path: Path,
    kinds: SignalKinds,
    *,
    default_kind: str | None = None,
    allow: bool = False,
    progress: Callable[[int], None] | None = None,
) -> LoadedList:
    """Read one bank file of any format into memory; a snapshot is mapped instead.

    Args:
        default_kind: kind of bare values in a file of lines.
        allow: whether the file lists what is known to be harmless.
        progress: called with the number of bytes read since the last call.

    Raises:
        BankFileError: rows of it are bad.
        InvalidInput: it cannot be read, or is no bank file.
    """
    source = open_bank_file(path, kinds, default_kind=default_kind, progress=progress)
    if source.format is BankFormat.SNAPSHOT:
        source.close()
        return LoadedList(str(path), open_snapshot(path, kinds), {}, allow)
    builder = ColumnsBuilder(kinds)
    builder.add_bank(path.name)
    for entry in source:
        builder.add(entry)
    return LoadedList(str(path), builder.build(), dict(source.left_out), allow)


class OfflineLists:
    """Several bank files as one set of entries.

    Args:
        lists: the files, at least one of them with an entry.

    Raises:
        InvalidInput: a file holds no entry, so that comparing with it would prove nothing.
    """

    def __init__(self, lists: Sequence[LoadedList]) -> None:
        for item in lists:
            if not item.columns.size:
                why = "; ".join(f"{reason}: {count}" for reason, count in item.left_out.items())
                raise InvalidInput(
                    "the bank file holds no entry that can be compared", where=item.file, remedy=why
                )
        self.lists = tuple(lists)
        self.names = _distinct_names(lists)
        sizes = [item.columns.size for item in lists]
        self._starts = [sum(sizes[:at]) for at in range(len(sizes))]
        banks = [len(item.columns.banks) for item in lists]
        self._bank_starts = [sum(banks[:at]) for at in range(len(banks))]

    def banks(self) -> Iterator[tuple[str, LoadedList, int]]:
        """Name, list and number of entries, for each bank."""
        for item, first in zip(self.lists, self._bank_starts, strict=True):
            sizes = np.bincount(item.columns.entry_banks, minlength=len(item.columns.banks))
            for number, size in enumerate(sizes.tolist()):
                yield self.names[first + number], item, size

    def fill(self, matcher: Matcher, distance: int) -> None:
        """Load every entry into a matcher.

        Args:
            distance: of every bank; of allow banks it is at most `ALLOW_DISTANCE`.
        """
        nearer = min(distance, ALLOW_DISTANCE)
        matcher.set_banks(
            BankState(
                id=number,
                name=name,
                distance=nearer if item.allow else distance,
                allow=item.allow,
            )
            for number, (name, item, _) in enumerate(self.banks())
        )
        for kind in dict.fromkeys(kind for item in self.lists for kind in item.columns.signals):
            columns = zip(*self._columns(kind), strict=True)
            codes, entries, banks, distances = map(_joined, columns)
            matcher.load(kind, codes, entries, banks, distances)

    def _columns(self, kind: str) -> Iterable[tuple[np.ndarray, ...]]:
        """Codes, slots, banks and own distances of the signals of each list."""
        for item, start, first_bank in zip(
            self.lists, self._starts, self._bank_starts, strict=True
        ):
            if column := item.columns.signals.get(kind):
                banks = item.columns.entry_banks[column.entries] + first_bank
                own = item.columns.entry_distances[column.entries].astype(np.int16)
                own[own == BANKS_DISTANCE] = -1
                yield column.codes, column.entries + start, banks, own

    def facts(self, entry_ids: Iterable[int]) -> dict[int, EntryFacts]:
        """Facts of entries by slot."""
        return {slot: self._place(slot)[0].facts(self._place(slot)[1]) for slot in entry_ids}

    def number(self, entry_id: int) -> int:
        """Number of an entry in its file, from 1."""
        return self._place(entry_id)[1] + 1

    def _place(self, slot: int) -> tuple[Columns, int]:
        at = bisect_right(self._starts, slot) - 1
        return self.lists[at].columns, slot - self._starts[at]


def _distinct_names(lists: Sequence[LoadedList]) -> tuple[str, ...]:
    """Bank names, each with its file where two banks would share one."""
    names = [(name, item.file) for item in lists for name in item.columns.banks]
    plain = [name for name, _ in names]
    return tuple(name if plain.count(name) == 1 else f"{name} ({file})" for name, file in names)


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
