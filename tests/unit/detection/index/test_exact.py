from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.index.exact import ExactIndex, make_directory

REACH = np.array([0], np.int16)


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([128, 160, 256]),
    st.integers(0, 300),
    st.sampled_from([1, 2, 256]),
)
def test_every_answer_is_that_of_a_dictionary(
    seed: int, bits: int, count: int, values: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = np.zeros((count, bits // 8), np.uint8)
    # Few values of few bytes: many equal codes, and many that begin alike.
    codes[:, -3:] = rng.integers(values, size=(count, 3))
    codes[:, 0] = rng.integers(values, size=count)
    index = ExactIndex("some", bits)
    index.load(codes, np.arange(count), np.zeros(count, np.int32))
    known: dict[bytes, list[int]] = {}
    for key, code in enumerate(codes):
        known.setdefault(code.tobytes(), []).append(key)
    stranger = rng.integers(256, size=(3, bits // 8), dtype=np.uint8)
    for code in (*codes[:20], *stranger):
        found = index.search(code[None], REACH, limit=1000)
        assert found.keys.tolist() == known.get(code.tobytes(), [])
        assert set(found.distances.tolist()) <= {0}


@pytest.mark.parametrize("bits", [128, 160, 256])
def test_the_last_bit_counts(bits: int) -> None:
    codes = np.zeros((2, bits // 8), np.uint8)
    codes[1, -1] = 1
    index = ExactIndex("some", bits)
    index.load(codes, np.array([10, 11]), np.zeros(2, np.int32))
    assert index.search(codes, REACH, 5).keys.tolist() == [10, 11]


def test_memory_is_the_codes_and_little_more() -> None:
    codes = np.random.default_rng(0).integers(256, size=(100_000, 16), dtype=np.uint8)
    index = ExactIndex("md5", 128)
    index.load(codes, np.arange(100_000), np.zeros(100_000, np.int32))
    assert index.nbytes / 100_000 < 16 + 27


def test_a_directory_says_where_leading_bits_begin() -> None:
    codes = np.array([[0], [1], [1 << 63], [3 << 62]], np.uint64)
    assert make_directory(codes, 2).tolist() == [0, 2, 2, 3, 4]
