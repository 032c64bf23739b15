"""The loops that sort codes and fill hash tables, compiled by numba.

All release the GIL and are cached on disk. None checks its arguments: the callers do. A key here is
`number << 32 | place`: what to sort by, and which code it was taken of. `substring` and the
constants stand in the file of the searching kernels too, because numba compiles anew only when a
kernel's own file has changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tutela.detection.index.shapes import Integers, Numbers, Words
from tutela.detection.kernels import kernel

SPILLED = np.uint32(1 << 31)
ZERO, ONE, PLACE_BITS = np.uint64(0), np.uint64(1), np.uint64(32)
PLACE = np.uint64(0xFFFFFFFF)
WORD_BITS, IN_WORD = np.uint64(6), np.uint64(63)

DIGIT_BITS = 11
"""Most bits that are sorted by at once: 2048 ends of lists just fit into the second cache."""


@kernel
def substring(code: Words, first: int, width: int) -> Any:  # noqa: ANN401 - a uint64
    """Bits `first` to `first + width` of a code as a number; width is 1 to 63."""
    word, offset = first >> 6, first & 63
    bits = code[word] << np.uint64(offset)
    if offset + width > 64:  # noqa: PLR2004 - bits of a word
        bits |= code[word + 1] >> np.uint64(64 - offset)
    return bits >> np.uint64(64 - width)


@kernel
def bucket_keys(codes: Words, first: int, width: int) -> Words:
    """`substring << 32 | code` of each code: sorted, they are the contents of a table."""
    keys = np.empty(codes.shape[0], np.uint64)
    for code in range(np.uint64(codes.shape[0])):
        keys[code] = (substring(codes[code], first, width) << PLACE_BITS) | code
    return keys


@kernel
def _digits(keys: Words, bits: int, passes: int) -> Integers:
    """How often each value of each digit occurs: int64 (passes, 2 ** bits)."""
    counts = np.zeros((passes, 1 << bits), np.int64)
    within = (ONE << np.uint64(bits)) - ONE
    for place in range(np.uint64(keys.size)):
        rest = keys[place] >> PLACE_BITS
        for digit in range(passes):
            counts[digit, rest & within] += 1
            rest >>= np.uint64(bits)
    return counts


@kernel
def sort_keys(keys: Words, width: int) -> Words:
    """Sort keys whose numbers have at most `width` bits, equal ones as they came; uses up `keys`.

    Radix sort from the lowest digit on: ten million keys of 27 bits take 0.15 s, `numpy.sort`
    0.6 s. A digit that is the same in all keys costs nothing, and neither do sorted keys.
    """
    passes = (width + DIGIT_BITS - 1) // DIGIT_BITS
    bits = (width + passes - 1) // passes
    within = (ONE << np.uint64(bits)) - ONE
    counts = _digits(keys, bits, passes)
    other = np.empty_like(keys)
    for digit in range(passes):
        ends, shift = counts[digit], PLACE_BITS + np.uint64(digit * bits)
        total = most = 0
        for value in range(ends.size):
            most, ends[value], total = max(most, ends[value]), total, total + ends[value]
        if most < keys.size:
            for place in range(np.uint64(keys.size)):
                value = (keys[place] >> shift) & within
                other[ends[value]] = keys[place]
                ends[value] += 1
            keys, other = other, keys
    return keys


@kernel
def is_sorted(keys: Words) -> bool:
    """Whether no key is above the one after it."""
    for place in range(1, keys.size):  # noqa: SIM110 - numba has no generators
        if keys[place - 1] > keys[place]:
            return False
    return True


@kernel
def _sizes(keys: Words) -> tuple[int, int]:
    """How many buckets the sorted keys fill, and what they need of the spill."""
    full = spilled = start = 0
    while start < keys.size:
        bucket, end = keys[start] >> PLACE_BITS, start + 1
        while end < keys.size and keys[end] >> PLACE_BITS == bucket:
            end += 1
        if end > start + 1:
            spilled += 1 + end - start
        full, start = full + 1, end
    return full, spilled


@kernel
def fill_table(keys: Words, bitmap: Words, spilled: int) -> tuple[Numbers, Numbers]:
    """Make one table of sorted keys: sets bits of `bitmap`, returns heads and spill.

    Args:
        spilled: length of the spill of the tables before it.
    """
    sizes = _sizes(keys)
    heads, spill = np.empty(sizes[0], np.uint32), np.empty(sizes[1], np.uint32)
    full = used = start = 0
    while start < keys.size:
        bucket, end = keys[start] >> PLACE_BITS, start + 1
        while end < keys.size and keys[end] >> PLACE_BITS == bucket:
            end += 1
        bitmap[bucket >> WORD_BITS] |= ONE << (bucket & IN_WORD)
        heads[full] = np.uint32(keys[start] & PLACE)
        if end > start + 1:
            heads[full] = np.uint32(spilled + used) | SPILLED
            spill[used] = end - start
            for key in range(start, end):
                spill[used + 1 + key - start] = np.uint32(keys[key] & PLACE)
            used += 1 + end - start
        full, start = full + 1, end
    return heads, spill
