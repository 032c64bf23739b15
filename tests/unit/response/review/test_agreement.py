"""Figures of agreement, against numbers worked out by hand and against another way to count."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.response.review.agreement import Kappa, agreed_share, kappa_of, share_of

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=30)


def table(rows: list[list[int]]) -> list[tuple[int, int]]:
    """Pairs from a table: how often the first said the row and the second the column."""
    places = product(range(len(rows)), repeat=2)
    return [(one, other) for one, other in places for _ in range(rows[one][other])]


def test_kappa_by_hand() -> None:
    """Agreement 35 of 50 is 0.7; chance (25 * 30 + 25 * 20) / 2500 is 0.5; kappa 0.2 / 0.5.

    The standard error is sqrt(0.7 * 0.3 / 50) / 0.5 = 0.129615.
    """
    found = kappa_of(table([[20, 5], [10, 15]]))
    assert found.pairs == 50
    assert found.value == pytest.approx(0.4)
    assert found.low == pytest.approx(0.4 - 1.96 * 0.129615, abs=1e-4)
    assert found.high == pytest.approx(0.4 + 1.96 * 0.129615, abs=1e-4)


def test_kappa_of_less_than_chance_is_below_zero() -> None:
    """Agreement 0; chance (1 * 1 + 1 * 1) / 4 is a half."""
    assert kappa_of([("a", "b"), ("b", "a")]).value == pytest.approx(-1.0)


def test_where_everybody_always_says_the_same_kappa_says_nothing() -> None:
    assert kappa_of([("a", "a")] * 9) == Kappa(pairs=9)
    assert kappa_of([]) == Kappa(pairs=0)


def test_full_agreement_of_few_is_no_certainty() -> None:
    """Chance is 41 of 81; agreement may be as low as 9 / (9 + 3.8415), by Wilson's score."""
    found = kappa_of([("a", "a"), ("b", "b")] * 4 + [("a", "a")])
    chance = (5 * 5 + 4 * 4) / 81
    assert found.value == pytest.approx(1.0)
    assert found.low == pytest.approx((9 / (9 + 3.8415) - chance) / (1 - chance), abs=1e-4)
    assert found.high == pytest.approx(1.0)


def test_wilsons_interval_by_hand() -> None:
    """35 of 50: middle 0.738415 / 1.076829, half 1.96 * 0.067706 / 1.076829."""
    found = share_of(35, 50)
    assert found.value == pytest.approx(0.7)
    assert found.low == pytest.approx(0.5625, abs=1e-4)
    assert found.high == pytest.approx(0.8090, abs=1e-4)


def test_a_share_of_nothing_has_no_value() -> None:
    assert (share_of(0, 0).value, share_of(0, 0).low) == (None, None)


@given(PAIRS)
def test_kappa_is_that_of_exact_fractions(pairs: list[tuple[str, str]]) -> None:
    found = kappa_of(pairs)
    if not pairs:
        return
    count = len(pairs)
    seen = Fraction(sum(a == b for a, b in pairs), count)
    chance = sum(
        Fraction(sum(a == w for a, _ in pairs), count)
        * Fraction(sum(b == w for _, b in pairs), count)
        for w in "abc"
    )
    if chance == 1:
        assert found.value is None
    else:
        assert found.value is not None
        assert found.value == pytest.approx(float((seen - chance) / (1 - chance)))
        assert found.low is not None
        assert found.high is not None
        assert -1 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 1


@given(PAIRS)
def test_an_interval_holds_its_share(pairs: list[tuple[str, str]]) -> None:
    found = agreed_share(pairs)
    if pairs:
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 1
