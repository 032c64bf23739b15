"""An expected precision says what is known, and where nobody looked, that nothing is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.bar.precision import (
    ENOUGH,
    Decided,
    by_peak,
    precision,
    wilson,
)
from tutela.detection.conversation.bar.traffic import HIGHEST, Count, Traffic


def traffic(*peaks: int) -> Traffic:
    """Conversations with these highest values."""
    counts = [Count(0, 10, len(peaks))]
    counts += [Count(tenths, 10, 1) for peak in peaks for tenths in range(1, peak + 1)]
    return Traffic.counted(counts, 1)


@given(st.floats(0, 1), st.floats(0.01, 1e6))
def test_the_interval_holds_the_share_and_stays_between_0_and_1(share: float, cases: float) -> None:
    low, high = wilson(share, cases)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    assert wilson(0.5, 0) == (0.0, 1.0)


def test_the_interval_is_the_published_one() -> None:
    low, high = wilson(0.1, 10)
    assert (low, high) == pytest.approx((0.0179, 0.4042), abs=1e-4)


def test_of_nothing_decided_nothing_is_said() -> None:
    assert precision(50, traffic(60, 70), {}) is None
    assert precision(80, traffic(60, 70), by_peak([Decided(60, 5, 1)])) is None
    assert precision(50, traffic(), by_peak([Decided(60, 5, 1)])) is None


def test_a_plain_sample_gives_its_share() -> None:
    peaks = [60 + number % 40 for number in range(400)]
    decided = by_peak([Decided(peak, 10, 4) for peak in range(60, 101)])
    found = precision(60, traffic(*peaks), decided)
    assert found is not None
    assert found.value == pytest.approx(0.4)
    assert found.unseen == 0
    assert 0.33 < found.low < 0.4 < found.high < 0.47


def test_where_nobody_looked_everything_is_possible() -> None:
    """All that was decided lies above 8; below lie nine times as many."""
    here = traffic(*[85] * 100, *[55] * 900)
    decided = by_peak([Decided(85, 100, 90)])
    above, below = precision(80, here, decided), precision(50, here, decided)
    assert above is not None
    assert below is not None
    assert above.value == pytest.approx(0.9)
    assert below.value is None
    assert below.unseen == pytest.approx(0.9)
    assert below.low < 0.1
    assert below.high > 0.95
    assert below.cases == above.cases == 100


def test_of_few_cases_there_is_an_interval_and_no_number() -> None:
    found = precision(80, traffic(*[85] * 50), by_peak([Decided(85, ENOUGH - 1, 3)]))
    assert found is not None
    assert found.value is None
    assert 0 < found.low < 3 / 9 < found.high < 1


def test_a_value_in_which_much_was_decided_does_not_outweigh_the_rest() -> None:
    """All at 9 and a tenth of those at 6 were decided: the share is that of the conversations."""
    here = traffic(*[95] * 100, *[65] * 900)
    found = precision(60, here, by_peak([Decided(95, 100, 80), Decided(65, 90, 9)]))
    assert found is not None
    expected = (100 * 0.8 + 900 * 0.1) / 1000
    assert found.value == pytest.approx(expected)
    assert found.low < expected < found.high


def test_the_interval_holds_the_truth_nearly_always() -> None:
    """Samples of different sizes from strata of known shares; 95 of 100 intervals hold it."""
    chance = random.Random(7)  # noqa: S311 - no secret
    truth = {55: 0.05, 65: 0.2, 75: 0.4, 85: 0.7, 95: 0.9}
    sizes = {55: 900, 65: 300, 75: 150, 85: 60, 95: 30}
    here = traffic(*[peak for peak, size in sizes.items() for _ in range(size)])
    expected = sum(truth[peak] * size for peak, size in sizes.items()) / sum(sizes.values())
    held = 0
    for _ in range(300):
        decided = [
            Decided(peak, 30, sum(chance.random() < share for _ in range(30)))
            for peak, share in truth.items()
        ]
        found = precision(50, here, by_peak(decided))
        assert found is not None
        held += found.low <= expected <= found.high
    assert held >= 275


@given(
    st.lists(st.integers(0, HIGHEST), max_size=60),
    st.lists(
        st.tuples(st.integers(0, HIGHEST), st.integers(0, 20)).flatmap(
            lambda two: st.integers(0, two[1]).map(lambda right: Decided(*two, right))
        ),
        max_size=10,
    ),
    st.integers(1, HIGHEST),
)
def test_an_interval_is_one_whatever_there_is(
    peaks: list[int], decided: list[Decided], threshold: int
) -> None:
    found = precision(threshold, traffic(*peaks), by_peak(decided))
    if found is not None:
        assert 0 <= found.low <= found.high <= 1
        assert 0 <= found.unseen <= 1
        assert found.value is None or 0 <= found.value <= 1
