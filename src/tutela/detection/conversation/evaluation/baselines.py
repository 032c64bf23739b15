"""Baselines beside the model: what reads no word, and what counts cues and knows no order.

Where one of them does as well as a model, the corpus gives its labels away by something else than
what was written, and the model's figures say nothing about other places.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tutela.detection.conversation.evaluation.grouping import Halves
from tutela.detection.conversation.evaluation.measures import Flags, Floats
from tutela.detection.conversation.evaluation.replaying import Rows, Trajectories

_ROUNDS: Final = 30
_STEP: Final = 1e-8
_LOGIT: Final = 30.0


class Logistic(NamedTuple):
    """A logistic regression on standardised features."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def chances(self, cells: Floats) -> Floats:
        """The probability of each row."""
        logits = (cells - self.mean) / self.scale @ self.weights + self.bias
        return _sigmoid(logits)


def fit(cells: Floats, truth: Flags, *, ridge: float = 1.0) -> Logistic:
    """Fit by Newton's method, both classes weighted alike, with an L2 penalty.

    Args:
        cells: one row for each example.
        truth: its class.
        ridge: the L2 penalty on the squared weights of standardised features.
    """
    mean = cells.mean(axis=0) if len(cells) else np.zeros(cells.shape[1])
    scale = cells.std(axis=0) if len(cells) else np.ones(cells.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    design = np.c_[(cells - mean) / scale, np.ones(len(cells))]
    shrinking = np.diag(np.r_[np.full(cells.shape[1], ridge), 1e-6])
    balance = _balance(truth)
    weights = np.zeros(design.shape[1])
    for _ in range(_ROUNDS if truth.any() and not truth.all() else 0):
        chances = _sigmoid(design @ weights)
        slope = design.T @ (balance * (chances - truth)) + shrinking @ weights
        bend = (design * (balance * chances * (1 - chances))[:, None]).T @ design + shrinking
        step = np.linalg.solve(bend, slope)
        weights -= step
        if float(np.abs(step).max()) < _STEP:
            break
    return Logistic(mean, scale, weights[:-1], float(weights[-1]))


def baseline(rows: Rows, truth: Flags, halves: Halves) -> Trajectories:
    """Fit a baseline on one half, and rate every conversation at each look.

    Args:
        rows: what it sees: after 5, 10, 20, 50 and after all messages.
        truth: label of each conversation.
        halves: it learns from the one that chooses only.
    """
    conversation, messages, cells = rows.conversation, rows.messages, rows.cells
    learns = halves.choosing[conversation]
    chances = fit(cells[learns], truth[conversation[learns]]).chances(cells)
    found = Trajectories()
    at = 0
    for number in range(len(truth)):
        found.begin()
        while at < len(conversation) and conversation[at] == number:
            found.rated(int(messages[at]), float(chances[at]))
            at += 1
    return found


def _balance(truth: Flags) -> Floats:
    positives = max(1.0, float(truth.sum()))
    others = max(1.0, float((~truth).sum()))
    return np.where(truth, len(truth) / (2 * positives), len(truth) / (2 * others))


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_LOGIT, _LOGIT))), dtype=np.float64)
