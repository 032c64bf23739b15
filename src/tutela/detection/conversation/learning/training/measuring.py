"""How well a model does on conversations that it was not trained on, after so many messages.

`tutela conversations evaluate` tells far more; this is what a model carries with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tutela.detection.conversation.learning.card import PrefixFigures
from tutela.detection.conversation.learning.training.preparing import PREFIXES

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

_BINS = 10
_ONE_PER_CENT = 0.01


def figures(
    log_odds: Sequence[Floats], labels: Truths, threshold: float
) -> tuple[PrefixFigures, ...]:
    """Figures after 5, 10, 20 and 50 messages, and at the end.

    Args:
        log_odds: of each conversation, calibrated, after each message.
        labels: of each conversation.
        threshold: log odds from which a conversation is raised.
    """
    sizes = np.array([row.size for row in log_odds])
    return tuple(
        made
        for messages in (*PREFIXES, 0)
        if (made := _at(messages, log_odds, labels, threshold, sizes >= messages)) is not None
    )


def _at(
    messages: int, log_odds: Sequence[Floats], labels: Truths, threshold: float, long: Truths
) -> PrefixFigures | None:
    """None where only one label has conversations that are so long."""
    rows = [
        row[: messages or row.size] for row, enough in zip(log_odds, long, strict=True) if enough
    ]
    truths = labels[long]
    if truths.size == 0 or truths.all() or not truths.any():
        return None
    last = np.array([row[-1] for row in rows])
    raised = np.array([row.max() for row in rows]) >= threshold
    chances = 0.5 * (1 + np.tanh(last / 2))
    false, true, _ = roc_curve(truths, last, drop_intermediate=False)
    return PrefixFigures(
        messages=messages,
        conversations=truths.size,
        positives=int(truths.sum()),
        average_precision=_rounded(average_precision_score(truths, last)),
        ranking=_rounded(roc_auc_score(truths, last)),
        recall_at_one_percent=_rounded(true[false <= _ONE_PER_CENT].max()),
        f1=_rounded(2 * (raised & truths).sum() / max(raised.sum() + truths.sum(), 1)),
        brier=_rounded(float(np.mean((chances - truths) ** 2))),
        calibration_error=_rounded(_calibration_error(chances, truths)),
    )


def _calibration_error(chances: Floats, truths: Truths) -> float:
    """Expected calibration error: how far probability and share lie apart, over ten equal bins."""
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    apart = np.bincount(bins, chances - truths, minlength=_BINS)
    return float(np.abs(apart).sum() / truths.size)


def _rounded(value: float) -> float:
    return round(float(value), 4)
