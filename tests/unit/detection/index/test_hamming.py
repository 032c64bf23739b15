from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.index import twins
from tutela.detection.index.hamming import HammingIndex
from tutela.detection.index.layers import Matches
from tutela.detection.index.rows import Batch, sort_rows, to_words
from tutela.detection.index.shapes import Question

COUNT = 30_000
Octets = NDArray[np.uint8]


def uniform(rng: np.random.Generator) -> Octets:
    return rng.integers(256, size=(COUNT, 32), dtype=np.uint8)


def clustered(rng: np.random.Generator) -> Octets:
    """One code in a hundred lies within 20 bits of one of ten centres."""
    codes = uniform(rng)
    near = np.flatnonzero(rng.random(COUNT) < 0.01)
    centres = codes[rng.integers(10, size=len(near))]
    flips = rng.permuted(np.arange(256) < rng.integers(21, size=(len(near), 1)), axis=1)
    codes[near] = centres ^ np.packbits(flips, axis=1)
    return codes


def viral(rng: np.random.Generator) -> Octets:
    """Half of the entries list the same picture."""
    codes = uniform(rng)
    codes[::2] = codes[0]
    return codes


def one_bucket(rng: np.random.Generator) -> Octets:
    """The codes differ in their last 40 bits only."""
    codes = uniform(rng)
    codes[:, :27] = codes[0, :27]
    return codes


def queries(rng: np.random.Generator, codes: Octets) -> Octets:
    flips = rng.permuted(np.arange(256) < np.arange(34)[:, None], axis=1)
    near: Octets = codes[rng.integers(COUNT, size=34)] ^ np.packbits(flips, axis=1)
    return np.concatenate([near, rng.integers(256, size=(10, 32), dtype=np.uint8)])


def brute_force(codes: Octets, asked: Octets, radius: int, limit: int) -> list[list[int]]:
    """Distances of the closest entries for each query."""
    return [
        np.sort(apart[apart <= radius])[:limit].tolist()
        for apart in (twins.distances(query, to_words(codes)) for query in to_words(asked))
    ]


def distances(found: Matches, count: int) -> list[list[int]]:
    return [found.distances[found.queries == number].tolist() for number in range(count)]


@pytest.mark.parametrize("radius", [0, 1, 10, 20, 31, 40, 64])
@pytest.mark.parametrize("make", [uniform, clustered, viral, one_bucket])
def test_every_answer_is_that_of_brute_force(make: object, radius: int) -> None:
    rng = np.random.default_rng(radius)
    codes = make(rng)  # type: ignore[operator]
    index = HammingIndex("pdq")
    index.load(codes, np.arange(COUNT), np.zeros(COUNT, np.int32))
    asked = queries(rng, codes)
    found = index.search(asked, np.array([radius], np.int16), limit=50)
    assert distances(found, len(asked)) == brute_force(codes, asked, radius, 50)
    for query, distance, key, _ in found.rows():
        assert np.bitwise_count(codes[key] ^ asked[query]).sum() == distance


