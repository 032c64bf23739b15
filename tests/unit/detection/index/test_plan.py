from __future__ import annotations

import pytest

from tutela.detection.index.plan import Plan, ball, make_plan

SIZES = [20_000, 100_000, 1_000_000, 10_000_000, 100_000_000]


def plan(codes: int, bits: int = 256) -> Plan:
    made = make_plan(codes, bits, min(31, bits // 8), 64)
    assert made
    return made


@pytest.mark.parametrize("codes", SIZES)
@pytest.mark.parametrize("bits", [64, 128, 256, 512])
def test_thresholds_leave_no_room_for_a_miss(codes: int, bits: int) -> None:
    made = plan(codes, bits)
    assert sum(made.widths) <= bits
    for radius, (row, scans) in enumerate(zip(made.thresholds, made.scans, strict=True)):
        # The general pigeonhole: one bit over every threshold must be more than the radius.
        assert scans or int((row + 1).sum()) > radius


@pytest.mark.parametrize("codes", SIZES)
def test_substrings_follow_each_other(codes: int) -> None:
    made = plan(codes)
    ends = [first + width for first, width in zip(made.firsts, made.widths, strict=True)]
    assert made.firsts == (0, *ends[:-1])


def test_few_codes_are_scanned() -> None:
    assert make_plan(0, 256, 31, 64) is None
    assert make_plan(1000, 256, 31, 64) is None


def test_short_signals_at_a_hopeless_distance_are_scanned() -> None:
    assert make_plan(1_000_000, 64, 31, 64) is None


def test_great_distances_are_scanned_and_small_ones_are_not() -> None:
    made = plan(1_000_000)
    assert made.scans[64]
    assert not any(made.scans[:32])


def test_a_million_codes_cost_few_buckets() -> None:
    assert plan(1_000_000).rooms[31] < 4000


def test_ball_counts_numbers_within_a_distance() -> None:
    assert [ball(4, threshold) for threshold in (-1, 0, 1, 2, 4)] == [0, 1, 5, 11, 16]
