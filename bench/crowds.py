"""Sets of signals to search in, from harmless to hostile, and queries that hit them hardest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tutela.detection.index.plan import Plan, make_plan

Octets = NDArray[np.uint8]
Random = np.random.Generator

BITS, RADIUS = 256, 31
CENTRES, SPREAD, CROWDED = 100, 20, 0.01
VIRAL = 100_000
KNOWN = 10


class Crowd(NamedTuple):
    """A set of signals.

    Attributes:
        name: which set, and which variant of it.
        codes, queries: uint8 (n, 32).
    """

    name: str
    codes: Octets
    queries: Octets


def crowds(name: str, entries: int, queries: int) -> Iterator[Crowd]:
    """The variants of a set; see `SETS`."""
    random = np.random.default_rng(2026)
    for variant, make in SETS[name](entries):
        codes = random.integers(256, size=(entries, BITS // 8), dtype=np.uint8)
        struck = make(random, codes)
        asked = codes[random.choice(struck, queries)] ^ _flips(random, queries, RADIUS)
        if name == "uniform":
            # The usual case: nine in ten find nothing. The first ones are checked, so they may.
            strangers = np.flatnonzero(random.random(queries) < 0.9)  # noqa: PLR2004 - said above
            strangers = strangers[strangers >= KNOWN]
            shape = (len(strangers), BITS // 8)
            asked[strangers] = random.integers(256, size=shape, dtype=np.uint8)
        yield Crowd(variant, codes, asked)


Make = Callable[[Random, Octets], NDArray[np.int64]]
"""Changes some random codes in place; returns which of them queries should come near to."""


def _uniform(_entries: int) -> Iterator[tuple[str, Make]]:
    yield "uniform", lambda _random, codes: np.arange(len(codes))


def _clustered(_entries: int) -> Iterator[tuple[str, Make]]:
    def make(random: Random, codes: Octets) -> NDArray[np.int64]:
        near = np.flatnonzero(random.random(len(codes)) < CROWDED)
        centres = codes[random.integers(CENTRES, size=len(near))]
        codes[near] = centres ^ _flips(random, len(near), SPREAD)
        return near

    yield f"1 % within {SPREAD} bits of {CENTRES} centres", make


def _viral(entries: int) -> Iterator[tuple[str, Make]]:
    count = min(VIRAL, entries // 2)

    def make(_random: Random, codes: Octets) -> NDArray[np.int64]:
        codes[:count] = codes[0]
        return np.zeros(1, np.int64)

    yield f"{count:,} entries on one signal", make


def _adversarial(entries: int) -> Iterator[tuple[str, Make]]:
    """Codes that know our plan and crowd into the same buckets of its tables."""
    plan = make_plan(entries, BITS, RADIUS, RADIUS)
    if plan is None:
        raise SystemExit("so few entries are scanned; take more")
    tables = len(plan.widths)
    yield "one bucket of one table", _same(plan, 1)
    yield "one bucket of half of the tables", _same(plan, tables // 2)
    yield "one bucket of all tables but two", _same(plan, tables - 2)

    def make(random: Random, codes: Octets) -> NDArray[np.int64]:
        kinds = max(2, len(codes) // int(0.9 * plan.patience))
        own = random.integers(256, size=(kinds, BITS // 8), dtype=np.uint8)
        _set_bits(codes, plan.widths[0], own[random.integers(kinds, size=len(codes))])
        return np.arange(len(codes))

    yield "buckets of one table just not too full", make


def _same(plan: Plan, tables: int) -> Make:
    def make(_random: Random, codes: Octets) -> NDArray[np.int64]:
        _set_bits(codes, sum(plan.widths[:tables]), codes[:1])
        return np.arange(len(codes))

    return make


def _set_bits(codes: Octets, count: int, like: Octets) -> None:
    """Give codes the first `count` bits of others."""
    mask = np.packbits(np.arange(BITS) < count)
    codes[:] = (codes & ~mask) | (like & mask)


def _flips(random: Random, count: int, most: int) -> Octets:
    """Up to `most` bits, anywhere."""
    masks = np.zeros((count, BITS // 8), np.uint8)
    for start in range(0, count, 10_000):
        own = masks[start : start + 10_000]
        some = np.arange(BITS) < random.integers(most + 1, size=(len(own), 1))
        own[:] = np.packbits(random.permuted(some, axis=1), axis=1)
    return masks


SETS: dict[str, Callable[[int], Iterator[tuple[str, Make]]]] = {
    "uniform": _uniform,
    "clustered": _clustered,
    "viral": _viral,
    "adversarial": _adversarial,
}
