from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import TooMany
from tutela.interfaces.web.limits import KNOWN_CALLERS, Rates


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(rates: Rates, caller: str = "a") -> bool:
    try:
        rates.take(caller)
    except TooMany:
        return False
    return True


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 3), max_size=200),
)
def test_never_more_than_burst_and_rate(rate: float, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    rates = Rates(rate, burst, clock)
    came: list[float] = []
    for pause in pauses:
        clock.now += pause
        if taken(rates):
            came.append(clock.now)
    for first, start in enumerate(came):
        for last in range(first, len(came)):
            allowed = burst + rate * (came[last] - start)
            assert last - first + 1 <= allowed + 1e-6


def test_a_pause_fills_the_bucket_and_no_more() -> None:
    clock = Clock()
    rates = Rates(10, 3, clock)
    assert [taken(rates) for _ in range(4)] == [True, True, True, False]
    clock.now += 0.1
    assert [taken(rates) for _ in range(2)] == [True, False]
    clock.now += 1000
    assert sum(taken(rates) for _ in range(10)) == 3


def test_the_wait_that_is_told_is_enough() -> None:
    clock = Clock()
    rates = Rates(0.5, 1, clock)
    rates.take("a")
    clock.now += 0.5
    with pytest.raises(TooMany) as caught:
        rates.take("a")
    assert caught.value.retry_after == pytest.approx(1.5)
    clock.now += caught.value.retry_after
    rates.take("a")


def test_callers_do_not_share() -> None:
    rates = Rates(1, 1, Clock())
    assert taken(rates, "a")
    assert taken(rates, "b")
    assert not taken(rates, "a")


def test_zero_sets_no_limit() -> None:
    rates = Rates(0, 1, Clock())
    assert all(taken(rates) for _ in range(1000))


@given(st.lists(st.booleans(), max_size=60))
def test_what_is_given_back_was_never_taken(right: list[bool]) -> None:
    rates = Rates(0.001, 5, Clock())
    wrong = 0
    for one in right:
        if not taken(rates):
            break
        if one:
            rates.give_back("a")
        else:
            wrong += 1
    assert wrong <= 5
    rates.give_back("b")
    assert sum(taken(rates, "b") for _ in range(9)) == 5
    assert sum(taken(rates) for _ in range(9)) == 5 - wrong


def test_what_is_remembered_is_bounded() -> None:
    rates = Rates(1, 1, Clock())
    for number in range(KNOWN_CALLERS + 100):
        rates.take(str(number))
    assert len(rates._buckets) == KNOWN_CALLERS
    assert not taken(rates, str(KNOWN_CALLERS))
