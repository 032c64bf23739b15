"""What an evaluation tells: the same in a terminal, as JSON and as a page."""

from __future__ import annotations

from typing import Final

from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.model.record import Record

DECOYS: Final = (
    "Positives are adults talking to decoys, in English, in the 2000s. They say little about other "
    "people, languages, platforms and years."
)
SYNTHETIC: Final = (
    "Synthetic conversations: made by a generator. No figure here is a figure of accuracy; they "
    "show that the machinery works, and nothing else."
)
PRACTICE: Final = (
    "Do not decide about people by such a model: it ranks what people should look at first."
)


class Figure(Record, frozen=True, kw_only=True):
    """A figure with its 95 % interval over resampled groups; None where it cannot be told."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class FileFigure(Record, frozen=True, kw_only=True):
    """A file that was read."""

    name: str
    reading: ReadingSummary


class SourceFigure(Record, frozen=True, kw_only=True):
    """Conversations of one source. Where a source has one class only, it gives the label away."""

    source: str
    positives: int
    harmless: int


class Material(Record, frozen=True, kw_only=True):
    """What was measured on.

    Attributes:
        conversations: with a label.
        unlabelled: without one; they were left out.
        groups: connected by authors, ids or (nearly) whole texts; none is torn between the halves.
        largest_group: conversations of the largest.
        choosing, measuring: conversations (positives, harmless) of the two halves. Where other
            files are measured, what belongs to a group of theirs is in neither.
        not_enough_evidence: conversations without a rating, by reason; they count as not raised.
    """

    files: tuple[FileFigure, ...]
    conversations: int
    positives: int
    unlabelled: int
    synthetic: int
    groups: int
    largest_group: int
    choosing: tuple[int, int]
    measuring: tuple[int, int]
    sources: tuple[SourceFigure, ...]
    not_enough_evidence: dict[str, int]


class Prefix(Record, frozen=True, kw_only=True):
    """The figures when only so many messages were seen; all of them where `messages` is None."""

    messages: int | None
    f1: Figure
    average_precision: Figure
    recall: float | None
    false_alarm_rate: float | None


class Early(Record, frozen=True, kw_only=True):
    """How early positives are raised; None stands for never.

    Attributes:
        first_quarter, median, third_quarter: messages to the alert, misses counted as infinite.
        f_latency, speed, p: F1 times speed, with the p of its penalty, on one unit.
        erde_5, erde_50: early risk detection error; lower is better.
        shares: pairs of messages and the share of positives that are raised by then.
    """

    first_quarter: float | None
    median: float | None
    third_quarter: float | None
    f_latency: float
    speed: float
    f1: float
    p: float
    erde_5: float | None
    erde_50: float | None
    shares: tuple[tuple[int, float], ...]


class Onset(Record, frozen=True, kw_only=True):
    """Alerts against the message that first shows it, where that is told.

    Attributes:
        told: positives for which it is told.
        premature: share of their alerts that came before it: before there was any evidence.
        median_lead: messages between it and the alert, over the rest of the alerts.
    """

    told: int
    premature: float | None
    median_lead: float | None


class AtBudget(Record, frozen=True, kw_only=True):
    """Recall when so many of 100 000 conversations may be raised; None where there are too few."""

    alerts: int
    recall: float | None


class AtPrevalence(Record, frozen=True, kw_only=True):
    """What alerts would be worth if so large a share of conversations were positive.

    Attributes:
        precision: at the measured false alarm rate.
        at_least: at the upper end of its 95 % interval: what the size of the corpus can vouch for.
        alerts: of 100 000 conversations.
        minutes: of review for 1 000 conversations.
    """

    prevalence: float
    precision: float | None
    at_least: float | None
    alerts: float
    minutes: float


class StratumFigure(Record, frozen=True, kw_only=True):
    """False alarms in one kind of harmless conversations, with their 95 % interval (Wilson)."""

    stratum: str
    conversations: int
    false_alarms: int
    rate: float
    low: float
    high: float


class CalibrationFigure(Record, frozen=True, kw_only=True):
    """How good probabilities are, for conversations of some lengths."""

    shortest: int
    longest: int | None
    conversations: int
    brier: float | None
    error: float | None


class CurvePoint(Record, frozen=True, kw_only=True):
    """One threshold of the curve."""

    threshold: float
    recall: float
    false_alarm_rate: float
    precision: float | None


class Perturbed(Record, frozen=True, kw_only=True):
    """Recall when positives are written otherwise; `drop` in percentage points."""

    name: str
    positives: int
    recall: float
    drop: float


class Measured(Record, frozen=True, kw_only=True):
    """The figures of one rater on the measured half, at a threshold chosen on the other.

    Attributes:
        name: of the rater, with its version.
        coarse: it looked after 5, 10, 20, 50 and all messages only, so that it is never early.
        threshold: None where the other half is too small to choose one.
        alerts, authors: conversations raised, and distinct authors behind them where known.
    """

    name: str
    coarse: bool = False
    threshold: float | None
    precision: Figure
    recall: Figure
    f1: Figure
    f05: Figure
    false_alarm_rate: Figure
    average_precision: Figure
    area: Figure
    alerts: int
    authors: int | None = None
    prefixes: tuple[Prefix, ...]
    early: Early
    onset: Onset | None = None
    budgets: tuple[AtBudget, ...]
    prevalences: tuple[AtPrevalence, ...]
    strata: tuple[StratumFigure, ...]
    worst_stratum: str = ""
    calibration: tuple[CalibrationFigure, ...] = ()
    curve: tuple[CurvePoint, ...]


class EvaluationReport(Record, frozen=True, kw_only=True):
    """The whole report.

    Attributes:
        cautions: sentences without which no figure may be read.
        chosen: how thresholds were chosen, in words.
        seed, resamples, minutes_per_case: what it was made with.
        raters: the model first, then the baselines.
        perturbations: of the model.
    """

    synthetic: bool
    cautions: tuple[str, ...]
    model: str
    chosen: str
    seed: int
    resamples: int
    minutes_per_case: float
    material: Material
    raters: tuple[Measured, ...]
    perturbations: tuple[Perturbed, ...] = ()
