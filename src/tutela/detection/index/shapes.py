"""What the match engine's loops take and give.

Words used throughout this package:

- A code is the bits of a signal as big-endian 64-bit words: bit 0 is the first bit of its first
  byte. `codes` is (n, words) uint64.
- A code owns the rows `starts[code]` to `starts[code + 1]`; a row is one signal of one entry.
- `groups[row]` is the row's bank as a small number; negative while the row must not match.
- `reach[group]` is the greatest distance at which that bank matches; negative for not at all.
- `Arrays` and `Form` (what JSON can hold) are all that a sealed part is made of, beside its rows.
- A hit is `distance << 32 | row` in one uint64, so that sorting hits puts the closest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Numbers = NDArray[np.uint32]
Integers = NDArray[np.int64]
Groups = NDArray[np.int32]
Reach = NDArray[np.int16]
Integer = int | np.integer[Any]
Arrays = Mapping[str, NDArray[Any]]
Form = Mapping[str, Any]


class Rows(NamedTuple):
    """What a search needs of the signals themselves; see the head of this file."""

    codes: Words
    starts: Numbers
    groups: Groups


class Question(NamedTuple):
    """What is asked.

    Attributes:
        queries: (n, words) codes.
        radius: greatest distance at which any group matches.
        reach: int16 (groups,).
        limit: most hits per query, at least 1.
    """

    queries: Words
    radius: int
    reach: Reach
    limit: int


class Found(NamedTuple):
    """What was found.

    Attributes:
        hits: those of query i are `hits[ends[i - 1] : ends[i]]`, sorted.
        totals: how many there are for each query, of which `hits` has the `limit` first.
    """

    hits: Words
    ends: Integers
    totals: Integers


class Tables(NamedTuple):
    """The hash tables of multi-index hashing, one per substring of a code, laid end to end.

    A table has one bit for each of its buckets: whether it is full. The bits of all tables make
    one long bitmap, and full buckets are numbered in its order. Each has a head: the only code in
    it, or `SPILLED | place` where several share it; `spill[place]` is then their number, and they
    follow it.

    Attributes:
        layout: int64 (tables, columns), see FIRST and so on.
        bitmap: 64 buckets to a word, lowest bit first.
        ranks: full buckets before each line of eight words.
        masks: for each width and threshold, which bits of a bucket's number above the lowest six
            to flip, and in the highest four bits what is left of the threshold for these six.
        near: uint64 (radius + 1, 64): which of 64 buckets lie within a radius of one of them.
    """

    layout: Integers
    bitmap: Words
    ranks: Numbers
    heads: Numbers
    spill: Numbers
    masks: Numbers
    near: Words


class Probing(NamedTuple):
    """How to ask the tables.

    Attributes:
        thresholds: int8 (tables,): bits by which a bucket may differ, -1 for not asked. Their
            sum plus the number of tables is above the radius.
        room: buckets that are asked for in all.
        patience: number of candidates above which comparing all codes is quicker.
    """

    thresholds: NDArray[np.int8]
    room: int
    patience: int
