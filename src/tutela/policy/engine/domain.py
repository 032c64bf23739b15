"""Which values of one fact a condition can bear."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

Scalar: TypeAlias = Hashable
"""A bool, an int, a float, a text, or a member of an enumeration."""
Bound: TypeAlias = "int | float | None"


@dataclass(frozen=True, slots=True)
class Domain:
    """A set of values: those listed, or all within bounds but a few. May hold more than need be.

    Attributes:
        only: the values, where they are listed.
        without: else: values that are not in it.
        low, high: else: bounds of a number, both included; None where there is none.
    """

    only: frozenset[Scalar] | None = None
    without: frozenset[Scalar] = frozenset()
    low: Bound = None
    high: Bound = None

    def admits(self, value: Scalar) -> bool:
        """Whether the value is in it."""
        if self.only is not None:
            return value in self.only
        return value not in self.without and self._within(value)

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        if self.only is not None:
            return not self.only
        return self.low is not None and self.high is not None and self.low > self.high

    def meet(self, other: Domain) -> Domain:
        """What is in both."""
        if self.only is not None:
            return Domain(only=frozenset(filter(other.admits, self.only)))
        if other.only is not None:
            return other.meet(self)
        low, high = _greater(self.low, other.low), _less(self.high, other.high)
        without = self.without | other.without
        if low is not None and low == high:
            return Domain(only=frozenset({low}) - without)
        return Domain(without=without, low=low, high=high)

    def join(self, other: Domain) -> Domain:
        """What is in one of them, and perhaps more."""
        if self.only is not None and other.only is not None:
            return Domain(only=self.only | other.only)
        mine, others = self._bounds(), other._bounds()
        lows, highs = (mine[0], others[0]), (mine[1], others[1])
        out = (self.without | other.without) - (self.only or set()) - (other.only or set())
        return Domain(
            without=frozenset(v for v in out if not self.admits(v) and not other.admits(v)),
            low=None if None in lows else min(lows),  # type: ignore[type-var]
            high=None if None in highs else max(highs),  # type: ignore[type-var]
        )

    def _within(self, value: Scalar) -> bool:
        if self.low is not None and not value >= self.low:  # type: ignore[operator]
            return False
        return self.high is None or bool(value <= self.high)  # type: ignore[operator]

    def _bounds(self) -> tuple[Bound, Bound]:
        if self.only is None:
            return self.low, self.high
        numbers = [v for v in self.only if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(numbers) < len(self.only) or not numbers:
            return None, None
        return min(numbers), max(numbers)


def _greater(one: Bound, other: Bound) -> Bound:
    return other if one is None else one if other is None else max(one, other)


def _less(one: Bound, other: Bound) -> Bound:
    return other if one is None else one if other is None else min(one, other)
