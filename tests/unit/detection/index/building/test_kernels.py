from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.index import kernels as searching
from tutela.detection.index import twins
from tutela.detection.index.building import kernels

# The first call of a kernel compiles it.
compiling = settings(deadline=None)
seeds = st.integers(0, 2**32)


@compiling
@given(seeds, st.integers(0, 192), st.integers(1, 63))
def test_keys_are_substrings_beside_their_codes(seed: int, first: int, width: int) -> None:
    codes = np.random.default_rng(seed).integers(1 << 64, size=(20, 4), dtype=np.uint64)
    assert kernels.substring(codes[0], first, width) == twins.substrings(codes[:1], first, width)[0]
    keys = kernels.bucket_keys(codes, first, min(width, 32))
    wanted = twins.substrings(codes, first, min(width, 32))
    np.testing.assert_array_equal(keys >> np.uint64(32), wanted)
    np.testing.assert_array_equal(keys & np.uint64(0xFFFFFFFF), np.arange(20))


@compiling
@given(seeds, st.integers(0, 300), st.integers(1, 32), st.integers(0, 32))
def test_sorting_is_that_of_numpy(seed: int, count: int, width: int, alike: int) -> None:
    """Some of the leading bits are alike in all numbers, so that some digits are, too."""
    numbers = np.random.default_rng(seed).integers(1 << width, size=count, dtype=np.uint64)
    numbers %= np.uint64(1 << max(1, width - alike))
    keys = numbers << np.uint64(32) | np.arange(count, dtype=np.uint64)
    assert kernels.is_sorted(keys) == bool((keys[1:] >= keys[:-1]).all())
    np.testing.assert_array_equal(kernels.sort_keys(keys.copy(), width), np.sort(keys))


def test_equal_numbers_stay_in_their_order() -> None:
    places = np.array([7, 3, 9, 1, 5], np.uint64)
    keys = np.array([2, 1, 2, 1, 2], np.uint64) << np.uint64(32) | places
    wanted = [(1, 3), (1, 1), (2, 7), (2, 9), (2, 5)]
    found = kernels.sort_keys(keys, 2)
    assert [(int(key) >> 32, int(key) & 0xFFFFFFFF) for key in found] == wanted


@pytest.mark.parametrize("name", ["SPILLED", "WORD_BITS", "IN_WORD"])
def test_those_who_fill_tables_agree_with_those_who_search_them(name: str) -> None:
    assert getattr(kernels, name) == getattr(searching, name)
