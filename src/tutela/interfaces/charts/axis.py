"""Axes: where a number lies, and which numbers are written beside the line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_WANTED = 5


class Axis(NamedTuple):
    """One axis.

    Attributes:
        title: what it counts, with its unit.
        low, high: its ends; `low` is above 0 where `logarithmic`.
        logarithmic: each step is a power of ten.
        percent: numbers are written as shares of 100.
        written: how a language writes numbers; None writes them as English does.
    """

    title: str
    low: float
    high: float
    logarithmic: bool = False
    percent: bool = False
    written: Callable[[float], str] | None = None

    def place(self, value: float) -> float:
        """Where a number lies: 0 at the low end, 1 at the high one; beyond them at the ends."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return (at - low) / (high - low) if high > low else 0.0

    def ticks(self) -> Sequence[float]:
        """The numbers that are written."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        if self.high <= self.low:
            return [self.low]
        step = _step((self.high - self.low) / _WANTED)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [step * at for at in range(first, last + 1)]

    def text(self, value: float) -> str:
        """A number as it is written."""
        if self.written is not None:
            return self.written(value)
        return f"{100 * value:.4g} %" if self.percent else f"{value:,.6g}"


def _step(least: float) -> float:
    """The round step that is at least so large."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * one for one in _STEPS if power * one >= least - 1e-12)
