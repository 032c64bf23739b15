from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.index import kernels, twins
from tutela.detection.index.exact import make_directory
from tutela.detection.index.hamming import TablePart
from tutela.detection.index.plan import Plan, make_plan
from tutela.detection.index.rows import Batch, SortedRows, sort_rows
from tutela.detection.index.shapes import Found, Probing, Question, Rows

# The first call of a kernel compiles it.
compiling = settings(deadline=None)

BITS = {1: 64, 2: 128, 3: 160, 4: 256, 8: 512}


def crowd(rng: np.random.Generator, count: int, words: int, spread: float) -> NDArray[np.uint64]:
    """Codes around a few centres: a spread of 0.5 is uniform, one of 0 makes them equal."""
    centres = rng.integers(1 << 64, size=(3, words), dtype=np.uint64)
    flips = np.packbits(rng.random((count, words * 64)) < spread, axis=1).view(np.uint64)
    return centres[rng.integers(3, size=count)] ^ flips


def sorted_rows(rng: np.random.Generator, codes: NDArray[np.uint64]) -> SortedRows:
    """Two banks and a third that no reach names; some rows are disabled."""
    count = len(codes)
    groups = rng.integers(3, size=count).astype(np.int32)
    disabled = rng.random(count) < 0.1
    groups[disabled] = ~groups[disabled]
    return sort_rows(Batch(codes, rng.integers(count + 1, size=count), groups))[0]


def question(
    rng: np.random.Generator, codes: NDArray[np.uint64], radius: int, limit: int = 5
) -> Question:
    near = codes[rng.integers(len(codes), size=12)] if len(codes) else codes
    flips = rng.random((len(near), codes.shape[1] * 64)) < radius / (codes.shape[1] * 64)
    queries = near ^ np.packbits(flips, axis=1).view(np.uint64)
    return Question(queries, radius, np.array([radius, radius // 2], np.int16), limit)


def assert_same(got: Found, wanted: Found) -> None:
    for left, right in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(left, right)


spreads = st.sampled_from([0.0, 0.01, 0.05, 0.5])
seeds = st.integers(0, 2**32)


@compiling
@given(seeds, st.sampled_from(list(BITS)), st.integers(0, 300), spreads, st.integers(0, 64))
def test_scan_is_its_twin(seed: int, words: int, count: int, spread: float, radius: int) -> None:
    rng = np.random.default_rng(seed)
    rows = sorted_rows(rng, crowd(rng, count, words, spread)).rows
    asked = question(rng, rows.codes, radius)
    assert_same(
        kernels.scan(asked, rows, len(rows.codes)), twins.scan(asked, rows, len(rows.codes))
    )


@compiling
@given(seeds, st.integers(0, 300), st.integers(0, 300))
def test_scan_of_some_codes_is_its_twin(seed: int, count: int, part: int) -> None:
    rng = np.random.default_rng(seed)
    rows = sorted_rows(rng, crowd(rng, count, 4, 0.05)).rows
    asked = question(rng, rows.codes, 20)
    part = min(part, len(rows.codes))
    assert_same(kernels.scan(asked, rows, part), twins.scan(asked, rows, part))


@compiling
@given(seeds, st.sampled_from(list(BITS)), st.integers(0, 300), spreads, st.integers(1, 20))
def test_find_is_the_scan_at_distance_zero(
    seed: int, words: int, count: int, spread: float, leading: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = sorted_rows(rng, crowd(rng, count, words, spread)).rows
    asked = question(rng, rows.codes, 0)
    strangers = np.concatenate([asked.queries, ~asked.queries, asked.queries ^ np.uint64(1)])
    asked = asked._replace(queries=strangers)
    found = kernels.find(asked, rows, make_directory(rows.codes, leading), 64 - leading)
    assert_same(found, twins.scan(asked, rows, len(rows.codes)))


def plan(bits: int) -> Plan:
    """A plan for more codes than the tests hold, so that tables are worth their while."""
    made = make_plan(100_000, bits, min(31, bits // 8), 64)
    assert made
    return made


PLANS = {words: plan(bits) for words, bits in BITS.items()}


@compiling
@given(seeds, st.sampled_from(list(BITS)), st.integers(1, 2000), spreads, st.integers(0, 64))
def test_probe_is_the_scan_twin(
    seed: int, words: int, count: int, spread: float, radius: int
) -> None:
    rng = np.random.default_rng(seed)
    padding = np.uint64((1 << (-BITS[words] % 64)) - 1)
    codes = crowd(rng, count, words, spread)
    codes[:, -1] &= ~padding
    made = PLANS[words]
    part = TablePart(sorted_rows(rng, codes), made, 31)
    rows = part.sorted.rows
    assert words != 4 or made.scans.index(True) > 40  # radii above 31 are searched by tables, too
    asked = question(rng, rows.codes, radius, limit=int(rng.integers(1, 40)))
    assert_same(part.search(asked), twins.scan(asked, rows, len(rows.codes)))


@pytest.mark.parametrize("patience", [0, 1, 7, 100, 10_000])
def test_probe_gives_up_for_a_scan_without_losing_or_repeating(patience: int) -> None:
    rng = np.random.default_rng(patience)
    part = TablePart(sorted_rows(rng, crowd(rng, 1000, 4, 0.02)), PLANS[4], 31)
    probing = Probing(PLANS[4].thresholds[31], PLANS[4].rooms[31], patience)
    rows = part.sorted.rows
    reach = np.array([31, 31], np.int16)
    asked = question(rng, rows.codes, 5)._replace(radius=31, reach=reach, limit=1000)
    wanted = twins.scan(asked, rows, len(rows.codes))
    assert wanted.totals.sum() > 100
    assert_same(kernels.probe(asked, rows, part.tables, probing), wanted)


@compiling
@given(seeds, st.integers(0, 192), st.integers(1, 63))
def test_substrings_are_their_twin(seed: int, first: int, width: int) -> None:
    code = np.random.default_rng(seed).integers(1 << 64, size=(1, 4), dtype=np.uint64)
    assert kernels.substring(code[0], first, width) == twins.substrings(code, first, width)[0]


def test_rows_of_groups_beyond_the_reach_never_match() -> None:
    codes = np.zeros((2, 4), np.uint64)
    rows = Rows(codes, np.array([0, 1, 2], np.uint32), np.array([0, 99], np.int32))
    asked = Question(codes[:1], 31, np.array([31], np.int16), 10)
    assert kernels.scan(asked, rows, 2).totals.tolist() == [1]
