"""Measures of ranked and of alerted conversations, each by its published definition.

Arrays have one element for each conversation: `truth` (bool) whether people should have looked,
`scores` (float) how high it was rated, `weights` (float) how often it counts, `after` (float) the
number of messages (from 1) after which it was raised, infinite where it never was.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning import budget

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Whole: TypeAlias = NDArray[np.int64]

LATENESS: Final = float(np.log(3) / 89)
"""`p` of the latency penalty: half of the worth is lost at 90 messages (Vogt et al. 2021)."""

_CONFIDENCE_Z: Final = 1.959963984540054
_EXPONENT: Final = 700.0


class Counts(NamedTuple):
    """How alerts and the truth fall together, weighted."""

    hits: float
    false_alarms: float
    misses: float
    rests: float

    @property
    def precision(self) -> float | None:
        """Share of alerts that were right; None without an alert."""
        return _share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Share of positives that were found; None without one."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def false_alarm_rate(self) -> float | None:
        """Share of harmless conversations that were raised; None without one."""
        return _share(self.false_alarms, self.false_alarms + self.rests)

    def f(self, beta: float = 1.0) -> float:
        """F measure; recall counts `beta` times as much as precision. 0 where nothing was found."""
        weighed = (1 + beta**2) * self.hits
        whole = weighed + beta**2 * self.misses + self.false_alarms
        return weighed / whole if whole else 0.0


def counts(truth: Flags, alerted: Flags, weights: Floats | None = None) -> Counts:
    """Count alerts."""
    one = np.ones(len(truth)) if weights is None else weights
    return Counts(
        float(one[truth & alerted].sum()),
        float(one[~truth & alerted].sum()),
        float(one[truth & ~alerted].sum()),
        float(one[~truth & ~alerted].sum()),
    )


class Ranking:
    """Conversations by their scores, the highest first; equal scores share a rank.

    Args:
        truth: of each conversation.
        scores: of each conversation.
    """

    def __init__(self, truth: Flags, scores: Floats) -> None:
        self._order = np.argsort(-scores, kind="stable")
        ranked = scores[self._order]
        last = np.r_[ranked[1:] != ranked[:-1], np.ones(min(len(ranked), 1), dtype=np.bool_)]
        self._ends = np.flatnonzero(last)
        self.thresholds: Floats = ranked[self._ends]
        self._truth = truth[self._order].astype(np.float64)

    def cumulated(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Hits and false alarms when everything from each threshold on is raised."""
        weighed = np.ones(len(self._truth)) if weights is None else weights[self._order]
        hits = np.cumsum(weighed * self._truth)[self._ends]
        alarms = np.cumsum(weighed * (1 - self._truth))[self._ends]
        return hits, alarms

    def average_precision(self, weights: Floats | None = None) -> float | None:
        """Mean precision over the steps of recall; None without a positive."""
        hits, alarms = self.cumulated(weights)
        if not len(hits) or hits[-1] <= 0:
            return None
        precision = hits / np.maximum(hits + alarms, 1e-12)
        return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])

    def area(self, weights: Floats | None = None) -> float | None:
        """Area under the ROC curve: the chance that a positive is rated above a harmless one."""
        hits, alarms = self.cumulated(weights)
        if not len(hits) or hits[-1] <= 0 or alarms[-1] <= 0:
            return None
        steps = np.diff(alarms, prepend=0.0)
        middle = hits - np.diff(hits, prepend=0.0) / 2
        return float(np.sum(steps * middle) / (hits[-1] * alarms[-1]))

    def recall_within(self, alerts: float) -> float | None:
        """Recall when only so many are raised, the highest first; of equals, their mean.

        None without a positive, or where fewer than one may be raised.
        """
        hits, alarms = self.cumulated()
        if alerts < 1 or not len(hits) or hits[-1] <= 0:
            return None
        raised = np.r_[0.0, hits + alarms]
        return float(np.interp(alerts, raised, np.r_[0.0, hits]) / hits[-1])


