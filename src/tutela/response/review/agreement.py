"""How well people agree: the share of equal readings, and Cohen's kappa, each with its interval.

Kappa says how much of the agreement is more than chance would give: 1 is all of it, 0 none. Of few
pairs both say little, which is why neither is shown without its interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from tutela.model.record import Record

Said = TypeVar("Said", bound=Hashable)

Z = 1.959963984540054
"""Half the width of a 95 % interval, in standard errors."""


class Share(Record, frozen=True, kw_only=True):
    """A share with its 95 % interval, by Wilson's score; None where there is nothing to divide.

    Attributes:
        of: how many there are.
        held: for how many of them it holds.
        value, low, high: the share, and where it may lie.
    """

    of: int
    held: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Kappa(Record, frozen=True, kw_only=True):
    """Cohen's kappa with its 95 % interval; None where chance alone gives full agreement.

    Attributes:
        pairs: how many cases were read by two.
        value, low, high: kappa, and where it may lie.
    """

    pairs: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def share_of(held: int, of: int) -> Share:
    """A share with its interval."""
    if of == 0:
        return Share(of=0, held=0)
    part, square = held / of, Z * Z
    wide = 1 + square / of
    middle = (part + square / (2 * of)) / wide
    half = Z * math.sqrt(part * (1 - part) / of + square / (4 * of * of)) / wide
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Share(of=of, held=held, value=part, low=low, high=high)


def agreed_share(pairs: Sequence[tuple[Hashable, Hashable]]) -> Share:
    """Which share of pairs is equal."""
    return share_of(sum(one == other for one, other in pairs), len(pairs))


def kappa_of(pairs: Sequence[tuple[Said, Said]]) -> Kappa:
    """Cohen's kappa of what two people said of each case; see `kappa_of_counts`."""
    return kappa_of_counts(Counter(pairs))


def kappa_of_counts(pairs: Mapping[tuple[Said, Said], int]) -> Kappa:
    """Cohen's kappa of how often two people said what.

    Its standard error is the usual one of large samples: sqrt(p (1 - p) / (n (1 - e)^2)), where p
    is the agreement there is and e that which chance would give. Where all pairs agree, or none
    does, that is 0 however few they are: there, the interval is that of the agreement, by Wilson's
    score, with e taken off.
    """
    count = sum(pairs.values())
    if count == 0:
        return Kappa(pairs=0)
    seen = sum(times for (one, other), times in pairs.items() if one == other) / count
    first: Counter[Said] = Counter()
    second: Counter[Said] = Counter()
    for (one, other), times in pairs.items():
        first[one] += times
        second[other] += times
    chance = sum(first[word] * second[word] for word in first) / (count * count)
    if chance >= 1:
        return Kappa(pairs=count)
    value = (seen - chance) / (1 - chance)
    if seen in (0, 1):
        share = share_of(round(seen * count), count)
        low, high = ((bound - chance) / (1 - chance) for bound in (share.low or 0, share.high or 0))
    else:
        half = Z * math.sqrt(seen * (1 - seen) / count) / (1 - chance)
        low, high = value - half, value + half
    return Kappa(pairs=count, value=value, low=max(-1.0, low), high=min(1.0, high))
