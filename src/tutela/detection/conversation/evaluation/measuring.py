"""The figures of one rater from its trajectories: chosen on one half, measured on the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from tutela.detection.conversation.evaluation import measures
from tutela.detection.conversation.evaluation.grouping import Halves
from tutela.detection.conversation.evaluation.measures import Flags, Floats, Ranking, Whole
from tutela.detection.conversation.evaluation.replaying import LOOKS, Replayed, Trajectories
from tutela.detection.conversation.evaluation.report import (
    AtBudget,
    AtPrevalence,
    CalibrationFigure,
    CurvePoint,
    Early,
    Figure,
    Measured,
    Onset,
    Prefix,
    StratumFigure,
)
from tutela.detection.conversation.evaluation.resampling import Resampling

BUDGETS: Final = (10, 30, 100, 300, 1_000)
PREVALENCES: Final = (1e-3, 1e-4, 1e-5)
_SHARES_AT: Final = (1, 2, 3, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500)
_LENGTHS: Final = ((1, 10), (11, 50), (51, None))
_HUNDRED_THOUSAND: Final = 100_000
_CURVE_POINTS: Final = 60


class Choice(NamedTuple):
    """How the threshold is chosen.

    Attributes:
        threshold: a given one; None to choose it.
        false_alarms: highest share of harmless conversations that may be raised.
    """

    threshold: float | None = None
    false_alarms: float = 0.01

    def words(self) -> str:
        """The choice in words."""
        if self.threshold is not None:
            return f"threshold {self.threshold:g}, as given"
        return (
            f"at most {self.false_alarms:.4g} of harmless conversations raised, chosen on the "
            "running maximum of the other half (conformal)"
        )

    def of(self, peaks: Floats, truth: Flags) -> float:
        """The threshold, from the half that chooses."""
        if self.threshold is not None:
            return self.threshold
        return measures.bar_for(peaks[~truth], self.false_alarms)


class Half(NamedTuple):
    """The measured half: everything that does not depend on the rater."""

    truth: Flags
    strata: Sequence[str]
    onsets: Whole
    lengths: Whole
    resampling: Resampling
    minutes_per_case: float


def measured(
    name: str,
    trajectories: Trajectories,
    replayed: Replayed,
    halves: Halves,
    half: Half,
    choice: Choice,
    *,
    is_model: bool,
) -> Measured:
    """All figures of one rater.

    Args:
        name: of the rater.
        trajectories: what it rated, over both halves.
        replayed: what was replayed.
        halves: which conversations choose and which are measured.
        half: the measured half.
        choice: how its threshold is chosen. A given one is of the model's scale only.
        is_model: it rated every message, and has probabilities and authors.
    """
    chooses = choice if is_model else choice._replace(threshold=None)
    choosing, measuring = halves
    threshold = chooses.of(trajectories.peaks()[choosing], replayed.truth[choosing])
    after = trajectories.after(threshold)[measuring]
    at = _Alerts(half, after, Ranking(half.truth, trajectories.peaks()[measuring]))
    strata = tuple(at.strata())
    authors = np.array(replayed.authors, dtype=object)[measuring][np.isfinite(after)]
    return Measured(
        name=name,
        coarse=not is_model,
        threshold=threshold if np.isfinite(threshold) else None,
        precision=at.figure("precision"),
        recall=at.figure("recall"),
        f1=at.f(1.0),
        f05=at.f(0.5),
        false_alarm_rate=at.figure("false_alarm_rate"),
        average_precision=half.resampling.figure(at.ranking.average_precision),
        area=half.resampling.figure(at.ranking.area),
        alerts=int(np.isfinite(after).sum()),
        authors=len(set(authors.tolist()) - {""}) if is_model else None,
        prefixes=tuple(
            _prefix(look, trajectories.peaks(look)[measuring], after, half)
            for look in (*LOOKS, None)
        ),
        early=at.early(),
        onset=at.onset(),
        budgets=tuple(at.budgets()),
        prevalences=tuple(at.prevalences()),
        strata=strata,
        worst_stratum=max(strata, key=lambda one: (one.rate, one.low)).stratum if strata else "",
        calibration=_calibration(half, replayed.chances[measuring]) if is_model else (),
        curve=tuple(_curve(at.ranking)),
    )


class _Alerts:
    """Alerts on the measured half."""

    def __init__(self, half: Half, after: Floats, ranking: Ranking) -> None:
        self._half = half
        self._after = after
        self._alerted = np.isfinite(after)
        self.ranking = ranking
        self.counts = measures.counts(half.truth, self._alerted)

    def figure(self, name: str) -> Figure:
        """A share of the counts, with its interval."""

        def share(weights: Floats | None) -> float | None:
            found: float | None = getattr(
                measures.counts(self._half.truth, self._alerted, weights), name
            )
            return found

        return self._half.resampling.figure(share)

    def f(self, beta: float) -> Figure:
        """An F measure, with its interval."""
        return _f(self._half, self._alerted, beta)

    def early(self) -> Early:
        """How early positives are raised."""
        truth, after = self._half.truth, self._after
        found = measures.latency(truth, after)
        first, median, third = measures.quartiles(after[truth])
        total = max(1, int(truth.sum()))
        return Early(
            first_quarter=first,
            median=median,
            third_quarter=third,
            f_latency=found.f_latency,
            speed=found.speed,
            f1=found.f1,
            p=found.p,
            erde_5=measures.early_risk_error(truth, after, 5),
            erde_50=measures.early_risk_error(truth, after, 50),
            shares=tuple((at, float((after[truth] <= at).sum() / total)) for at in _SHARES_AT),
        )

    def onset(self) -> Onset | None:
        """Alerts against the onsets that are told."""
        told = self._half.truth & (self._half.onsets > 0)
        if not told.any():
            return None
        raised = told & self._alerted
        lead = self._after[raised] - self._half.onsets[raised]
        late = lead[lead >= 0]
        return Onset(
            told=int(told.sum()),
            premature=float((lead < 0).mean()) if len(lead) else None,
            median_lead=float(np.median(late)) if len(late) else None,
        )

    def budgets(self) -> list[AtBudget]:
        """Recall at fixed numbers of alerts."""
        size = len(self._half.truth)
        return [
            AtBudget(
                alerts=alerts,
                recall=self.ranking.recall_within(alerts * size / _HUNDRED_THOUSAND),
            )
            for alerts in BUDGETS
        ]

    def prevalences(self) -> list[AtPrevalence]:
        """What alerts are worth at base rates of real services."""
        recall = self.counts.recall or 0.0
        rate = self.counts.false_alarm_rate or 0.0
        harmless = self.counts.false_alarms + self.counts.rests
        _, worst = measures.wilson(self.counts.false_alarms, harmless)
        found = []
        for prevalence in PREVALENCES:
            share = prevalence * recall + (1 - prevalence) * rate
            found.append(
                AtPrevalence(
                    prevalence=prevalence,
                    precision=measures.precision_at(prevalence, recall, rate),
                    at_least=measures.precision_at(prevalence, recall, worst),
                    alerts=share * _HUNDRED_THOUSAND,
                    minutes=share * 1000 * self._half.minutes_per_case,
                )
            )
        return found

    def strata(self) -> list[StratumFigure]:
        """False alarms by kind of harmless conversation."""
        names = np.array(self._half.strata, dtype=object)
        found = []
        for name in sorted({str(one) for one in names[~self._half.truth]} - {""}):
            here = (names == name) & ~self._half.truth
            alarms, size = int((here & self._alerted).sum()), int(here.sum())
            low, high = measures.wilson(alarms, size)
            found.append(
                StratumFigure(
                    stratum=name,
                    conversations=size,
                    false_alarms=alarms,
                    rate=alarms / size,
                    low=low,
                    high=high,
                )
            )
        return found


def _prefix(look: int | None, peaks: Floats, after: Floats, half: Half) -> Prefix:
    alerted = after <= (np.finfo(np.float64).max if look is None else look)
    counted = measures.counts(half.truth, alerted)
    return Prefix(
        messages=look,
        f1=_f(half, alerted, 1.0),
        average_precision=half.resampling.figure(Ranking(half.truth, peaks).average_precision),
        recall=counted.recall,
        false_alarm_rate=counted.false_alarm_rate,
    )


def _f(half: Half, alerted: Flags, beta: float) -> Figure:
    return half.resampling.figure(
        lambda weights: measures.counts(half.truth, alerted, weights).f(beta)
    )


def _calibration(half: Half, chances: Floats) -> tuple[CalibrationFigure, ...]:
    found = []
    for shortest, longest in _LENGTHS:
        here = (half.lengths >= shortest) & np.isfinite(chances)
        here &= half.lengths <= (np.iinfo(np.int64).max if longest is None else longest)
        found.append(
            CalibrationFigure(
                shortest=shortest,
                longest=longest,
                conversations=int(here.sum()),
                brier=measures.brier(half.truth[here], chances[here]),
                error=measures.calibration_error(half.truth[here], chances[here]),
            )
        )
    return tuple(found)


def _curve(ranking: Ranking) -> list[CurvePoint]:
    """Points of the curve, at about as many thresholds as a chart can show."""
    hits, alarms = ranking.cumulated()
    if not len(hits) or hits[-1] <= 0 or alarms[-1] <= 0:
        return []
    places = np.unique(np.linspace(0, len(hits) - 1, _CURVE_POINTS).round().astype(np.int64))
    return [
        CurvePoint(
            threshold=float(ranking.thresholds[at]),
            recall=float(hits[at] / hits[-1]),
            false_alarm_rate=float(alarms[at] / alarms[-1]),
            precision=float(hits[at] / (hits[at] + alarms[at])),
        )
        for at in places
    ]
