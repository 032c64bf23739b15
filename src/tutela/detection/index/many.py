"""Many searches at once, as a re-scan needs them: columns in, columns out, on several cores.

The kernel sorts the probes of each query by where they go and asks memory for them ahead. Sorting
the queries as well, by the substring of any table, was tried among a million and among ten million
entries, and gained nothing that could be measured.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import NamedTuple

import numpy as np

from tutela.detection.index.layers import LayeredIndex, Matches
from tutela.detection.index.rows import Octets
from tutela.detection.index.shapes import Integers, Reach

AT_ONCE = 1024
"""Signals that one thread searches for in one go: some hundredths of a second among ten million
entries, so that threads end together and a change of the lists counts soon."""

MORE = 16
"""Rows are asked for so many times as before where one entry's rows crowd out other entries."""


class ManyMatches(NamedTuple):
    """Entries that match, by query, then distance, then entry: one item per match in each column.

    Attributes:
        queries: int64, numbers of the signals that were asked for, from 0.
        distances: int64, bits to the closest signal of the entry; 0 for exact kinds.
        entry_ids, bank_ids: int64.
    """

    queries: Integers
    distances: Integers
    entry_ids: Integers
    bank_ids: Integers


def search_many(
    index: LayeredIndex, signals: Octets, reach: Reach, limit: int, threads: int
) -> Matches:
    """The closest entries of each signal, each once; at most `limit` of them.

    As `LayeredIndex.search`, which says what the arguments are, but `totals` are of rows and the
    keys of one query are all different.

    Args:
        threads: how many search at once; they hold the GIL between kernels only.
    """
    totals = np.zeros(len(signals), np.int64)
    waiting, ask, columns = np.arange(len(signals)), limit, [_NOTHING]
    while len(waiting):
        found = _search(index, signals[waiting], reach, ask, threads)
        queries, keys = found.queries, found.keys
        # Of the rows of one entry the first is the closest.
        first = np.sort(np.unique(np.stack([queries, keys]), axis=1, return_index=True)[1])
        named = np.bincount(queries[first], minlength=len(waiting))
        totals[waiting] = found.totals
        open_ = (found.totals > ask) & (named < limit)
        kept = first[~open_[queries[first]]]
        columns.append(
            (waiting[queries[kept]], found.distances[kept], keys[kept], found.groups[kept])
        )
        waiting, ask = waiting[open_], ask * MORE
    queries, distances, keys, groups = map(np.concatenate, zip(*columns, strict=True))
    order = np.lexsort((keys, distances, queries))
    rank = np.arange(len(order)) - np.searchsorted(queries[order], queries[order])
    order = order[rank < limit]
    return Matches(queries[order], distances[order], keys[order], groups[order], totals)


def _search(
    index: LayeredIndex, signals: Octets, reach: Reach, limit: int, threads: int
) -> Matches:
    """Search for parts of the signals in turn, on all threads."""
    starts = range(0, len(signals), AT_ONCE)
    parts = [signals[start : start + AT_ONCE] for start in starts]
    with ThreadPoolExecutor(threads, thread_name_prefix="search") as pool:
        found = list(pool.map(index.search, parts, repeat(reach), repeat(limit)))
    queries = [own.queries + start for own, start in zip(found, starts, strict=True)]
    _, *columns = zip(*found, strict=True)
    return Matches(np.concatenate(queries), *map(np.concatenate, columns))


_NOTHING = (*(np.empty(0, np.int64) for _ in range(3)), np.empty(0, np.int32))
