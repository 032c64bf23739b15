"""The matcher: signals of any kind in, entries of enabled banks within their distance out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np

from tutela.detection.index.certificate import Certificate
from tutela.detection.index.exact import ExactIndex
from tutela.detection.index.hamming import HammingIndex
from tutela.detection.index.rows import Octets
from tutela.detection.index.shapes import Groups, Integers, Reach
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.model import Signal
from tutela.model.record import Record

NOT_SEARCHED = -1

WARMING_ROWS = 4096
"""Enough for the Hamming index to make tables."""


class BankState(Record, frozen=True, kw_only=True):
    """What matching must know of a bank; see `tutela.model.Bank`."""

    id: int
    name: str
    distance: int = 31
    enabled: bool = True
    trusted: bool = False
    drill: bool = False
    exchange: str | None = None
    allow: bool = False


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


class _Banks(NamedTuple):
    """The banks as searches see them; replaced as a whole."""

    states: Mapping[int, BankState]
    near: Reach
    exact: Reach


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
        self._indexes: dict[str, ExactIndex | HammingIndex] = {
            kind.name: (ExactIndex if kind.exact else HammingIndex)(kind.name, kind.bits)
            for kind in kinds
        }
        self._lock = Lock()
        self._groups: dict[int, int] = {}
        self._bank_ids: list[int] = []
        none = np.empty(0, np.int16)
        self._banks = _Banks({}, none, none)

    @property
    def banks(self) -> Mapping[int, BankState]:
        """The banks by id, as they were last set."""
        return self._banks.states

    def load(self, kind: str, codes: Octets, entry_ids: Integers, bank_ids: Integers) -> None:
        """Hold these signals of a kind and no others.

        Args:
            codes: uint8 (n, bits / 8).
            entry_ids: int64 (n,); an entry may have several signals.
            bank_ids: int64 (n,). A bank that `set_banks` has not named yet does not match.

        Raises:
            InvalidInput: the kind is unknown or the columns do not fit together.
            IndexDefect: the index failed its certificate; what was there before stays.
        """
        self._index(kind).load(*self._rows(kind, codes, entry_ids, bank_ids))

    def add(self, kind: str, codes: Octets, entry_ids: Integers, bank_ids: Integers) -> None:
        """Add signals, as for `load`. Every search that begins after this sees them.

        Raises:
            InvalidInput: as for `load`; nothing was added.
            IndexDefect: they were added, but a merged part failed and the old ones stay in use.
        """
        self._index(kind).add(*self._rows(kind, codes, entry_ids, bank_ids))

    def set_enabled(self, entry_ids: Sequence[int], enabled: bool) -> None:  # noqa: FBT001 - a switch
        """Let entries match, or not, from the next search on. Unknown ones are passed over."""
        for index in self._indexes.values():
            index.set_enabled(entry_ids, enabled)

    def remove(self, entry_ids: Sequence[int]) -> None:
        """Forget entries. Unknown ones are passed over."""
        for index in self._indexes.values():
            index.remove(entry_ids)

    def set_banks(self, banks: Iterable[BankState]) -> None:
        """These banks take part, in these states, and no others, from the next search on."""
        states = {bank.id: bank for bank in banks}
        with self._lock:
            groups = {bank_id: self._group(bank_id) for bank_id in states}
            near = np.full(len(self._bank_ids), NOT_SEARCHED, np.int16)
            exact = near.copy()
            for bank in states.values():
                if bank.enabled:
                    near[groups[bank.id]], exact[groups[bank.id]] = bank.distance, 0
            self._banks = _Banks(states, near, exact)

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
        if limit < 1:
            raise InvalidInput("the limit must be at least 1", where="limit")
        state = self._banks
        by_kind: dict[str, list[int]] = {}
        for number, signal in enumerate(signals):
            by_kind.setdefault(signal.kind, []).append(number)
        hits: list[Hit] = []
        for kind, numbers in by_kind.items():
            reach = state.exact if self._kinds.exact(kind) else state.near
            if banks is not None:
                reach = self._only(banks, reach)
            hits += self._match(kind, signals, numbers, reach, limit)
        if len(by_kind) > 1:
            hits.sort(key=lambda hit: hit.signal)
        return hits

    def certificates(self) -> tuple[Certificate, ...]:
        """The proof of every sealed part that is in use."""
        return tuple(
            certificate for index in self._indexes.values() for certificate in index.certificates
        )

    def sizes(self) -> dict[str, int]:
        """Signals held, by kind."""
        return {kind: len(index) for kind, index in self._indexes.items()}

    def warm(self) -> None:
        """Compile or load the kernels now, so that no first search has to wait for them."""
        rng = np.random.default_rng(0)
        for index in self._indexes.values():
            other = type(index)(index.kind, index.bits)
            codes = rng.integers(256, size=(WARMING_ROWS, index.bits // 8), dtype=np.uint8)
            rows = np.arange(WARMING_ROWS)
            other.load(codes, rows, np.zeros(WARMING_ROWS, np.int32))
            other.add(codes[:1], rows[:1], np.zeros(1, np.int32))
            other.search(codes[:1], np.zeros(1, np.int16), 1)

    def settle(self) -> None:
        """Wait until no index is merging in the background."""
        for index in self._indexes.values():
            index.settle()

    def _index(self, kind: str) -> ExactIndex | HammingIndex:
        return self._indexes[self._kinds[kind].name]

    def _group(self, bank_id: int) -> int:
        """The bank's number in the indexes, given at its first sight. Call it with the lock."""
        if bank_id not in self._groups:
            self._groups[bank_id] = len(self._bank_ids)
            self._bank_ids.append(bank_id)
        return self._groups[bank_id]

    def _rows(
        self, kind: str, codes: Octets, entry_ids: Integers, bank_ids: Integers
    ) -> tuple[Octets, Integers, Groups]:
        if not len(codes) == len(entry_ids) == len(bank_ids):
            raise InvalidInput(f"columns of {kind} differ in length")
        known, places = np.unique(bank_ids, return_inverse=True)
        with self._lock:
            groups = np.array([self._group(int(bank_id)) for bank_id in known], np.int32)[places]
        empty = self._empty.get(kind)
        if empty is not None and codes.shape[1:] == (len(empty),):
            kept = (codes != np.frombuffer(empty, np.uint8)).any(axis=1)
            return codes[kept], entry_ids[kept], groups[kept]
        return codes, entry_ids, groups

    def _only(self, banks: Collection[int], reach: Reach) -> Reach:
        """The reach of some banks, and none of the others."""
        chosen = [self._groups[bank_id] for bank_id in banks if bank_id in self._groups]
        chosen = [group for group in chosen if group < len(reach)]
        only = np.full_like(reach, NOT_SEARCHED)
        only[chosen] = reach[chosen]
        return only

    def _match(
        self, kind: str, signals: Sequence[Signal], numbers: list[int], reach: Reach, limit: int
    ) -> list[Hit]:
        parse, empty = self._kinds[kind].parse, self._empty.get(kind)
        values = [parse(signals[number].value) for number in numbers]
        if empty in values:
            numbers = [n for n, value in zip(numbers, values, strict=True) if value != empty]
            values = [value for value in values if value != empty]
        return [
            Hit(
                entry_id=entry,
                bank_id=self._bank_ids[group],
                kind=kind,
                distance=distance,
                signal=number,
            )
            for number, entries in zip(
                numbers, self._entries(kind, values, reach, limit), strict=True
            )
            for entry, (distance, group) in entries.items()
        ]

    def _entries(
        self, kind: str, values: list[bytes], reach: Reach, limit: int
    ) -> list[dict[int, tuple[int, int]]]:
        """For each value the entries that match, with distance and group, closest first."""
        index = self._indexes[kind]
        all_queries = np.frombuffer(b"".join(values), np.uint8).reshape(-1, index.bits // 8)
        queries = all_queries
        named: list[dict[int, tuple[int, int]]] = [{} for _ in values]
        waiting, ask = list(range(len(values))), limit
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
