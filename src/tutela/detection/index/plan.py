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

    WORD_COST * V(w - 6, t) + CANDIDATE_COST * n * V(w, t) / 2**w

because buckets are asked for 64 at a time (the lowest six bits of w), and uniform codes fill each
bucket with n / 2**w candidates. Widths are a knapsack over both sums, thresholds of a lesser
radius are filled up greedily, which is optimal because each next step of a threshold costs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WORD_COST = 4.0
"""Asking one word of a bitmap, against 1 for comparing a code in a scan (about 1.2 ns)."""

CANDIDATE_COST = 40.0
"""Fetching one candidate and comparing it: two reads that miss the caches."""

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
        patience: number of candidates above which that turns out to be so after all. They cost
            half of a scan, so a search that gives up has taken half as long again as one.
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


def cost(codes: int, width: int, threshold: int) -> float:
    """Cost of asking one table, in units of comparing one code; see the head of this file."""
    words = WORD_COST * ball(width - 6, threshold)
    candidates = codes * ball(width, threshold) / (1 << width)
    return words + CANDIDATE_COST * candidates


def make_plan(codes: int, bits: int, radius: int, most: int) -> Plan | None:
    """The best plan for `radius`, usable up to the radius `most`; None when scanning is better."""
    widest = min(MOST_BITS, max(FEWEST_BITS, codes.bit_length() + SPARE_BITS))
    widths = _widths(codes, bits, radius, widest)
    if not widths:
        return None
    thresholds = np.full((most + 1, len(widths)), -1, np.int8)
    scans = [True] * (most + 1)
    for reach, (steps, price) in enumerate(_thresholds(codes, widths, most)):
        thresholds[reach] = steps
        scans[reach] = price >= codes
    if scans[radius]:
        return None
    return Plan(widths, thresholds, tuple(scans), int(codes / CANDIDATE_COST / 2))


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


def _thresholds(codes: int, widths: Sequence[int], most: int) -> list[tuple[list[int], float]]:
    """For each radius from 0 on: thresholds, and what asking with them costs."""
    steps, price, plans = [-1] * len(widths), 0.0, []
    ladders = [
        [0.0, *(cost(codes, width, t) for t in range(MOST_THRESHOLD + 1)), inf] for width in widths
    ]
    for _ in range(most + 1):
        rises = [ladder[t + 2] - ladder[t + 1] for ladder, t in zip(ladders, steps, strict=True)]
        cheapest = min(range(len(widths)), key=rises.__getitem__)
        price += rises[cheapest]
        if price < inf:
            steps[cheapest] += 1
        plans.append((list(steps), price))
    return plans
