from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.index import rows
from tutela.detection.index.rows import Batch, Head, sort_rows, to_words
from tutela.errors import TooLarge

# The first call of a kernel compiles it.
compiling = settings(deadline=None)


def batch(seed: int, count: int, values: int) -> Batch:
    """Codes of two words; the fewer values, the more of them are equal or begin alike."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(values, size=(count, 2)).astype(np.uint64)
    return Batch(codes, rng.integers(10, size=count), np.arange(count, dtype=np.int32))


def tuples(some: Batch) -> list[tuple[int, ...]]:
    return list(zip(*some.codes.T.tolist(), some.keys.tolist(), some.groups.tolist(), strict=True))


def test_words_are_big_endian_and_filled_up() -> None:
    octets = np.arange(40, dtype=np.uint8).reshape(2, 20)
    assert [hex(word) for word in to_words(octets)[1]] == [
        "0x1415161718191a1b",
        "0x1c1d1e1f20212223",
        "0x2425262700000000",
    ]


@compiling
@given(st.integers(0, 2**32), st.integers(0, 60), st.sampled_from([1, 2, 5, 2**60]))
def test_sorting_keeps_every_row_and_each_code_once(seed: int, count: int, values: int) -> None:
    given_ = batch(seed, count, values)
    made, order = sort_rows(given_)
    assert [row[:3] for row in tuples(made.batch())] == sorted(row[:3] for row in tuples(given_))
    assert tuples(made.batch()) == tuples(given_.take(order))
    assert len(made) == count
    assert len(made.rows.codes) == len({row[:2] for row in tuples(given_)})


@compiling
@given(st.integers(0, 2**32), st.integers(0, 60), st.lists(st.integers(-1, 11)))
def test_rows_are_found_by_their_keys(seed: int, count: int, keys: list[int]) -> None:
    given_ = batch(seed, count, 5)
    made, _ = sort_rows(given_)
    numbers = made.of_keys(np.array(keys, np.int64))
    assert sorted(numbers.tolist()) == [n for n, key in enumerate(made.keys) if key in keys]
    head = Head(2, 0).with_rows(0, given_)
    numbers = head.of_keys(np.array(keys, np.int64), count)
    assert numbers.tolist() == [n for n, key in enumerate(given_.keys) if key in keys]


@compiling
@given(st.lists(st.integers(-9, 9) | st.integers(-(2**62), 2**62), max_size=60))
def test_keys_are_put_in_order_as_numpy_does_it(keys: list[int]) -> None:
    column = np.array(keys, np.int64)
    assert rows.order_of(column).tolist() == np.argsort(column, kind="stable").tolist()


def test_a_head_grows_without_touching_what_readers_hold() -> None:
    first = Head(2, 0).with_rows(0, batch(1, 5, 100))
    second = first.with_rows(5, batch(2, 7, 100))
    assert second is not first
    assert tuples(second.batch(5)) == tuples(first.batch(5)) == tuples(batch(1, 5, 100))
    assert tuples(second.batch(12, 5)) == tuples(batch(2, 7, 100))


def test_a_head_with_room_is_not_copied() -> None:
    head = Head(2, 8).with_rows(0, batch(1, 5, 100))
    assert head.with_rows(5, batch(2, 3, 100)) is head


def test_more_rows_than_can_be_numbered_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_ROWS", 4)
    sort_rows(batch(1, 4, 10))
    with pytest.raises(TooLarge, match="at most 4 signals"):
        sort_rows(batch(1, 5, 10))
