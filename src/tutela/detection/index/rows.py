"""The signals of an index as columns: a sorted set that never grows, and a head that does."""

from __future__ import annotations

import sys
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tutela.detection.index.building.kernels import PLACE, PLACE_BITS, bucket_keys, sort_keys
from tutela.detection.index.shapes import Arrays, Groups, Integers, Numbers, Rows, Words
from tutela.detection.index.twins import row_counts
from tutela.errors import TooLarge

Octets = NDArray[np.uint8]

GONE = np.int32(np.iinfo(np.int32).min)
"""The group of a removed row. A disabled row of group g has `~g`, which is negative too."""

LEADING = 32
"""Bits that are sorted by in one go."""

MOST_ROWS = (1 << 31) - 1
"""Rows are numbered in 32 bits, and the tables need the highest bit."""


def to_words(octets: Octets) -> Words:
    """Signals (n, bytes) as big-endian 64-bit words (n, words), filled up with zeros."""
    count, size = octets.shape
    padded = np.ascontiguousarray(octets)
    if size % 8:
        padded = np.zeros((count, -(-size // 8) * 8), np.uint8)
        padded[:, :size] = octets
    words = padded.view(np.uint64)
    # Ten times as quick as `astype` from a big-endian type.
    return words.byteswap() if sys.byteorder == "little" else words.copy()


class Batch(NamedTuple):
    """Rows in no order: codes (n, words), keys (n,) and groups (n,)."""

    codes: Words
    keys: Integers
    groups: Groups

    @staticmethod
    def joined(batches: list[Batch]) -> Batch:
        """All of them, one after the other."""
        if len(batches) == 1:
            return batches[0]
        codes, keys, groups = zip(*batches, strict=True)
        return Batch(np.concatenate(codes), np.concatenate(keys), np.concatenate(groups))

    def copied(self) -> Batch:
        """The same rows in arrays of their own."""
        return Batch(self.codes.copy(), self.keys.copy(), self.groups.copy())

    def take(self, numbers: NDArray[np.int64]) -> Batch:
        """Some of the rows."""
        # Whole codes as single items: a third of the time of indexing a matrix.
        words = self.codes.shape[1]
        whole = np.ascontiguousarray(self.codes).view(f"V{8 * words}").reshape(-1)
        codes = whole[numbers].view(np.uint64).reshape(-1, words)
        return Batch(codes, self.keys[numbers], self.groups[numbers])


class SortedRows:
    """Rows sorted by code, then key, with equal codes kept once. Only groups ever change.

    Attributes:
        rows: the codes, where the rows of each begin, and the group of each row.
        keys: int64, one per row.
    """

    def __init__(self, rows: Rows, keys: Integers, by_key: Numbers) -> None:
        self.rows = rows
        self.keys = keys
        self._by_key = by_key

    @classmethod
    def of_sorted(cls, batch: Batch) -> Self:
        """The rows of a batch that is sorted already."""
        codes, keys, groups = batch
        begins = np.ones(len(codes), bool)
        begins[1:] = codes[1:, 0] != codes[:-1, 0]
        same = np.flatnonzero(~begins)
        begins[same] = np.any(codes[same] != codes[same - 1], axis=1)
        starts = np.append(np.flatnonzero(begins), len(codes)).astype(np.uint32)
        rows = Rows(codes if begins.all() else codes[begins], starts, groups)
        return cls(rows, keys, order_of(keys))

    @classmethod
    def restored(cls, arrays: Arrays) -> Self:
        """The rows that `arrays` were taken of. All but `groups` may be read-only."""
        rows = Rows(arrays["codes"], arrays["starts"], arrays["groups"])
        return cls(rows, arrays["keys"], arrays["by_key"])

    @property
    def arrays(self) -> Arrays:
        """Every column by name."""
        return {**self.rows._asdict(), "keys": self.keys, "by_key": self._by_key}

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def nbytes(self) -> int:
        """Memory that the columns take."""
        return sum(column.nbytes for column in self.arrays.values())

    def of_keys(self, keys: Integers) -> Integers:
        """Numbers of the rows that have one of some keys."""
        keys = np.unique(keys)
        first, end = self._first_not_below(keys), self._first_not_below(keys + 1)
        counts = end - first
        # All runs at once: joining hundreds of thousands of arrays would keep the GIL for long.
        shifts = first - (np.cumsum(counts) - counts)
        places = np.arange(counts.sum()) + np.repeat(shifts, counts)
        numbers: Integers = self._by_key[places].astype(np.int64)
        return numbers

    def _first_not_below(self, keys: Integers) -> Integers:
        """Binary search in the order of the keys; NumPy's own would copy that order each time."""
        low, high = np.zeros(len(keys), np.int64), np.full(len(keys), len(self))
        while (open_ := low < high).any():
            middle = (low + high) // 2
            below = open_.copy()
            below[open_] = self.keys[self._by_key[middle[open_]]] < keys[open_]
            low = np.where(below, middle + 1, low)
            high = np.where(open_ & ~below, middle, high)
        return low

    def batch(self) -> Batch:
        """The rows as a batch, with the groups as they are now."""
        codes = self.rows.codes
        if len(codes) < len(self):
            codes = np.repeat(codes, row_counts(self.rows), axis=0)
        return Batch(codes, self.keys, self.rows.groups)


def sort_rows(batch: Batch) -> tuple[SortedRows, Integers]:
    """Sort a batch; beside it, where each row stood in the batch.

    Raises:
        TooLarge: there are more rows than 31 bits can number.
    """
    if len(batch.keys) > MOST_ROWS:
        raise TooLarge(f"an index holds at most {MOST_ROWS:,} signals", remedy="split the banks")
    order = _order(batch)
    return SortedRows.of_sorted(batch.take(order)), order


def _order(batch: Batch) -> Integers:
    """Numbers that sort a batch by code, then key. Mostly the first bits decide."""
    columns = [batch.codes[:, word] for word in range(batch.codes.shape[1])]
    leading = sort_keys(bucket_keys(batch.codes, 0, LEADING), LEADING)
    same = np.zeros(len(leading), bool)
    np.equal(leading[1:] >> PLACE_BITS, leading[:-1] >> PLACE_BITS, out=same[1:])
    same[:-1] |= same[1:]
    leading &= PLACE
    order: Integers = leading.view(np.int64)
    if same.any():
        tied = order[same]
        order[same] = tied[np.lexsort([column[tied] for column in (batch.keys, *columns[::-1])])]
    return order


def order_of(keys: Integers) -> Numbers:
    """Numbers that sort some keys, equal ones as they come: a quarter of the time of `argsort`."""
    span = int(keys.max(initial=0)) - int(keys.min(initial=0))
    if span >> LEADING:
        return np.argsort(keys, kind="stable").astype(np.uint32)
    packed = (keys - keys.min(initial=0)).view(np.uint64) << PLACE_BITS
    packed |= np.arange(len(keys), dtype=np.uint64)
    packed = sort_keys(packed, max(1, span.bit_length()))
    return np.bitwise_and(packed, PLACE, out=packed).astype(np.uint32)


class Head:
    """Rows in the order in which they came, with room for more. Appending is the writer's.

    Readers hold the head together with the number of rows that were there when they began; rows
    after that number may be written while they read.
    """

    def __init__(self, words: int, room: int) -> None:
        self.rows = Rows(
            np.empty((room, words), np.uint64),
            np.arange(room + 1, dtype=np.uint32),
            np.empty(room, np.int32),
        )
        self.keys = np.empty(room, np.int64)

    def with_rows(self, length: int, batch: Batch) -> Head:
        """A head with a batch after the first `length` rows: this one, or a larger copy."""
        wanted = length + len(batch.keys)
        head = self
        if wanted > len(self.keys):
            head = Head(self.rows.codes.shape[1], max(wanted, 2 * len(self.keys)))
            head._write(0, self.batch(length))
        head._write(length, batch)
        return head

    def _write(self, start: int, batch: Batch) -> None:
        end = start + len(batch.keys)
        self.rows.codes[start:end] = batch.codes
        self.rows.groups[start:end] = batch.groups
        self.keys[start:end] = batch.keys

    def of_keys(self, keys: Integers, length: int) -> Integers:
        """Numbers of the first `length` rows that have one of some keys."""
        return np.flatnonzero(np.isin(self.keys[:length], keys))

    def batch(self, length: int, start: int = 0) -> Batch:
        """Rows `start` to `length`."""
        part = slice(start, length)
        return Batch(self.rows.codes[part], self.keys[part], self.rows.groups[part])
