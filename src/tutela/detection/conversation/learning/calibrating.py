"""From a score to a probability: Platt's line for few positives, steps that only rise for many.

Platt: Platt 1999, "Probabilistic outputs for support vector machines", fitted by Newton's method as
Lin, Lin and Weng 2007 have it. Isotonic: the pool-adjacent-violators algorithm (Ayer et al. 1955).
Both are fitted on scores of conversations that the model was not trained on, and NumPy alone
applies them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tutela.errors import InvalidInput
from tutela.model.record import Record

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

FEW = 1000
"""With fewer positives than this the steps would follow chance: Platt's line is fitted instead."""

_STEPS = 60
_ENOUGH = 1e-10
_FARTHEST = 1e-6


class CalibrationKind(StrEnum):
    """How scores become probabilities."""

    PLATT = "platt"
    ISOTONIC = "isotonic"


class ScoreCalibration(Record, frozen=True, kw_only=True):
    """What makes a score a probability; a higher score never gets a lower one.

    Attributes:
        scores: Platt: none. Isotonic: scores at which the probability is known, rising.
        values: Platt: slope and intercept of the log odds. Isotonic: the probabilities there;
            between them a straight line.
        shift: added to the log odds, where the share of positives in use is another than in the
            data: see `moved`.
    """

    kind: CalibrationKind
    values: tuple[float, ...]
    scores: tuple[float, ...] = ()
    shift: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no calibration: a file may hold anything."""
        numbers = (*self.values, *self.scores, self.shift)
        if not all(map(math.isfinite, numbers)) or not self._is_whole():
            raise InvalidInput("the calibration is damaged", where="calibration")

    def _is_whole(self) -> bool:
        if self.kind is CalibrationKind.PLATT:
            return len(self.values) == 2 and not self.scores and self.values[0] >= 0  # noqa: PLR2004
        rising = all(a <= b for row in (self.scores, self.values) for a, b in pairwise(row))
        inside = all(0 < value < 1 for value in self.values)
        return rising and inside and len(self.scores) == len(self.values) > 0

    def log_odds(self, score: float) -> float:
        """The log odds of a score."""
        if self.kind is CalibrationKind.PLATT:
            return self.values[0] * score + self.values[1] + self.shift
        return logit(self._between(score)) + self.shift

    def probability(self, score: float) -> float:
        """The probability of a score, 0 to 1."""
        return sigmoid(self.log_odds(score))

    def moved(self, prevalence_here: float, prevalence_there: float) -> ScoreCalibration:
        """The same for a place where another share is positive (Saerens et al. 2002).

        Args:
            prevalence_here: share of positives in the data that this was fitted on.
            prevalence_there: share where it is to be used.
        """
        shift = logit(prevalence_there) - logit(prevalence_here)
        return ScoreCalibration(
            kind=self.kind, values=self.values, scores=self.scores, shift=self.shift + shift
        )

    def _between(self, score: float) -> float:
        after = bisect_right(self.scores, score)
        if after in {0, len(self.scores)}:
            return self.values[max(0, after - 1)]
        low, high = self.scores[after - 1], self.scores[after]
        part = (score - low) / (high - low)
        return self.values[after - 1] + part * (self.values[after] - self.values[after - 1])


def fitted(scores: Floats, truths: Truths, weights: Floats) -> ScoreCalibration:
    """The calibration that suits so much data.

    Args:
        scores: (n,), of conversations that the model was not trained on.
        truths: (n,), whether people found something.
        weights: (n,), above 0.

    Raises:
        InvalidInput: all are positive, or none is.
    """
    positives = int(truths.sum())
    if positives in {0, truths.size}:
        raise InvalidInput("conversations of both labels are needed to calibrate")
    return (platt if positives < FEW else isotonic)(scores, truths, weights)


def platt(scores: Floats, truths: Truths, weights: Floats) -> ScoreCalibration:
    """Log odds as a straight line over scores: logistic regression with Platt's soft targets."""
    positive, negative = weights[truths].sum(), weights[~truths].sum()
    targets = np.where(truths, (positive + 1) / (positive + 2), 1 / (negative + 2))
    line = np.array([0.0, math.log((positive + 1) / (negative + 1))])
    design = np.column_stack([scores, np.ones_like(scores)])
    loss = _loss(design @ line, targets, weights)
    for _ in range(_STEPS):
        chances = _sigmoids(design @ line)
        slope = design.T @ (weights * (chances - targets))
        bend = (design.T * (weights * chances * (1 - chances))) @ design + 1e-12 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        length = 1.0
        while (new := _loss(design @ (line - length * step), targets, weights)) > loss:
            length /= 2
            if length < _ENOUGH:
                return _line(line)
        line, improved, loss = line - length * step, loss - new, new
        if improved < _ENOUGH:
            break
    return _line(line)


def isotonic(scores: Floats, truths: Truths, weights: Floats) -> ScoreCalibration:
    """Probabilities in steps that only rise with the score, joined by straight lines.

    None is nearer to 0 or 1 than half a conversation among all would be.
    """
    values, places = np.unique(scores, return_inverse=True)
    heavy = np.bincount(places, weights)
    blocks: list[list[float]] = []  # mean, weight, first score, last score
    means = np.bincount(places, weights * truths) / heavy
    for score, mean, weight in zip(values.tolist(), means.tolist(), heavy.tolist(), strict=True):
        blocks.append([mean, weight, score, score])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            above, below = blocks.pop(), blocks[-1]
            total = below[1] + above[1]
            below[0] += (above[0] - below[0]) * above[1] / total
            below[1], below[3] = total, above[3]
    least = min(0.5 / (weights.sum() + 1), 0.25)
    knots = [
        (score, min(max(mean, least), 1 - least))
        for mean, _, first, last in blocks
        for score in dict.fromkeys((first, last))
    ]
    return ScoreCalibration(
        kind=CalibrationKind.ISOTONIC,
        scores=tuple(score for score, _ in knots),
        values=tuple(value for _, value in knots),
    )


def logit(probability: float) -> float:
    """Log odds of a probability, which is kept a millionth away from 0 and 1."""
    inside = min(max(probability, _FARTHEST), 1 - _FARTHEST)
    return math.log(inside / (1 - inside))


def sigmoid(log_odds: float) -> float:
    """The probability of log odds."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    grown = math.exp(max(log_odds, -700.0))
    return grown / (1 + grown)


def _line(line: Floats) -> ScoreCalibration:
    slope, intercept = line.tolist()
    return ScoreCalibration(kind=CalibrationKind.PLATT, values=(max(slope, 0.0), intercept))


def _sigmoids(log_odds: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(log_odds / 2))


def _loss(log_odds: Floats, targets: Floats, weights: Floats) -> float:
    return float(weights @ (np.logaddexp(0, log_odds) - targets * log_odds))
