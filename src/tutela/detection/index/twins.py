"""The search in NumPy, without any cleverness: what the kernels must give, and their judge.

Certificates and tests compare the kernels with these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.index.shapes import Found, Integers, Question, Rows, Words

_CHUNK = 1 << 16


def distances(query: Words, codes: Words) -> NDArray[np.int64]:
    """Bits in which a query (words,) differs from each of some codes (n, words)."""
    apart = np.zeros(len(codes), np.int64)
    for start in range(0, len(codes), _CHUNK):
        part = slice(start, start + _CHUNK)
        for word in range(codes.shape[1]):
            apart[part] += np.bitwise_count(codes[part, word] ^ query[word])
    return apart


def row_counts(rows: Rows) -> Integers:
    """Rows of each code."""
    starts = rows.starts.astype(np.int64)
    return starts[1:] - starts[:-1]


def scan(question: Question, rows: Rows, count: int) -> Found:
    """Every row that matches, by comparing all: the specification of `scan`, `probe` and `find`."""
    hits, totals = [], []
    for query in question.queries:
        apart = distances(query, rows.codes[:count])
        near = np.flatnonzero(apart <= question.radius)
        owned = [np.arange(rows.starts[code], rows.starts[code + 1]) for code in near]
        numbers = np.concatenate([np.empty(0, np.int64), *owned])
        apart = np.repeat(apart[near], np.array([len(own) for own in owned], np.int64))
        groups = rows.groups[numbers]
        live = (groups >= 0) & (groups < len(question.reach))
        live[live] &= apart[live] <= question.reach[groups[live]]
        hit = np.sort((apart[live] << 32 | numbers[live]).astype(np.uint64))
        hits.append(hit[: question.limit])
        totals.append(len(hit))
    ends = np.cumsum([len(hit) for hit in hits], dtype=np.int64)
    found = np.concatenate(hits) if hits else np.empty(0, np.uint64)
    return Found(found, ends, np.array(totals, np.int64))


def substrings(codes: Words, first: int, width: int) -> NDArray[np.uint64]:
    """Bits `first` to `first + width` of each code as a number."""
    octets = codes.astype(">u8").view(np.uint8).reshape(len(codes), -1)
    bits = np.unpackbits(octets, axis=1)[:, first : first + width].astype(np.uint64)
    powers = np.uint64(1) << np.arange(width - 1, -1, -1, dtype=np.uint64)
    numbers: NDArray[np.uint64] = (bits * powers).sum(axis=1, dtype=np.uint64)
    return numbers