@pytest.mark.parametrize("bits", [64, 128, 512])
def test_other_widths_are_exact_too(bits: int) -> None:
    rng = np.random.default_rng(bits)
    codes = rng.integers(256, size=(COUNT, bits // 8), dtype=np.uint8)
    index = HammingIndex("other", bits)
    index.load(codes, np.arange(COUNT), np.zeros(COUNT, np.int32))
    for radius in (0, bits // 10, bits // 8):
        flips = np.packbits(rng.random((20, bits)) < 0.06, axis=1)
        asked = codes[:20] ^ flips
        found = index.search(asked, np.array([radius], np.int16), limit=COUNT)
        assert distances(found, 20) == brute_force(codes, asked, radius, COUNT)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    octets=st.integers(1, 70),
    count=st.one_of(st.integers(0, 20), st.integers(4000, 6000)),
    spread=st.sampled_from([0.0, 0.05, 0.5]),
    radius=st.integers(0, 64),
    limit=st.sampled_from([1, 3, 10_000]),
)
def test_any_length_of_signals_and_any_distance_is_exact(
    seed: int, octets: int, count: int, spread: float, radius: int, limit: int
) -> None:
    rng = np.random.default_rng(seed)
    flips = np.packbits(rng.random((count, octets * 8)) < spread, axis=1)
    codes = rng.integers(256, size=(3, octets), dtype=np.uint8)[rng.integers(3, size=count)] ^ flips
    index = HammingIndex("other", octets * 8)
    index.load(codes, np.arange(count), np.zeros(count, np.int32))
    near = codes[rng.integers(count, size=5)] if count else codes
    near = near ^ np.packbits(rng.random((len(near), octets * 8)) < radius / octets / 16, axis=1)
    asked = np.concatenate([near, rng.integers(256, size=(2, octets), dtype=np.uint8)])
    found = index.search(asked, np.array([radius], np.int16), limit)
    assert distances(found, len(asked)) == brute_force(codes, asked, radius, limit)
    assert found.totals.tolist() == [len(o) for o in brute_force(codes, asked, radius, count)]


def test_each_group_has_its_own_reach_in_one_search() -> None:
    code = np.zeros((1, 32), np.uint8)
    codes = np.repeat(code, 3, axis=0)
    codes[:, 0] = 0b111
    index = HammingIndex("pdq")
    index.load(codes, np.arange(3), np.arange(3, dtype=np.int32))
    assert index.search(code, np.array([3, 2, 31], np.int16), 10).keys.tolist() == [0, 2]
    assert index.search(code, np.array([-1, -1, 5], np.int16), 10).keys.tolist() == [2]
    assert index.search(code, np.array([-1, -1, -1], np.int16), 10).keys.tolist() == []


def test_small_sets_are_scanned_and_large_ones_have_tables() -> None:
    rng = np.random.default_rng(0)
    for count, kernel in ((900, "scan"), (COUNT, "tables")):
        index = HammingIndex("pdq")
        index.load(uniform(rng)[:count], np.arange(count), np.zeros(count, np.int32))
        assert [certificate.kernel for certificate in index.certificates] == [kernel]


def test_the_limit_keeps_the_closest_and_the_total_stays_true() -> None:
    rng = np.random.default_rng(1)
    flips = rng.permuted(np.arange(256) < rng.integers(31, size=(3000, 1)), axis=1)
    codes = np.packbits(flips, axis=1)
    index = HammingIndex("pdq")
    index.load(codes, np.arange(3000), np.zeros(3000, np.int32))
    found = index.search(np.zeros((1, 32), np.uint8), np.array([31], np.int16), limit=7)
    wanted = sorted(np.bitwise_count(codes).sum(axis=1).tolist())
    assert found.distances.tolist() == wanted[:7]
    assert found.totals.tolist() == [3000]


def test_memory_per_entry_is_modest() -> None:
    codes = np.random.default_rng(2).integers(256, size=(200_000, 32), dtype=np.uint8)
    index = HammingIndex("pdq")
    index.load(codes, np.arange(len(codes)), np.zeros(len(codes), np.int32))
    assert index.nbytes / len(codes) < 150


def test_the_twin_of_a_search_sees_the_same_rows() -> None:
    """The oracle of the tests above, checked once against plain Python."""
    codes = np.array([[0b1011, 0], [0b1000, 1], [0b1000, 1]], np.uint64)
    groups = np.array([0, 1, 0], np.int32)
    rows = sort_rows(Batch(codes, np.array([5, 6, 7]), groups))[0].rows
    reach = np.array([2, 9], np.int16)
    question = Question(np.array([[0b1010, 0]], np.uint64), 9, reach, 10)
    found = twins.scan(question, rows, 2)
    assert [(int(hit) >> 32, int(hit) & 0xFFFFFFFF) for hit in found.hits] == [
        (1, 2),
        (2, 0),
        (2, 1),
    ]
