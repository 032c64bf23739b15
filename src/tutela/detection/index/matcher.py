"""The matcher: signals of any kind in, entries of enabled banks within their distance out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import NamedTuple, Self, TypeAlias

import numpy as np

from tutela.detection.index.certificate import Certificate
from tutela.detection.index.exact import ExactIndex
from tutela.detection.index.groups import (
    NOT_SEARCHED,
    SLOT,
    BankSlots,
    BankState,
    Distances,
    Reaches,
    with_distance,
)
from tutela.detection.index.hamming import HammingIndex
from tutela.detection.index.layers import Part, Sealed, Snapshot
from tutela.detection.index.many import ManyMatches, search_many
from tutela.detection.index.rows import Batch, Octets, to_words
from tutela.detection.index.shapes import Integers, Reach
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.model import Signal
from tutela.model.record import Record

WARMING_ROWS = 4096
"""Enough for the Hamming index to make tables."""

Index: TypeAlias = ExactIndex | HammingIndex

__all__ = ["Answer", "BankState", "Hit", "Matcher", "Piece"]


class Hit(Record, frozen=True, kw_only=True):
    """An entry that matches a signal.

    Attributes:
        distance: Hamming distance in bits to the closest signal of the entry; 0 for exact kinds.
        signal: which of the signals that were asked for, from 0.
    """

    entry_id: int
    bank_id: int
    kind: str
    distance: int
    signal: int


class Answer(NamedTuple):
    """What was found.

    Attributes:
        hits: by signal, then distance, then entry id.
        totals: entries that match each signal, of which at most the limit is listed.
    """

    hits: list[Hit]
    totals: list[int]


class Piece(NamedTuple):
    """Signals of one kind as columns of equal length n.

    Attributes:
        codes: uint8 (n, bits / 8).
        entry_ids: int64 (n,); an entry may have several signals.
        bank_ids: int64 (n,). A bank that `set_banks` has not named yet does not match.
        distances: int16 (n,): the entry's own greatest distance, negative for its bank's; None
            where all follow their banks. Exact kinds match at 0 only.
    """

    kind: str
    codes: Octets
    entry_ids: Integers
    bank_ids: Integers
    distances: Distances | None = None


class _View(NamedTuple):
    """All that a search looks at; replaced as a whole."""

    indexes: Mapping[str, Index]
    slots: BankSlots
    banks: Mapping[int, BankState]
    reaches: Reaches


class Matcher:
    """Every list of one process, ready to be searched. Safe in threads; searches never wait.

    The hashes of empty content are neither held nor found: every empty file would match.

    Args:
        kinds: the signal kinds that can be matched.

    Attributes:
        version: list version that answers now speak for at least; set by whoever fills it.
    """

    def __init__(self, kinds: SignalKinds) -> None:
        self.version = 0
        self._kinds = kinds
        self._empty = {kind.name: kind.hasher().digest() for kind in kinds.byte_kinds}
        self._lock = Lock()
        self._view = self._made({}, ())

    @property
    def banks(self) -> Mapping[int, BankState]:
        """The banks by id, as they were last set."""
        return self._view.banks

    @property
    def bits(self) -> dict[str, int]:
        """Length of a signal, by kind."""
        return {kind.name: kind.bits for kind in self._kinds}

    def fresh(
        self, parts: Mapping[str, Sequence[Sealed]] | None = None, bank_ids: Iterable[int] = ()
    ) -> Self:
        """Another matcher of the same kinds, without banks.

        Args:
            parts: sealed parts that it holds from the start, by kind.
            bank_ids: the `bank_ids` of the matcher that they come from.
        """
        other = type(self)(self._kinds)
        other._view = self._made(parts or {}, bank_ids)  # noqa: SLF001 - of the same class
        return other

    def take_over(self, other: Self) -> None:
        """Hold what another matcher holds, from one search to the next; give the other up."""
        with self._lock:
            self._view = other._view
            self.version = other.version

    def load(
        self,
        kind: str,
        codes: Octets,
        entry_ids: Integers,
        bank_ids: Integers,
        distances: Distances | None = None,
    ) -> None:
        """Hold these signals of a kind and no others; for the arguments see `Piece`.

        Raises:
            InvalidInput: the kind is unknown or the columns do not fit together.
            IndexDefect: the index failed its certificate; what was there before stays.
        """
        self.load_all([Piece(kind, codes, entry_ids, bank_ids, distances)])

    def load_all(self, pieces: Iterable[Piece]) -> None:
        """Hold the signals of all pieces and no others of their kinds; errors as for `load`."""
        batches: dict[str, list[Batch]] = {}
        for piece in pieces:
            batches.setdefault(piece.kind, []).append(self.batch(piece))
        while batches:
            kind, own = batches.popitem()
            self._index(kind).load_batches(own)

    def add(
        self,
        kind: str,
        codes: Octets,
        entry_ids: Integers,
        bank_ids: Integers,
        distances: Distances | None = None,
    ) -> None:
        """Add signals, as for `load`. Every search that begins after this sees them.

        Raises:
            InvalidInput: as for `load`; nothing was added.
            IndexDefect: they were added, but a merged part failed and the old ones stay in use.
        """
        piece = Piece(kind, codes, entry_ids, bank_ids, distances)
        self._index(kind).add_batch(self.batch(piece))

    def set_enabled(self, entry_ids: Sequence[int], enabled: bool) -> None:  # noqa: FBT001 - a switch
        """Let entries match, or not, from the next search on. Unknown ones are passed over."""
        for index in self._view.indexes.values():
            index.set_enabled(entry_ids, enabled)

    def set_distance(self, entry_id: int, distance: int | None) -> None:
        """Let an entry match up to a distance of its own, or its bank's where it is None."""
        self.set_distances([(entry_id, distance)])

    def set_distances(self, distances: Iterable[tuple[int, int | None]]) -> None:
        """As `set_distance`, for many entries. Unknown ones are passed over."""
        by_distance: dict[int | None, list[int]] = {}
        for entry_id, distance in distances:
            by_distance.setdefault(distance, []).append(entry_id)
        for distance, entry_ids in by_distance.items():
            change = partial(with_distance, distance=distance)
            for index in self._view.indexes.values():
                index.regroup(entry_ids, change)

    def remove(self, entry_ids: Sequence[int]) -> None:
        """Forget entries. Unknown ones are passed over."""
        for index in self._view.indexes.values():
            index.remove(entry_ids)

    def set_banks(self, banks: Iterable[BankState]) -> None:
        """These banks take part, in these states, and no others, from the next search on."""
        states = {bank.id: bank for bank in banks}
        with self._lock:
            slots = self._view.slots
            for bank_id in states:
                slots.slot(bank_id)
            self._view = self._view._replace(banks=states, reaches=slots.reaches(states))

    def match(
        self, signals: Sequence[Signal], banks: Collection[int] | None = None, limit: int = 100
    ) -> list[Hit]:
        """Entries that match each signal, by signal, then distance, then entry id.

        An entry is named once per signal, with the distance of its closest own signal.

        Args:
            banks: ids of the banks to look in; all enabled ones where it is None.
            limit: most entries per signal; where there are more, the closest are named.

        Raises:
            InvalidInput: a kind is unknown, a value cannot be parsed, or the limit is below 1.
        """
        return self._answer(signals, banks, limit, count=False).hits

    def count(self, signals: Sequence[Signal], banks: Collection[int] | None = None) -> list[int]:
        """How many entries match each signal; it takes a while where there are very many."""
        return self._answer(signals, banks, 1, count=True).totals

    def find(
        self, signals: Sequence[Signal], banks: Collection[int] | None = None, limit: int = 100
    ) -> Answer:
        """As `match`, and how many entries match in all; counting costs where there are many."""
        return self._answer(signals, banks, limit, count=True)

    def match_many(
        self,
        kind: str,
        codes: Octets,
        *,
        limit: int,
        threads: int,
        banks: Collection[int] | None = None,
    ) -> ManyMatches:
        """As `match`, for many signals of one kind at once, from columns to columns.

        Args:
            codes: uint8 (n, bits / 8).
            threads: how many search at once; the GIL is released meanwhile.

        Raises:
            InvalidInput: the kind is unknown, codes have another length, or the limit or the
                number of threads is below 1.
        """
        if limit < 1 or threads < 1:
            raise InvalidInput("limit and threads must be at least 1", where="limit, threads")
        view = self._view
        reach = self._reach(view, kind, banks)
        index = view.indexes[self._kinds[kind].name]
        found = search_many(index, codes, reach, limit, threads)
        owners = view.reaches.owners[found.groups // SLOT]
        return ManyMatches(found.queries, found.distances, found.keys, owners)

    def certificates(self) -> tuple[Certificate, ...]:
        """The proof of every sealed part that is in use."""
        return tuple(
            certificate
            for index in self._view.indexes.values()
            for certificate in index.certificates
        )

    def snapshots(self) -> dict[str, Snapshot]:
        """All rows as they are now, by kind; nothing may change them meanwhile."""
        return {kind: index.snapshot() for kind, index in self._view.indexes.items()}

    def compact(self, kind: str, snapshot: Snapshot, *, whole: bool) -> list[Sealed]:
        """The rows of a snapshot as few sealed parts; see `LayeredIndex.compact`."""
        return self._index(kind).compact(snapshot, whole=whole)

    @property
    def bank_ids(self) -> tuple[int, ...]:
        """Every bank seen so far; groups in snapshots count on their order."""
        return self._view.slots.bank_ids

    def sizes(self) -> dict[str, int]:
        """Signals held, by kind."""
        return {kind: len(index) for kind, index in self._view.indexes.items()}

    @property
    def unfiled(self) -> int:
        """Signals that are in memory only, of the kind that has most of them."""
        return max(index.unfiled for index in self._view.indexes.values())

    @property
    def part_classes(self) -> dict[str, type[Part]]:
        """Every class of sealed parts, by kernel."""
        return {
            name: part
            for index in self._view.indexes.values()
            for name, part in index.parts.items()
        }

    @property
    def nbytes(self) -> int:
        """Memory that all sealed parts take, shared with other processes or not."""
        return sum(index.nbytes for index in self._view.indexes.values())

    def warm(self) -> None:
        """Compile or load the kernels now, so that no first search has to wait for them."""
        rng = np.random.default_rng(0)
        for index in self._view.indexes.values():
            other = type(index)(index.kind, index.bits)
            codes = rng.integers(256, size=(WARMING_ROWS, index.bits // 8), dtype=np.uint8)
            rows = np.arange(WARMING_ROWS)
            other.load(codes, rows, np.zeros(WARMING_ROWS, np.int32))
            other.add(codes[:1], rows[:1], np.zeros(1, np.int32))
            other.search(codes[:1], np.zeros(1, np.int16), 1)

    def settle(self) -> None:
        """Wait until no index is merging in the background."""
        for index in self._view.indexes.values():
            index.settle()

    def _made(self, parts: Mapping[str, Sequence[Sealed]], bank_ids: Iterable[int]) -> _View:
        indexes: dict[str, Index] = {
            kind.name: (ExactIndex if kind.exact else HammingIndex)(kind.name, kind.bits)
            for kind in self._kinds
        }
        for kind, sealed in parts.items():
            indexes[kind].hold(sealed)
        slots = BankSlots(bank_ids)
        return _View(indexes, slots, {}, slots.reaches({}))

    def _index(self, kind: str) -> Index:
        return self._view.indexes[self._kinds[kind].name]

    def batch(self, piece: Piece) -> Batch:
        """Signals as the index of their kind holds them; errors as for `load`."""
        kind, codes = piece.kind, piece.codes
        index = self._index(kind)
        if not len(codes) == len(piece.entry_ids) == len(piece.bank_ids):
            raise InvalidInput(f"columns of {kind} differ in length")
        with self._lock:
            groups = self._view.slots.groups(piece.bank_ids, piece.distances)
        batch = index.batch(codes, piece.entry_ids, groups)
        empty = self._empty.get(kind)
        if empty is None:
            return batch
        none = to_words(np.frombuffer(empty, np.uint8).reshape(1, -1))
        kept = np.flatnonzero((batch.codes != none).any(axis=1))
        return batch if len(kept) == len(codes) else batch.take(kept)

    def _answer(
        self,
        signals: Sequence[Signal],
        banks: Collection[int] | None,
        limit: int,
        *,
        count: bool,
    ) -> Answer:
        if limit < 1:
            raise InvalidInput("the limit must be at least 1", where="limit")
        view = self._view
        by_kind: dict[str, list[int]] = {}
        for number, signal in enumerate(signals):
            by_kind.setdefault(signal.kind, []).append(number)
        hits: list[Hit] = []
        totals = [0] * len(signals) if count else []
        for kind, numbers in by_kind.items():
            reach = self._reach(view, kind, banks)
            hits += self._match(view, kind, signals, numbers, reach, limit, totals)
        if len(by_kind) > 1:
            hits.sort(key=lambda hit: hit.signal)
        return Answer(hits, totals)

    def _reach(self, view: _View, kind: str, banks: Collection[int] | None) -> Reach:
        """How far each group matches, of these banks only."""
        reach = view.reaches.exact if self._kinds.exact(kind) else view.reaches.near
        if banks is None:
            return reach
        chosen = np.repeat(np.isin(view.reaches.owners, list(banks)), SLOT)
        return np.where(chosen, reach, np.int16(NOT_SEARCHED))

    def _match(
        self,
        view: _View,
        kind: str,
        signals: Sequence[Signal],
        numbers: list[int],
        reach: Reach,
        limit: int,
        totals: list[int],
    ) -> list[Hit]:
        """The hits of the signals of one kind; counts entries where `totals` has room for it."""
        parse, empty = self._kinds[kind].parse, self._empty.get(kind)
        values = [parse(signals[number].value) for number in numbers]
        if empty in values:
            numbers = [n for n, value in zip(numbers, values, strict=True) if value != empty]
            values = [value for value in values if value != empty]
        index, owners = view.indexes[kind], view.reaches.owners
        queries = np.frombuffer(b"".join(values), np.uint8).reshape(-1, index.bits // 8)
        found = _entries(index, queries, reach, limit)
        if totals:
            for number, own, query in zip(numbers, found, queries, strict=True):
                totals[number] = len(own) if len(own) < limit else _count(index, query, reach)
        return [
            Hit(
                entry_id=entry,
                bank_id=int(owners[group // SLOT]),
                kind=kind,
                distance=distance,
                signal=number,
            )
            for number, entries in zip(numbers, found, strict=True)
            for entry, (distance, group) in entries.items()
        ]


def _entries(
    index: Index, all_queries: Octets, reach: Reach, limit: int
) -> list[dict[int, tuple[int, int]]]:
    """For each query the entries that match, with distance and group, closest first."""
    queries = all_queries
    named: list[dict[int, tuple[int, int]]] = [{} for _ in queries]
    waiting, ask = list(range(len(queries))), limit
    while waiting:
        found = index.search(queries, reach, ask)
        if not found.totals.any():
            break
        for place, distance, key, group in found.rows():
            own = named[waiting[place]]
            if len(own) < limit:
                own.setdefault(key, (distance, group))
        # An entry with many equal signals must not crowd out the others.
        waiting = [
            number
            for number, total in zip(waiting, found.totals.tolist(), strict=True)
            if total > ask and len(named[number]) < limit
        ]
        queries, ask = all_queries[waiting], ask * 16
    return named


def _count(index: Index, query: Octets, reach: Reach) -> int:
    """Entries that match one query."""
    rows = int(index.search(query[None], reach, 1).totals[0])
    found = index.search(query[None], reach, max(rows, 1))
    return len(np.unique(found.keys))
