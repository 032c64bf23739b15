from __future__ import annotations

import numpy as np
import pytest

from tutela.detection.index import kernels
from tutela.detection.index.building import tables as building
from tutela.detection.index.building.tables import make_tables, rank_lines
from tutela.detection.index.plan import MOST_THRESHOLD, Plan, make_plan
from tutela.detection.index.shapes import Tables, Words
from tutela.detection.index.twins import substrings
from tutela.errors import TooLarge

PLANS = {
    bits: plan
    for bits in (64, 160, 256, 512)
    if (plan := make_plan(100_000, bits, min(31, bits // 8), 64))
}


def some_codes(bits: int, spread: float = 0.02, count: int = 3000) -> Words:
    """Sorted codes around three centres."""
    rng = np.random.default_rng(bits)
    words = -(-bits // 64)
    centres = rng.integers(1 << 64, size=(3, words), dtype=np.uint64)
    flips = np.packbits(rng.random((count, words * 64)) < spread, axis=1).view(np.uint64)
    codes = centres[rng.integers(3, size=count)] ^ flips
    codes[:, -1] &= ~np.uint64((1 << (-bits % 64)) - 1)
    return np.unique(codes, axis=0)


def contents(tables: Tables, table: int) -> dict[int, list[int]]:
    """The codes of each full bucket of one table, as a plain reading of `Tables` gives them."""
    begins = tables.layout[:, kernels.BITMAP]
    width = int(tables.layout[table, kernels.WIDTH])
    words = tables.bitmap[begins[table] : begins[table] + max(8, 1 << (width - 6))]
    place = int(np.bitwise_count(tables.bitmap[: begins[table]]).sum())
    held = {}
    for word in np.flatnonzero(words):
        for bit in range(64):
            if int(words[word]) >> bit & 1:
                head = int(tables.heads[place])
                place += 1
                held[int(word) * 64 + bit] = [head]
                if head >> 31:
                    at = head & 0x7FFFFFFF
                    held[int(word) * 64 + bit] = tables.spill[
                        at + 1 : at + 1 + int(tables.spill[at])
                    ].tolist()
    return held


@pytest.mark.parametrize("spread", [0.002, 0.02, 0.5])
@pytest.mark.parametrize("bits", PLANS)
def test_each_bucket_holds_the_codes_with_its_substring(bits: int, spread: float) -> None:
    codes, plan = some_codes(bits, spread), PLANS[bits]
    tables = make_tables(codes, plan)
    for table, (first, width) in enumerate(zip(plan.firsts, plan.widths, strict=True)):
        wanted: dict[int, list[int]] = {}
        for code, bucket in enumerate(substrings(codes, first, width).tolist()):
            wanted.setdefault(bucket, []).append(code)
        assert contents(tables, table) == wanted
    assert len(tables.heads) == np.bitwise_count(tables.bitmap).sum()


@pytest.mark.parametrize("bits", PLANS)
def test_masks_and_near_buckets_are_all_that_lie_within_a_threshold(bits: int) -> None:
    plan = PLANS[bits]
    tables = make_tables(some_codes(bits)[:5], plan)
    for table, width in enumerate(plan.widths):
        ends = tables.layout[table, kernels.MASKS :]
        for threshold in range(MOST_THRESHOLD + 1):
            asked = tables.masks[ends[threshold] : ends[threshold + 1]]
            flips, rest = asked & kernels.FLIPS, asked >> kernels.REST_SHIFT
            buckets = {
                int(flip) << 6 | low ^ 37
                for flip, left in zip(flips, rest, strict=True)
                for low in range(64)
                if int(tables.near[left, 37]) >> low & 1
            }
            numbers = np.arange(1 << width)
            assert buckets == set(numbers[np.bitwise_count(numbers) <= threshold].tolist())


def test_ranks_count_the_full_buckets_before_each_line() -> None:
    bitmap = np.random.default_rng(1).integers(1 << 64, size=64, dtype=np.uint64)
    wanted = [int(np.bitwise_count(bitmap[:word]).sum()) for word in range(0, 64, 8)]
    assert rank_lines(bitmap).tolist() == wanted


def test_more_than_can_be_numbered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "SPILLED", 1000)
    plan: Plan = PLANS[256]
    with pytest.raises(TooLarge, match="too many for one index; split it"):
        make_tables(some_codes(256), plan)
