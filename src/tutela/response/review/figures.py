"""Figures of review, ready to be shown: shares with intervals, and whether targets are met.

Of too few cases nothing is said: a share of three cases is a story, no figure. How many there are
is always told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record
from tutela.model.review.figures import Counted, Number, OutcomeCount, Period, Spread
from tutela.model.review.queue import Queue, QueueCounts
from tutela.response.review.agreement import Kappa, Share, kappa_of_counts, share_of
from tutela.storage.review.figures.counting import ALL, FigureCounts
from tutela.storage.review.figures.sampling import Samples
from tutela.storage.review.queues import Queues
from tutela.storage.values import now

ENOUGH = 30
"""Fewer cases than this give no share of agreement or accuracy, and no kappa."""
ENOUGH_TIMES = 20
"""Of fewer times than this, 95 of 100 is just the longest."""


MANY = 10_000
"""Cases of a period that take so long to count that what was counted is kept for a while."""
KEPT_SECONDS = 60.0


class Met(StrEnum):
    """Whether a target is met."""

    MET = "met"
    """What was measured reaches it."""
    BELOW = "below"
    """It does not, but that may be chance: the interval reaches it."""
    MISSED = "missed"
    """It does not, and the interval lies below it."""
    UNKNOWN = "unknown"
    """There are too few cases to say so."""


class Line(Record, frozen=True, kw_only=True):
    """The figures of one queue, or of all.

    Attributes:
        queue: its name; empty for all.
        gone: whether the queue was deleted since.
        now: what waits now, drills included; None for a queue that is gone.
        samples_waiting: cases that wait to be read again as samples now.
        numbers: cases by what is counted; see `Number`.
        outcomes: of the cases decided.
        late: share of the decided that were decided later than promised.
        waited: time from opening to decision.
        reading: time from claim to decision.
        unseen, undone, passed: shares of the cases in hand.
        agreement: share of the pairs that say the same, outcome and category.
        kappa: how much of that is more than chance.
        accuracy: share of checked decisions that stood: of samples and of first readings.
        samples, firsts: the two parts of it.
        target: which share should stand; None for all queues together.
        met: whether that is reached.
        granted: share of the decided appeals that were granted.
    """

    queue: str
    gone: bool = False
    now: QueueCounts | None = None
    samples_waiting: int = 0
    numbers: Mapping[Number, int]
    outcomes: tuple[OutcomeCount, ...]
    late: Share
    waited: Spread
    reading: Spread
    unseen: Share
    undone: Share
    passed: Share
    agreement: Share
    kappa: Kappa
    accuracy: Share
    samples: Share
    firsts: Share
    target: float | None = None
    met: Met = Met.UNKNOWN
    granted: Share


class Figures(Record, frozen=True, kw_only=True):
    """The figures of a period.

    Attributes:
        period: what they are about.
        at: when they were counted.
        enough: fewer cases than this give no share of agreement or accuracy, and no kappa.
        total: all queues together.
        queues: each of them, in their order; those that are gone come last.
    """

    period: Period
    at: datetime
    enough: int = ENOUGH
    total: Line
    queues: tuple[Line, ...]


class FigureReader:
    """Reads figures: counts, and makes figures of what was counted. Thread-safe.

    Where there are `MANY` cases, what was counted of a period is kept for a minute. What waits now
    is always counted anew.

    Args:
        counts: counts what a period comes to.
        queues: those that there are, with their targets and with what waits in them.
        samples: what waits to be read again.
    """

    def __init__(self, counts: FigureCounts, queues: Queues, samples: Samples) -> None:
        self._counts, self._queues, self._samples = counts, queues, samples
        self._kept: dict[Period, tuple[float, datetime, Mapping[str, Counted]]] = {}
        self._lock = threading.Lock()

    def read(self, period: Period) -> Figures:
        """The figures of a period. Blocks.

        Raises:
            InvalidInput: a point in time has no zone.
        """
        at, counted = self._counted(period)
        return figures_of(
            period,
            counted,
            self._queues.list(),
            self._queues.counts(),
            self._samples.counts(),
            at,
        )

    def _counted(self, period: Period) -> tuple[datetime, Mapping[str, Counted]]:
        """What a period comes to, and when that was counted."""
        begun = time.monotonic()
        with self._lock:
            fresh = {key: one for key, one in self._kept.items() if begun - one[0] < KEPT_SECONDS}
            self._kept = fresh
            if (kept := fresh.get(period)) is not None:
                return kept[1], kept[2]
        at = now()
        counted = self._counts.counts(period)
        numbers = counted[ALL].numbers
        if max(numbers[Number.OPENED], numbers[Number.DECIDED], numbers[Number.HANDLED]) >= MANY:
            with self._lock:
                self._kept[period] = (begun, at, counted)
        return at, counted


def figures_of(
    period: Period,
    counted: Mapping[str, Counted],
    queues: Sequence[Queue],
    waiting: Sequence[QueueCounts],
    samples: Mapping[str, int],
    at: datetime,
) -> Figures:
    """The figures of what was counted.

    Args:
        period: what it is about.
        counted: by queue, and `ALL`.
        queues: those that there are, in order.
        waiting: what waits in them now.
        samples: what waits in them to be read again.
        at: when it was counted.
    """
    nothing = Counted(numbers=dict.fromkeys(Number, 0))
    here = {one.queue: one for one in waiting}
    known = {one.name: one for one in queues}
    gone = sorted(set(counted) - set(known) - {ALL})
    lines = tuple(
        _line(name, counted.get(name, nothing), known.get(name), here.get(name), samples)
        for name in (*known, *gone)
    )
    total = _line(ALL, counted.get(ALL, nothing), None, _together(waiting), samples)
    return Figures(period=period, at=at, total=total, queues=lines)


def _line(
    name: str,
    counted: Counted,
    queue: Queue | None,
    now: QueueCounts | None,
    samples: Mapping[str, int],
) -> Line:
    numbers = counted.numbers
    pairs = {(one.first, one.other): one.cases for one in counted.pairs}
    kappa = kappa_of_counts(pairs)
    checks = _Checks(numbers)
    target = queue.accuracy if queue else None
    return Line(
        queue=name,
        gone=queue is None and name != ALL,
        now=now,
        samples_waiting=sum(samples.values()) if name == ALL else samples.get(name, 0),
        numbers=numbers,
        outcomes=counted.outcomes,
        late=share_of(numbers[Number.LATE], numbers[Number.DECIDED]),
        waited=_enough_times(counted.waited),
        reading=_enough_times(counted.reading),
        unseen=share_of(numbers[Number.UNSEEN], numbers[Number.HANDLED]),
        undone=share_of(numbers[Number.UNDONE], numbers[Number.HANDLED]),
        passed=share_of(numbers[Number.PASSED], numbers[Number.HANDLED]),
        agreement=_enough(share_of(_equal(pairs), sum(pairs.values()))),
        kappa=kappa if kappa.pairs >= ENOUGH else Kappa(pairs=kappa.pairs),
        accuracy=checks.both,
        samples=checks.samples,
        firsts=checks.firsts,
        target=target,
        met=met(checks.both, target),
        granted=_enough(share_of(numbers[Number.GRANTED], numbers[Number.APPEALS])),
    )


class _Checks:
    """Decisions that somebody else has checked, and how many of them stood."""

    def __init__(self, numbers: Mapping[Number, int]) -> None:
        samples, seconds = numbers[Number.SAMPLES], numbers[Number.SECONDS]
        stood = samples - numbers[Number.OVERTURNED]
        stood_first = seconds - numbers[Number.CORRECTED]
        self.samples = _enough(share_of(stood, samples))
        self.firsts = _enough(share_of(stood_first, seconds))
        self.both = _enough(share_of(stood + stood_first, samples + seconds))


def met(share: Share, target: float | None) -> Met:
    """Whether a share reaches a target, as far as it can be said."""
    if target is None or share.value is None or share.high is None:
        return Met.UNKNOWN
    if share.value >= target:
        return Met.MET
    return Met.BELOW if share.high >= target else Met.MISSED


def _equal(pairs: Mapping[tuple[tuple[str, str], tuple[str, str]], int]) -> int:
    return sum(cases for (first, other), cases in pairs.items() if first == other)


def _enough(share: Share) -> Share:
    return share if share.of >= ENOUGH else Share(of=share.of, held=share.held)


def _enough_times(spread: Spread) -> Spread:
    return spread if spread.of >= ENOUGH_TIMES else Spread(of=spread.of)


def _together(waiting: Sequence[QueueCounts]) -> QueueCounts:
    """What waits in all queues, under no name."""
    oldest = [one.oldest_at for one in waiting if one.oldest_at is not None]
    return QueueCounts(
        queue=ALL,
        waiting=sum(one.waiting for one in waiting),
        held=sum(one.held for one in waiting),
        imminent=sum(one.imminent for one in waiting),
        disputed=sum(one.disputed for one in waiting),
        overdue=sum(one.overdue for one in waiting),
        oldest_at=min(oldest, default=None),
    )
