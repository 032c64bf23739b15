from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.index import many
from tutela.detection.index.hamming import HammingIndex
from tutela.detection.index.many import search_many

# The first call of a kernel compiles it.
compiling = settings(deadline=None)


@compiling
@given(
    seed=st.integers(0, 2**32),
    queries=st.integers(0, 40),
    limit=st.sampled_from([1, 2, 5, 400]),
    threads=st.integers(1, 3),
)
def test_many_searches_name_each_entry_once_as_plain_loops_do(
    seed: int, queries: int, limit: int, threads: int
) -> None:
    """Few codes, few entries, many rows: entries crowd each other out unless asked for again."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(256, size=(3, 32), dtype=np.uint8)[rng.integers(3, size=300)]
    codes[:, 31] ^= rng.integers(4, size=300, dtype=np.uint8)
    keys = np.minimum(rng.integers(60, size=300), 40)  # a third of the rows are of one entry
    groups = rng.integers(2, size=300).astype(np.int32)
    index = HammingIndex("pdq")
    index.load(codes, keys, groups)
    asked = codes[rng.integers(300, size=queries)]
    reach = np.array([3, 1], np.int16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "AT_ONCE", 7)
        found = search_many(index, asked, reach, limit, threads)
    apart = np.bitwise_count(asked[:, None] ^ codes).sum(axis=2, dtype=np.int64)
    live = apart <= reach[groups]
    got = list(
        zip(found.queries.tolist(), found.distances.tolist(), found.keys.tolist(), strict=True)
    )
    for query in range(queries):
        closest: dict[int, int] = {}
        for row in np.flatnonzero(live[query]):
            key, distance = int(keys[row]), int(apart[query, row])
            closest[key] = min(distance, closest.get(key, 99))
        own = [(distance, key) for number, distance, key in got if number == query]
        wanted = sorted((distance, key) for key, distance in closest.items())
        assert own == sorted(own)
        # Which of several entries at the last distance are named is open.
        assert [distance for distance, _ in own] == [distance for distance, _ in wanted[:limit]]
        assert set(own) <= set(wanted)
        assert len({key for _, key in own}) == len(own)
        assert found.totals[query] == live[query].sum()
    assert [number for number, _, _ in got] == sorted(number for number, _, _ in got)


def test_nothing_is_found_in_nothing() -> None:
    index = HammingIndex("pdq")
    none = np.empty((0, 32), np.uint8)
    assert [len(column) for column in search_many(index, none, np.zeros(1, np.int16), 5, 2)] == [
        0
    ] * 5
    some = np.zeros((3, 32), np.uint8)
    found = search_many(index, some, np.zeros(1, np.int16), 5, 2)
    assert (len(found.keys), found.totals.tolist()) == (0, [0, 0, 0])
