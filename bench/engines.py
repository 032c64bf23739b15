"""Engines that find signals within a distance: ours, and what others use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crowds import BITS, RADIUS, Octets
from tutela.detection.index.hamming import HammingIndex, ScanPart
from tutela.detection.index.layers import LayeredIndex
from tutela.detection.index.many import search_many

LIMIT = 100
REACH = np.array([RADIUS], np.int16)


class Engine(Protocol):
    """Something built over codes (n, 32).

    Attributes:
        memory: bytes that it takes.
        threads: how many search at once.
    """

    memory: int
    threads: int

    def search(self, queries: Octets) -> object:
        """Look up each query, as the engine's own users do."""
        ...

    def hits(self, query: Octets) -> set[int]:
        """Numbers of all codes within the radius of one query."""
        ...


class Own:
    """Our index, asked in one of three ways.

    Args:
        way: `single` (one call per query), `batch` (one call), `many` (with threads).
        scan: compare all codes instead: what the worst case is measured against.
    """

    def __init__(self, codes: Octets, *, scan: bool = False) -> None:
        plain = LayeredIndex("pdq", BITS, lambda rows: ScanPart(rows, RADIUS))
        self.index = plain if scan else HammingIndex("pdq", BITS)
        self.index.load(codes, np.arange(len(codes)), np.zeros(len(codes), np.int32))
        self.memory = self.index.nbytes
        self.threads = 1
        self.way = "batch"

    def asked(self, way: str) -> Own:
        """The same index, asked in another way."""
        other = object.__new__(Own)
        other.__dict__.update(self.__dict__, way=way)
        other.threads = len(os.sched_getaffinity(0)) if way == "many" else 1
        return other

    def search(self, queries: Octets) -> object:
        """Look up each query."""
        if self.way == "batch":
            return self.index.search(queries, REACH, LIMIT)
        if self.way == "many":
            return search_many(self.index, queries, REACH, LIMIT, self.threads)
        return [self.index.search(query, REACH, LIMIT) for query in queries[:, None]]

    def hits(self, query: Octets) -> set[int]:
        """Numbers of all codes within the radius."""
        total = int(self.index.search(query[None], REACH, 1).totals[0])
        return set(self.index.search(query[None], REACH, max(1, total)).keys.tolist())


class Faiss:
    """An index of faiss, on one core."""

    threads = 1

    def __init__(self, codes: Octets, make: Callable[[Any], Any]) -> None:
        import faiss  # noqa: PLC0415 - only where it is measured

        faiss.omp_set_num_threads(1)
        before = _resident()
        self._index = make(faiss)
        self._index.add(codes)
        self.memory = _resident() - before

    def search(self, queries: Octets) -> object:
        """Look up each query; faiss counts distances below its radius."""
        return self._index.range_search(queries, RADIUS + 1)

    def hits(self, query: Octets) -> set[int]:
        """Numbers of all codes within the radius."""
        found: NDArray[np.int64] = self._index.range_search(query[None], RADIUS + 1)[2]
        return set(found.tolist())


def flat(codes: Octets) -> Engine:
    """Faiss, comparing all codes."""
    return Faiss(codes, lambda faiss: faiss.IndexBinaryFlat(BITS))


def multihash(codes: Octets) -> Engine:
    """Faiss, 16 substrings of 16 bits; one flip each makes it exact up to 31 bits."""

    def make(faiss: Any) -> Any:  # noqa: ANN401 - faiss has no types
        index = faiss.IndexBinaryMultiHash(BITS, 16, 16)
        index.nflip = 1
        return index

    return Faiss(codes, make)


class PdqIndex:
    """`PDQIndex` of threatexchange, which HMA serves; it takes and gives hex, one at a time."""

    threads = 1

    def __init__(self, codes: Octets) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415 - likewise

        before = _resident()
        self._index = PDQIndex((code.tobytes().hex(), n) for n, code in enumerate(codes))
        self.memory = _resident() - before

    def search(self, queries: Octets) -> object:
        """Look up each query."""
        return [self._index.query(query.tobytes().hex()) for query in queries]

    def hits(self, query: Octets) -> set[int]:
        """Numbers of all codes within the radius."""
        return {match.metadata for match in self._index.query(query.tobytes().hex())}


def brute_force(codes: Octets, queries: Iterable[Octets]) -> list[set[int]]:
    """What each query must find, in plain NumPy."""
    words = codes.view(np.uint64)
    wanted = []
    for query in queries:
        own: set[int] = set()
        for start in range(0, len(words), 1 << 20):
            part = words[start : start + (1 << 20)]
            apart = sum(
                np.bitwise_count(part[:, word] ^ bits).astype(np.int16)
                for word, bits in enumerate(query.view(np.uint64))
            )
            own.update((np.flatnonzero(apart <= RADIUS) + start).tolist())
        wanted.append(own)
    return wanted


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
