"""Hash tables over the substrings of codes; see `Tables` for what is in them."""

from __future__ import annotations

import numpy as np

from tutela.detection.index.building.kernels import bucket_keys, fill_table, is_sorted, sort_keys
from tutela.detection.index.kernels import (
    BITMAP,
    LINE_WORDS,
    MASKS,
    REST_SHIFT,
    SPILLED,
    WIDTH,
    WORD_BITS,
)
from tutela.detection.index.plan import MOST_THRESHOLD, Plan
from tutela.detection.index.shapes import Integers, Numbers, Tables, Words
from tutela.errors import TooLarge


def make_tables(codes: Words, plan: Plan) -> Tables:
    """The tables of a plan over some codes (n, words).

    One after the other, so that what is needed beside the tables is 16 bytes per code.

    Raises:
        TooLarge: places in the tables cannot be numbered in 31 bits; from 250 million codes on.
    """
    layout, masks = _layout(plan)
    ends = [*layout[1:, BITMAP], _words(plan).sum()]
    bitmap = np.zeros(ends[-1], np.uint64)
    heads: list[Numbers] = []
    spills: list[Numbers] = []
    spilled = 0
    for (first, width, begin, *_), end in zip(layout.tolist(), ends, strict=True):
        head, spill = fill_table(_sorted_keys(codes, first, width), bitmap[begin:end], spilled)
        heads.append(head)
        spills.append(spill)
        spilled += len(spill)
        if spilled >= SPILLED:
            raise TooLarge(f"{len(codes):,} signals are too many for one index", remedy="split it")
    return Tables(
        layout,
        bitmap,
        rank_lines(bitmap),
        _joined(heads),
        _joined(spills),
        masks,
        _near(MOST_THRESHOLD),
    )


def rank_lines(bitmap: Words) -> Numbers:
    """Set bits before each line of eight words."""
    full = np.bitwise_count(bitmap).reshape(-1, LINE_WORDS).sum(axis=1, dtype=np.uint32)
    before: Numbers = np.cumsum(full, dtype=np.uint32) - full
    return before


def _sorted_keys(codes: Words, first: int, width: int) -> Words:
    keys = bucket_keys(codes, first, width)
    # Codes are sorted, so those of the first table are.
    return keys if is_sorted(keys) else sort_keys(keys, width)


def _joined(parts: list[Numbers]) -> Numbers:
    """All parts in one array; each is let go as soon as it is copied."""
    whole = np.empty(sum(len(part) for part in parts), np.uint32)
    used = 0
    while parts:
        part = parts.pop(0)
        whole[used : used + len(part)] = part
        used += len(part)
    return whole


def _words(plan: Plan) -> Integers:
    """Words of each table's bitmap."""
    words: Integers = 1 << (np.array(plan.widths, np.int64) - int(WORD_BITS))
    return np.maximum(LINE_WORDS, words)


def _layout(plan: Plan) -> tuple[Integers, Numbers]:
    """The layout, and the masks, which tables of the same width share."""
    layout = np.zeros((len(plan.widths), MASKS + MOST_THRESHOLD + 2), np.int64)
    words = _words(plan)
    layout[:, :MASKS] = np.stack([plan.firsts, plan.widths, np.cumsum(words) - words], axis=1)
    masks: list[Numbers] = []
    used = 0
    for width in sorted(set(plan.widths)):
        own = _masks(width - int(WORD_BITS))
        begins = used + np.cumsum([0, *map(len, own)])
        layout[layout[:, WIDTH] == width, MASKS:] = begins
        used = begins[-1]
        masks += own
    return layout, np.concatenate(masks)


def _masks(bits: int) -> list[Numbers]:
    """For each threshold the numbers of `bits` bits with at most so many set; see `Tables.masks`.

    They ascend, so that words of one line, and lines of one page, are asked for together: lines in
    the order of their weights took half as long again.
    """
    weights = np.bitwise_count(np.arange(1 << bits, dtype=np.uint32))
    masks = []
    for threshold in range(MOST_THRESHOLD + 1):
        within = np.flatnonzero(weights <= threshold)
        rest = (threshold - weights[within]).astype(np.uint32)
        masks.append(within.astype(np.uint32) | rest << REST_SHIFT)
    return masks


def _near(most: int) -> Words:
    """uint64 (most + 1, 64): which of 64 numbers are within a radius of one of them."""
    numbers = np.arange(64, dtype=np.uint64)
    apart = np.bitwise_count(numbers[:, None] ^ numbers)
    powers = np.uint64(1) << numbers
    balls = [np.where(apart <= radius, powers, 0).sum(axis=1) for radius in range(most + 1)]
    return np.array(balls, np.uint64)
