"""Counts of conversations are drawn together without losing or inventing any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.bar.traffic import HIGHEST, TURNS, Count, Traffic

counts = st.lists(
    st.builds(Count, st.integers(0, HIGHEST), st.sampled_from([*TURNS, 0]), st.integers(0, 1000)),
    max_size=30,
)


@given(counts, st.integers(0, 400))
def test_every_count_is_in_its_place(given_counts: list[Count], days: int) -> None:
    traffic = Traffic.counted(given_counts, days)
    assert traffic.days == max(1, days)
    for peak in range(HIGHEST + 1):
        mine = [one for one in given_counts if one.peak == peak]
        assert traffic.reaching[peak].total == sum(one.conversations for one in mine)
        for turn, within in zip(TURNS, traffic.reaching[peak].by_turn, strict=True):
            assert within == sum(one.conversations for one in mine if 0 < one.turns <= turn)
    assert traffic.conversations == traffic.reaching[0].total


def test_what_lies_between_two_values_is_never_below_zero() -> None:
    """One conversation reached 3.0 before the time that is counted, and 5.0 in it."""
    traffic = Traffic.counted([Count(30, 10, 4), Count(50, 0, 5), Count(101, 10, 9)], 7)
    assert traffic.between(30, 50) == 0
    assert traffic.between(50, 101) == 5
    assert traffic.between(30, 101) == 4
