"""How well people agree: the share of equal readings, and Cohen's kappa, each with its interval.

Kappa says how much of the agreement is more than chance would give: 1 is all of it, 0 none. Of few
pairs both say little, which is why neither is shown without its interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from tutela.model.record import Record

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


def kappa_of(pairs: Sequence[tuple[Hashable, Hashable]]) -> Kappa:
    """Cohen's kappa of what two people said of each case.

    Its standard error is the usual one of large samples: sqrt(p (1 - p) / (n (1 - e)^2)), where p
    is the agreement there is and e that which chance would give.
    """
    count = len(pairs)
    if count == 0:
        return Kappa(pairs=0)
    seen = sum(one == other for one, other in pairs) / count
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(first[word] * second[word] for word in first) / (count * count)
    if chance >= 1:
        return Kappa(pairs=count)
    value = (seen - chance) / (1 - chance)
    half = Z * math.sqrt(seen * (1 - seen) / count) / (1 - chance)
    return Kappa(pairs=count, value=value, low=max(-1.0, value - half), high=min(1.0, value + half))
