"""How many of the conversations above a threshold people would find right, with how sure that is.

The cases that people decided are no fair sample: nearly all lie above the bar that stood then. So
the share is estimated within each whole value and weighted by how many conversations lie there, and
where nobody looked, everything is possible: the interval says so, and no number is made up for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from tutela.detection.conversation.bar.traffic import HIGHEST, Traffic
from tutela.model.record import Record

ENOUGH = 10
"""Of fewer decided cases no number is given, only how many there were and the interval."""

MOST_UNSEEN = 0.05
"""Where a greater share lies in values of which nobody decided any, no number is given."""

_Z = 1.959964
_STEP = 10


class Decided(NamedTuple):
    """Conversations that people decided about.

    Attributes:
        peak: the highest value that they had, in tenths.
        cases: how many.
        right: those that needed somebody: confirmed, or against the platform's rules.
    """

    peak: int
    cases: int
    right: int


class Precision(Record, frozen=True, kw_only=True):
    """What share of the conversations above a threshold would be right.

    Attributes:
        low, high: the interval (95 %), with everything possible where nobody looked.
        value: the estimate; None where too few were decided or too much was never looked at.
        cases: decided ones above the threshold.
        unseen: share of the conversations above it in values of which nobody decided any.
    """

    low: float
    high: float
    value: float | None
    cases: int
    unseen: float


class _Stratum(NamedTuple):
    weight: int
    cases: int
    right: int


def precision(threshold: int, traffic: Traffic, decided: Mapping[int, Decided]) -> Precision | None:
    """The precision at a threshold in tenths; None where nothing was decided or nothing lies there.

    Args:
        threshold: 1 to 100.
        traffic: how many conversations lie where.
        decided: by peak.
    """
    strata = [_stratum(low, high, traffic, decided) for low, high in _strata(threshold)]
    weight = sum(one.weight for one in strata)
    seen = [one for one in strata if one.cases]
    looked = sum(one.weight for one in seen)
    if not looked:
        return None
    cases = sum(one.cases for one in seen)
    unseen = 1 - looked / weight
    share, effective = _share(seen, looked)
    low, high = wilson(share, effective)
    sure = cases >= ENOUGH and unseen <= MOST_UNSEEN
    return Precision(
        low=low * (1 - unseen),
        high=high * (1 - unseen) + unseen,
        value=share if sure else None,
        cases=cases,
        unseen=unseen,
    )


def by_peak(decided: Sequence[Decided]) -> Mapping[int, Decided]:
    """Decided conversations by their peak, those of one peak added up."""
    found: dict[int, Decided] = {}
    for peak, cases, right in decided:
        known = found.get(peak, Decided(peak, 0, 0))
        found[peak] = Decided(peak, known.cases + cases, known.right + right)
    return found


def wilson(share: float, cases: float) -> tuple[float, float]:
    """The interval (95 %) around a share of so many cases.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if cases <= 0:
        return 0.0, 1.0
    square = _Z * _Z / cases
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / cases + square / (4 * cases)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _strata(threshold: int) -> Sequence[tuple[int, int]]:
    """Ranges of tenths from a threshold up, each within one whole value; 10 belongs to 9."""
    edges = [threshold, *range((threshold // _STEP + 1) * _STEP, HIGHEST, _STEP), HIGHEST + 1]
    return list(pairwise(edges))


def _stratum(low: int, high: int, traffic: Traffic, decided: Mapping[int, Decided]) -> _Stratum:
    found = [decided[peak] for peak in range(low, high) if peak in decided]
    return _Stratum(
        weight=traffic.between(low, high),
        cases=sum(one.cases for one in found),
        right=sum(one.right for one in found),
    )


def _share(strata: Sequence[_Stratum], weight: int) -> tuple[float, float]:
    """The weighted share, and how many cases of one plain sample would be as sure of it."""
    shares = [one.weight / weight for one in strata]
    share = sum(part * one.right / one.cases for part, one in zip(shares, strata, strict=True))
    # A stratum in which all were right is not for that reason certain: half a case is added.
    smooth = [(one.right + 0.5) / (one.cases + 1) for one in strata]
    mean = sum(part * value for part, value in zip(shares, smooth, strict=True))
    variance = sum(
        part * part * value * (1 - value) / one.cases
        for part, value, one in zip(shares, smooth, strata, strict=True)
    )
    return share, mean * (1 - mean) / variance
