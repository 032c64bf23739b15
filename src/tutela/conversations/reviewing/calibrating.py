"""What people decided of cases, fed back: from now on a probability rests on their outcomes.

People saw only what was raised. Below the lowest rating that they decided about, nothing is known:
there the prior holds, as far as it says no more than the outcomes do. A calibration belongs to the
model whose ratings it was made from; with another model, or other cues, the prior holds again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import structs

from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.learning.calibrating import ScoreCalibration, fitted
from tutela.detection.conversation.rater import Rater, Running
from tutela.errors import Conflict, Unavailable
from tutela.model.conversation.message import Message, Participant
from tutela.model.conversation.rating import ConversationRating
from tutela.model.custody.leaf import PROGRAM
from tutela.model.record import Record
from tutela.storage.conversation.calibrations import Calibrations, StoredCalibration

ENOUGH = 30
"""Cases of each kind, right and harmless, without which nothing is fitted."""
FRESH_SECONDS = 30.0
"""A process uses a calibration for so long before it asks for a later one."""
_VALUES = tuple(float(value) for value in range(11))


class Fit(Record, frozen=True, kw_only=True):
    """What outcomes come to.

    Attributes:
        method: `platt` or `isotonic`.
        cases, confirmed: how many cases it rests on, and of how many people were needed.
        lowest: the lowest value that people decided about.
        curve: pairs of value and probability.
    """

    method: str
    cases: int
    confirmed: int
    lowest: float
    curve: tuple[tuple[float, float], ...]


def fit(decided: Sequence[Decided], enough: int = ENOUGH) -> Fit:
    """Fit probabilities to outcomes.

    Args:
        decided: cases by the highest value of their conversation, in tenths.
        enough: how many cases of each kind it takes.

    Raises:
        Conflict: there are too few.
    """
    cases = sum(one.cases for one in decided)
    right = sum(one.right for one in decided)
    if min(right, cases - right) < enough:
        raise Conflict(
            f"people were needed in {right} of {cases} cases that were decided",
            where="outcomes",
            remedy=f"calibrate once there are {enough} of each kind",
        )
    values = np.repeat([one.peak / 10 for one in decided], [one.cases for one in decided])
    truths = np.concatenate([np.arange(one.cases) < one.right for one in decided if one.cases])
    found = fitted(values, truths, np.ones(values.size))
    lowest = min(one.peak for one in decided if one.cases) / 10
    return Fit(
        method=found.kind.value,
        cases=cases,
        confirmed=right,
        lowest=lowest,
        curve=tuple(_curve(found, lowest)),
    )


def _curve(found: ScoreCalibration, lowest: float) -> Sequence[tuple[float, float]]:
    """Probabilities at whole values; below the lowest that people saw, never more than there."""
    least = found.probability(lowest)
    curve: list[tuple[float, float]] = []
    for value in sorted({*_VALUES, lowest}):
        known = value >= lowest
        chance = found.probability(value) if known else min(PRIOR.probability(value), least)
        before = curve[-1][1] if curve else 0.0
        curve.append((value, round(min(max(chance, before), 1.0), 6)))
    return curve


class Calibrating:
    """Gives a rater whose probabilities rest on outcomes, where there are enough. Thread-safe.

    Args:
        calibrations: those that were made.
        clock: seconds that only rise.
    """

    def __init__(
        self, calibrations: Calibrations, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calibrations = calibrations
        self._clock = clock
        self._known: tuple[float, str, Calibration | None] = (-FRESH_SECONDS, "", None)

    def calibrate(
        self, decided: Sequence[Decided], model: str, *, enough: int = ENOUGH, by: str = PROGRAM
    ) -> StoredCalibration:
        """Make a calibration from outcomes and use it from now on.

        Raises:
            Conflict: there are too few outcomes.
            Unavailable: the database cannot be used now.
        """
        found = fit(decided, enough)
        return self._calibrations.add(
            model, found.method, found.curve, cases=found.cases, confirmed=found.confirmed, by=by
        )

    def of(self, rater: Rater) -> Rater:
        """A rater as it is to be used now. Where the database cannot be asked, as it was before."""
        at, model, known = self._known
        if model != rater.model or self._clock() - at >= FRESH_SECONDS:
            try:
                stored = self._calibrations.latest(rater.model)
                known = None if stored is None else calibration_of(stored)
                self._known = (self._clock(), rater.model, known)
            except Unavailable:
                known = known if model == rater.model else None
        return rater if known is None else CalibratedRater(rater, known)


def calibration_of(stored: StoredCalibration) -> Calibration:
    """A stored calibration as raters use it; its version names its number."""
    return Calibration(version=f"outcomes {stored.id}", knots=stored.curve)


class CalibratedRater:
    """A rater whose probabilities are read off another calibration; values stay as they are."""

    def __init__(self, rater: Rater, calibration: Calibration) -> None:
        self._rater = rater
        self._calibration = calibration

    @property
    def model(self) -> str:
        """That of the rater."""
        return self._rater.model

    def begin(
        self, conversation_id: str, participants: Sequence[Participant] = (), language: str = ""
    ) -> Running:
        """A conversation in which nothing was written yet."""
        running = self._rater.begin(conversation_id, participants, language)
        return CalibratedRunning(running, self._calibration)

    def resume(self, state: bytes) -> Running:
        """A conversation as it was left, also by the rater without this calibration."""
        return CalibratedRunning(self._rater.resume(state), self._calibration)


class CalibratedRunning:
    """A conversation while it goes on, with another calibration."""

    def __init__(self, running: Running, calibration: Calibration) -> None:
        self._running = running
        self._calibration = calibration

    def add(self, message: Message) -> None:
        """Take one message in."""
        self._running.add(message)

    def meet(self, participant: Participant) -> None:
        """Take in what is known of somebody who takes part."""
        self._running.meet(participant)

    def value(self) -> float:
        """The value after the messages so far."""
        return self._running.value()

    def dump(self) -> bytes:
        """The whole state, which any calibration can go on from."""
        return self._running.dump()

    def rating(self) -> ConversationRating:
        """The rating after the messages so far."""
        return recalibrated(self._running.rating(), self._calibration)


def recalibrated(rating: ConversationRating, calibration: Calibration) -> ConversationRating:
    """A rating with the probability that a calibration reads off its value."""
    if rating.not_enough_evidence is not None:
        return rating
    probability = calibration.probability(rating.value)
    return structs.replace(rating, probability=probability, calibration=calibration.version)
