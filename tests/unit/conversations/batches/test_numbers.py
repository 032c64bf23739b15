"""Numbers of messages against a set that forgets nothing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from tutela.conversations.batches.numbers import FORGOTTEN, MOST, Arrival, Numbers

NUMBERS = some.lists(some.integers(0, 40) | some.sampled_from([0, 2**53]), max_size=80)


@given(NUMBERS)
def test_while_nothing_is_forgotten_it_is_a_set(numbers: list[int]) -> None:
    kept, known = Numbers(), set[int]()
    for number in numbers:
        expected = (
            Arrival.AGAIN
            if number in known
            else Arrival.LATE
            if any(one > number for one in known)
            else Arrival.NEXT
        )
        assert kept.take(number) is expected
        known.add(number)
        kept = Numbers(kept.ranges)  # as it is stored between any two
    assert {one for first, last in kept.ranges for one in range(first, last + 1)} == known
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(kept.ranges)]
    assert all(gap > 1 for gap in gaps)


@given(some.lists(some.integers(0, 1000), max_size=300))
def test_what_is_forgotten_is_said_and_nothing_is_taken_twice(numbers: list[int]) -> None:
    kept, known = Numbers(), set[int]()
    for number in numbers:
        arrival = kept.take(number)
        if arrival in {Arrival.NEXT, Arrival.LATE}:
            assert number not in known
            known.add(number)
        if arrival is Arrival.AGAIN:
            assert number in known
        if arrival is Arrival.TOO_LATE:
            assert kept.ranges[0][0] == FORGOTTEN
        assert len(kept.ranges) <= MOST


def test_counting_one_by_one_needs_one_range() -> None:
    kept = Numbers()
    assert {kept.take(number) for number in range(5000)} == {Arrival.NEXT}
    assert kept.ranges == ((0, 4999),)


def test_times_as_numbers_forget_what_is_long_past() -> None:
    kept = Numbers()
    for number in range(0, 10 * MOST + 10, 10):
        kept.take(number)
    assert kept.ranges[0] == (FORGOTTEN, 10)
    assert kept.take(5) is Arrival.TOO_LATE
    assert kept.take(15) is Arrival.LATE
    assert kept.take(12) is Arrival.TOO_LATE  # which the message before made it forget