def bar_for(scores_of_harmless: Floats, rate: float) -> float:
    """The lowest threshold at which at most `rate` of further harmless streams is raised.

    Conformal: a conversation is raised where `(1 + #{harmless >= score}) / (n + 1) <= rate`.
    Infinite where there are fewer than `1 / rate` harmless conversations: they can tell nothing.
    """
    # Nothing at all is raised at 0, where there is no evidence.
    least = float(np.nextafter(0.0, 1.0))
    return least if rate >= 1 else max(budget.bar_for(scores_of_harmless, rate).threshold, least)


def lateness(messages: Floats, p: float = LATENESS) -> Floats:
    """What is lost by an alert after so many messages: 0 after the first, towards 1."""
    exponent = np.minimum(p * (messages - 1), _EXPONENT)
    return np.asarray(-1 + 2 / (1 + np.exp(-exponent)), dtype=np.float64)


class Latency(NamedTuple):
    """F_latency with what it is made of: `f1 * speed`, speed from the median of what was found."""

    f_latency: float
    speed: float
    f1: float
    p: float


def latency(truth: Flags, after: Floats, p: float = LATENESS) -> Latency:
    """F_latency (Sadeque et al. 2018), F1 and speed over the same conversations."""
    found = truth & np.isfinite(after)
    speed = 1.0 - float(np.median(lateness(after[found], p))) if found.any() else 0.0
    f1 = counts(truth, np.isfinite(after)).f()
    return Latency(f1 * speed, speed, f1, p)


def early_risk_error(truth: Flags, after: Floats, middle: int) -> float | None:
    """ERDE (Losada and Crestani 2016): lower is better; None without a conversation.

    A false alarm costs the share of positives, a miss 1, a hit `1 - 1 / (1 + exp(after - middle))`.
    """
    if not len(truth):
        return None
    alerted = np.isfinite(after)
    late = np.minimum(np.where(alerted, after, 0.0) - middle, _EXPONENT)
    costs = np.where(
        truth,
        np.where(alerted, 1 - 1 / (1 + np.exp(late)), 1.0),
        np.where(alerted, float(truth.mean()), 0.0),
    )
    return float(costs.mean())


def quartiles(after: Floats) -> tuple[float | None, float | None, float | None]:
    """First quarter, median and third quarter of messages to an alert; None stands for never.

    Misses count as infinite, so that a rater is not praised for what it never raised.
    """
    if not len(after):
        return None, None, None
    ranked = np.sort(after)
    places = [int(np.ceil(share * len(ranked))) - 1 for share in (0.25, 0.5, 0.75)]
    found = [float(ranked[max(place, 0)]) for place in places]
    first, median, third = (one if np.isfinite(one) else None for one in found)
    return first, median, third


def precision_at(prevalence: float, recall: float, false_alarm_rate: float) -> float | None:
    """Precision if so large a share of all conversations were positive; None without an alert."""
    right = prevalence * recall
    return _share(right, right + (1 - prevalence) * false_alarm_rate)


def wilson(count: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); from 0 to 1 where there is nothing."""
    if of <= 0:
        return 0.0, 1.0
    share, z = count / of, _CONFIDENCE_Z
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * float(np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))) / (1 + z * z / of)
    return (middle - half if count > 0 else 0.0), (middle + half if count < of else 1.0)


def brier(truth: Flags, chances: Floats) -> float | None:
    """Mean squared error of probabilities; None without one."""
    return float(np.mean((chances - truth) ** 2)) if len(truth) else None


def calibration_error(truth: Flags, chances: Floats, bins: int = 10) -> float | None:
    """Expected calibration error over bins of equal width; None without a conversation."""
    if not len(truth):
        return None
    place = np.minimum((chances * bins).astype(np.int64), bins - 1)
    size = np.bincount(place, minlength=bins)
    gap = np.abs(
        np.bincount(place, weights=chances, minlength=bins)
        - np.bincount(place, weights=truth.astype(np.float64), minlength=bins)
    )
    return float(gap.sum() / size.sum())


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
