"""Domains of values: what is in two is in their meet, what is in one is in their join."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.policy.engine.domain import Domain

VALUES = range(-3, 4)
some = st.frozensets(st.sampled_from(VALUES), max_size=3)
bounds = st.none() | st.sampled_from(VALUES)
domains = st.builds(Domain, only=some) | st.builds(Domain, without=some, low=bounds, high=bounds)


@given(domains, domains, st.sampled_from(VALUES))
def test_a_meet_is_what_is_in_both(one: Domain, other: Domain, value: int) -> None:
    assert one.meet(other).admits(value) == (one.admits(value) and other.admits(value))


@given(domains, domains, st.sampled_from(VALUES))
def test_a_join_misses_nothing(one: Domain, other: Domain, value: int) -> None:
    if one.admits(value) or other.admits(value):
        assert one.join(other).admits(value)


@given(domains)
def test_an_empty_domain_admits_nothing(one: Domain) -> None:
    if one.empty:
        assert not any(map(one.admits, VALUES))


def test_joins_are_no_wider_than_they_must_be() -> None:
    a, b = Domain(only=frozenset({"a"})), Domain(only=frozenset({"b"}))
    assert not a.join(b).admits("c")
    assert not Domain(without=frozenset({"a"})).join(b).admits("a")
    assert not Domain(low=3).join(Domain(only=frozenset({5}))).admits(2)


def test_what_is_not_a_number_is_within_no_bounds() -> None:
    assert not Domain(low=1.0).admits(float("nan"))
    assert not Domain(high=1.0).admits(float("nan"))
