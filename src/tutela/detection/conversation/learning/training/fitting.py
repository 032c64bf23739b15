"""The fits of scikit-learn: both models are logistic regressions with an L2 penalty.

This and `measuring.py` are all that needs the extra `train`; a trained model needs NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from tutela.detection.conversation.learning.following import Ruling, Wording, counted
from tutela.detection.conversation.learning.kernels import SIZE
from tutela.detection.conversation.learning.training.preparing import Prepared

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

_ROUNDS = 300
_RULING_STRENGTH = 1.0


def fit_wording(
    conversations: Sequence[Prepared], families: Sequence[str], strength: float
) -> Wording:
    """The model of wording, from each conversation and its prefixes.

    A conversation counts the same however many prefixes it has, and both labels count the same
    however many conversations they have.
    """
    rows, truths, weights = _rows(conversations, families)
    used = np.unique(rows.indices)  # what never occurs gets no weight, and costs no time
    fitted = LogisticRegression(C=strength, max_iter=_ROUNDS).fit(rows[:, used], truths, weights)
    found = np.zeros(rows.shape[1])
    found[used] = fitted.coef_[0]
    return Wording(
        np.ascontiguousarray(found[:SIZE], np.float32),
        tuple(found[SIZE:].tolist()),
        float(fitted.intercept_[0]),
    )


def fit_ruling(features: Floats, truths: Truths, weights: Floats) -> Ruling:
    """The second model, from what was followed in conversations that the first did not learn from.

    Args:
        features: (n, len(FEATURES)).
        truths: (n,).
        weights: (n,), of each row; both labels are made to count the same.
    """
    model = LogisticRegression(C=_RULING_STRENGTH, max_iter=_ROUNDS)
    fitted = model.fit(features, truths, balanced(truths, weights))
    return Ruling(tuple(fitted.coef_[0].tolist()), float(fitted.intercept_[0]))


def balanced(truths: Truths, weights: Floats) -> Floats:
    """Weights with which both labels come to half of all rows."""
    made = weights.astype(np.float64, copy=True)
    for label in (truths, ~truths):
        made[label] *= truths.size / 2 / made[label].sum()
    return made


def _rows(
    conversations: Sequence[Prepared], families: Sequence[str]
) -> tuple[csr_matrix, Truths, Floats]:
    """N-grams of the window over the root of their number, then counted cues; float32."""
    places = {family: SIZE + place for place, family in enumerate(families)}
    ends = [(talk, end) for talk in conversations for end in talk.ends()]
    indices: list[NDArray[np.int32]] = []
    data: list[NDArray[np.float32]] = []
    for talk, end in ends:
        words = talk.words(end)
        cues = dict(_cues(talk, end, places))
        indices.append(np.concatenate([words, np.array([*cues], np.int32)]))
        scale = np.full(words.size, 1 / np.sqrt(max(words.size, 1)), np.float32)
        data.append(np.concatenate([scale, np.array([*cues.values()], np.float32)]))
    starts = np.cumsum([0, *(one.size for one in indices)], dtype=np.int64)
    shape = (len(ends), SIZE + len(families))
    rows = csr_matrix((np.concatenate(data), np.concatenate(indices), starts), shape)
    rows.sum_duplicates()
    truths = np.array([talk.label for talk, _ in ends])
    shares = np.array([1 / len(talk.ends()) for talk, _ in ends])
    return rows, truths, balanced(truths, shares)


def _cues(talk: Prepared, end: int, places: dict[str, int]) -> Iterator[tuple[int, float]]:
    for family, seen in talk.counts(end).items():
        if family in places:
            yield places[family], counted(seen)
