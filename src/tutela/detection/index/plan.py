"""How to cut codes into substrings so that nothing within a radius is missed, at least cost.

Multi-index hashing (Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index
hashing", CVPR 2012) with the general pigeonhole principle (Qin et al., "GPH: similarity search in
Hamming space", ICDE 2018): cut the bits into m substrings and give substring i a threshold t_i.
If a code differs from the query by more than t_i bits in every substring, it differs by at least
sum(t_i + 1) bits in all. So with

    sum(t_i + 1) = radius + 1,   that is   sum(t_i) = radius - m + 1,

every code within the radius lies within t_i of the query in at least one substring. A substring
with t_i = -1 is not asked at all.

The cost of asking a table of n codes over a substring of w bits with threshold t is, with
V(w, t) = sum of binomials(w, 0..t) buckets within the threshold,

    TABLE_COST + word_cost(w) * V(w - 6, t) + candidate_cost(n) * n * V(w, t) / 2**w

because buckets are asked for 64 at a time (the lowest six bits of w), and uniform codes fill each
bucket with n / 2**w candidates. The unit is a nanosecond on the machine where the constants were
measured; only their ratios matter, and the best plan is a broad valley: constants wrong by half
make a search slower by a tenth. `bench/index.py` sets these predictions beside measurements.
Widths are a knapsack over both sums, thresholds of a lesser radius are filled up greedily, which is
optimal where each next step of a threshold costs more, as in all but the smallest tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, inf, log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEARCH_COST, TABLE_COST = 250.0, 60.0
"""Beginning and ending a search; cutting out a substring and beginning a loop."""

WORD_COST, WORD_RISE, CACHED_BITS = 2.5, 0.8, 23
"""Asking one word of a bitmap, and more for each bit that a table is too large for the caches."""

CANDIDATE_COST = 7.0
"""Numbering, fetching and comparing one candidate of 100,000, and more for each tenfold number."""

CODE_COST = 1.0
"""Comparing one code with the query, one after the other."""

PATIENCE = 0.25
"""Candidates may be expected to cost this share of comparing all codes. Until a search knows that
there are more, it has spent half of that at most."""

MOST_THRESHOLD = 4
"""Thresholds above it ask for so many buckets that a scan is as quick."""

FEWEST_BITS, MOST_BITS = 8, 28
SPARE_BITS = 3
"""A table has about 2**3 buckets per code: one bit each, so that most buckets asked for are empty
and cost no more than that bit."""


class Plan(NamedTuple):
    """Substrings, and what to ask of them at each radius.

    Attributes:
        widths: bits of each substring, from the first bit of the code on.
        thresholds: int8 (greatest radius + 1, tables).
        scans: by radius, whether comparing all codes is quicker.
        patience: number of candidates above which that turns out to be so after all.
    """

    widths: tuple[int, ...]
    thresholds: NDArray[np.int8]
    scans: tuple[bool, ...]
    patience: int

    @property
    def firsts(self) -> tuple[int, ...]:
        """The first bit of each substring."""
        return tuple(
            int(end - width) for end, width in zip(np.cumsum(self.widths), self.widths, strict=True)
        )

    @property
    def rooms(self) -> tuple[int, ...]:
        """By radius, buckets that are asked for in all."""
        return tuple(
            sum(ball(w, int(t)) for w, t in zip(self.widths, row, strict=True))
            for row in self.thresholds
        )


def ball(width: int, threshold: int) -> int:
    """Numbers of `width` bits that differ from a given one by at most `threshold` bits."""
    return sum(comb(width, weight) for weight in range(threshold + 1))


def word_cost(width: int) -> float:
    """Cost of asking one word of a table of 2 ** width buckets."""
    return WORD_COST + WORD_RISE * max(0, width - CACHED_BITS)


def candidate_cost(codes: int) -> float:
    """Cost of one candidate of so many codes: two reads that mostly miss the caches."""
    return CANDIDATE_COST * max(1.0, 1 + log10(max(codes, 1) / 100_000))


def cost(codes: int, width: int, threshold: int) -> float:
    """Cost of asking one table, in nanoseconds; see the head of this file."""
    words = word_cost(width) * ball(width - 6, threshold)
    candidates = codes * ball(width, threshold) / (1 << width)
    return TABLE_COST + words + candidate_cost(codes) * candidates


def candidates(codes: int, widths: Sequence[int], thresholds: Sequence[int]) -> float:
    """Codes that a search is expected to look at, if they are uniform."""
    asked = zip(widths, thresholds, strict=True)
    return codes * sum(ball(width, threshold) / (1 << width) for width, threshold in asked)


def search_cost(codes: int, widths: Sequence[int], thresholds: Sequence[int]) -> float:
    """Cost of one search with these thresholds, of which -1 leaves out a table."""
    asked = zip(widths, thresholds, strict=True)
    prices = (cost(codes, width, threshold) for width, threshold in asked if threshold >= 0)
    return SEARCH_COST + sum(prices)


def make_plan(codes: int, bits: int, radius: int, most: int) -> Plan | None:
    """The best plan for `radius`, usable up to the radius `most`; None when scanning is better."""
    widest = min(MOST_BITS, max(FEWEST_BITS, codes.bit_length() + SPARE_BITS))
    widths = _widths(codes, bits, radius, widest)
    if not widths:
        return None
    patience = int(PATIENCE * codes * CODE_COST / candidate_cost(codes))
    thresholds = np.full((most + 1, len(widths)), -1, np.int8)
    scans = [True] * (most + 1)
    for reach, (steps, complete) in enumerate(_thresholds(codes, widths, most)):
        thresholds[reach] = steps
        quicker = search_cost(codes, widths, steps) < codes * CODE_COST
        scans[reach] = not (complete and quicker and candidates(codes, widths, steps) < patience)
    if scans[radius]:
        return None
    return Plan(widths, thresholds, tuple(scans), patience)


def _widths(codes: int, bits: int, radius: int, widest: int) -> tuple[int, ...]:
    """Knapsack: substrings of `bits` in all whose thresholds plus one sum to `radius + 1`."""
    kinds = [(w, t) for w in range(FEWEST_BITS, widest + 1) for t in range(MOST_THRESHOLD + 1)]
    prices = [cost(codes, width, threshold) for width, threshold in kinds]
    least = np.full((bits + 1, radius + 2), inf)
    least[:, 0] = 0
    last = np.full((bits + 1, radius + 2), -1)
    for used in range(FEWEST_BITS, bits + 1):
        for number, (width, threshold) in enumerate(kinds):
            step = threshold + 1
            if width <= used and step <= radius + 1:
                price = least[used - width, : radius + 2 - step] + prices[number]
                better = price < least[used, step:]
                least[used, step:][better] = price[better]
                last[used, step:][better] = number
    chosen, used, rest = [], bits, radius + 1
    while rest > 0:
        if last[used, rest] < 0:
            return ()
        width, threshold = kinds[last[used, rest]]
        chosen.append(width)
        used, rest = used - width, rest - threshold - 1
    return tuple(sorted(chosen))


def _thresholds(codes: int, widths: Sequence[int], most: int) -> list[tuple[list[int], bool]]:
    """For each radius from 0 on: thresholds, and whether they are enough for it."""
    steps, complete, plans = [-1] * len(widths), True, []
    ladders = [
        [0.0, *(cost(codes, width, t) for t in range(MOST_THRESHOLD + 1)), inf] for width in widths
    ]
    for _ in range(most + 1):
        rises = [ladder[t + 2] - ladder[t + 1] for ladder, t in zip(ladders, steps, strict=True)]
        cheapest = min(range(len(widths)), key=rises.__getitem__)
        complete = complete and rises[cheapest] < inf
        steps[cheapest] += complete
        plans.append((list(steps), complete))
    return plans
