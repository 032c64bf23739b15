"""Hashed n-grams of one message, compiled by numba. Equal bit for bit to `twins.py`.

Constants stand here, because numba compiles anew only when this file has changed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.kernels import inlined, kernel

Points = NDArray[np.uint32]
Buckets = NDArray[np.int32]
Weights = NDArray[np.float32]
Marks = NDArray[np.uint64]

BITS = 18
SIZE = 1 << BITS
"""How many buckets n-grams are hashed to."""

BREAK = 0x110000
"""Stands between two texts of one message: a space over which no pair of words reaches."""

_SPACE = 32
_NONE = np.uint64(0)
_OFFSET = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)
_DOWN = np.uint64(29)
_IN_SIZE = np.uint64(SIZE - 1)
_WORD = np.uint64(6)
_IN_WORD = np.uint64(63)
_ONE = np.uint64(1)
_LETTERS, _ALONE, _PAIR = np.uint64(1), np.uint64(2), np.uint64(3)


@kernel
def buckets(points: Points) -> Buckets:
    """Buckets of the distinct n-grams of code points (n,), in the order of their first sight.

    Returns:
        (m,), each from 0 to `SIZE` - 1, none twice; m is at most `most(n)`.
    """
    out = np.empty(most(points.size), np.int32)
    return out[: _collect(points, out)]


@kernel
def weigh(points: Points, weights: Weights) -> tuple[float, int]:
    """The sum of the weights (SIZE,) of the distinct n-grams of code points (n,), and their count.

    3 us for 40 code points. The sum is made in double precision, in the order of `buckets`.
    """
    out = np.empty(most(points.size), np.int32)
    count = _collect(points, out)
    total = 0.0
    for place in range(count):
        total += np.float64(weights[out[place]])
    return total, count


@kernel
def most(size: int) -> int:
    """How many distinct n-grams so many code points have at most."""
    return min(5 * size + 8, SIZE)


@kernel
def _collect(points: Points, out: Buckets) -> int:
    marks = np.zeros(SIZE >> 6, np.uint64)
    count, before, place = 0, _NONE, 0
    while place < points.size:
        if _parts(points[place]):
            if points[place] == BREAK:
                before = _NONE
            place += 1
            continue
        end = place
        while end < points.size and not _parts(points[end]):
            end += 1
        count = _letters(points, place, end, marks, out, count)
        first, last = _trimmed(points, place, end)
        if first < last:
            word = _hash(points, first, last)
            count = _keep(_finish(word, _ALONE), marks, out, count)
            if before:
                count = _keep(_finish(before * _PRIME ^ word, _PAIR), marks, out, count)
            before = word
        place = end
    return count


@kernel
def _letters(points: Points, start: int, end: int, marks: Marks, out: Buckets, count: int) -> int:
    """The runs of 2, 3 and 4 characters of one word with a space on either side."""
    for first in range(start - 1, end):
        state = _OFFSET
        for reach in range(4):
            place = first + reach
            if place > end:
                break
            inside = start <= place < end
            state = _step(state, np.uint64(points[place]) if inside else np.uint64(_SPACE))
            if reach:
                count = _keep(_finish(state, _LETTERS), marks, out, count)
    return count


@inlined
def _keep(bucket: np.uint64, marks: Marks, out: Buckets, count: int) -> int:
    word, bit = bucket >> _WORD, _ONE << (bucket & _IN_WORD)
    if marks[word] & bit:
        return count
    marks[word] |= bit
    out[count] = np.int32(bucket)
    return count + 1


@inlined
def _hash(points: Points, start: int, end: int) -> np.uint64:
    state = _OFFSET
    for place in range(start, end):
        state = _step(state, np.uint64(points[place]))
    return state


@inlined
def _step(state: np.uint64, point: np.uint64) -> np.uint64:
    """FNV-1a, a code point at a time."""
    return (state ^ point) * _PRIME


@inlined
def _finish(state: np.uint64, kind: np.uint64) -> np.uint64:
    """FNV's low bits know little of its high ones: mix them, as MurmurHash3 does at its end."""
    mixed = state ^ kind * _PRIME
    mixed = (mixed ^ mixed >> _HALF) * _MIX
    return (mixed ^ mixed >> _DOWN) & _IN_SIZE


@inlined
def _parts(point: np.uint32) -> bool:
    """Whether a code point stands between words: white space in Unicode, or `BREAK`."""
    if point < 128:  # noqa: PLR2004 - ASCII
        return bool(9 <= point <= 13 or 28 <= point <= 32)  # noqa: PLR2004
    return bool(
        point in (133, 160, 5760, 8232, 8233, 8239, 8287, 12288)
        or 8192 <= point <= 8202  # noqa: PLR2004
        or point == BREAK
    )


@inlined
def _mark(point: np.uint32) -> bool:
    """Whether it is punctuation of ASCII."""
    return bool(
        33 <= point <= 47  # noqa: PLR2004
        or 58 <= point <= 64  # noqa: PLR2004
        or 91 <= point <= 96  # noqa: PLR2004
        or 123 <= point <= 126  # noqa: PLR2004
    )


@inlined
def _trimmed(points: Points, start: int, end: int) -> tuple[int, int]:
    """A word without the punctuation at its ends: `old?` and `old` are one word."""
    while start < end and _mark(points[start]):
        start += 1
    while end > start and _mark(points[end - 1]):
        end -= 1
    return start, end
