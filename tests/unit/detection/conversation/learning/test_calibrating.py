from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from tutela.detection.conversation.learning.calibrating import (
    FEW,
    CalibrationKind,
    ScoreCalibration,
    fitted,
    isotonic,
    logit,
    platt,
    sigmoid,
)
from tutela.errors import InvalidInput

ROWS = st.lists(
    st.tuples(st.sampled_from([-3.0, -1.0, -0.5, 0.0, 0.25, 2.0]), st.booleans()), min_size=2
).filter(lambda rows: len({truth for _, truth in rows}) == 2)


@settings(deadline=None)
@given(rows=ROWS)
def test_steps_are_those_of_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, truths = (np.array(column) for column in zip(*rows, strict=True))
    weights = np.linspace(0.5, 2, scores.size)
    oracle = IsotonicRegression(out_of_bounds="clip").fit(scores, truths, weights)
    ours, least = isotonic(scores, truths, weights), 0.5 / (weights.sum() + 1)
    for score in (-9.0, -3.0, -0.7, 0.0, 0.1, 0.25, 2.0, 4.0):
        expected = float(oracle.predict([score])[0])
        if score in scores or not scores.min() < score < scores.max():
            assert ours.probability(score) == pytest.approx(
                min(max(expected, least), 1 - least), abs=1e-5
            )


@settings(deadline=None)
@given(rows=ROWS)
def test_a_higher_score_never_gets_a_lower_probability(rows: list[tuple[float, bool]]) -> None:
    scores, truths = (np.array(column) for column in zip(*rows, strict=True))
    for fit in (platt, isotonic):
        found = fit(scores, truths, np.ones(scores.size))
        chances = [found.probability(score) for score in np.linspace(-5, 5, 41)]
        assert all(low <= high + 1e-12 for low, high in pairwise(chances))


def test_line_is_the_logistic_regression_of_soft_targets() -> None:
    numbers = np.random.default_rng(3)
    scores = numbers.normal(size=400)
    truths = numbers.random(400) < 1 / (1 + np.exp(-(1.7 * scores - 0.4)))
    soft = np.where(truths, (truths.sum() + 1) / (truths.sum() + 2), 1 / ((~truths).sum() + 2))
    twice = np.concatenate([scores, scores])[:, None]  # a soft target is two hard ones, weighed
    oracle = LogisticRegression(C=1e10, tol=1e-10, max_iter=1000).fit(
        twice, [True] * 400 + [False] * 400, np.concatenate([soft, 1 - soft])
    )
    found = platt(scores, truths, np.ones(400))
    assert found.values == pytest.approx((oracle.coef_[0, 0], oracle.intercept_[0]), rel=1e-4)


def test_few_positives_get_a_line_and_many_get_steps() -> None:
    for positives, kind in ((FEW - 1, CalibrationKind.PLATT), (FEW, CalibrationKind.ISOTONIC)):
        truths = np.arange(3 * FEW) < positives
        found = fitted(truths + np.linspace(0, 2, 3 * FEW), truths, np.ones(3 * FEW))
        assert found.kind is kind


def test_scores_that_go_the_wrong_way_tell_nothing_rather_than_the_opposite() -> None:
    scores, truths = np.linspace(-1, 1, 50), np.arange(50) < 25
    assert platt(scores, truths, np.ones(50)).values[0] == 0


def test_probability_moves_with_the_share_of_positives() -> None:
    line = ScoreCalibration(kind=CalibrationKind.PLATT, values=(1.0, 0.0)).moved(0.5, 0.001)
    assert line.probability(0.0) == pytest.approx(0.001)


@pytest.mark.parametrize("positives", [0, 4])
def test_one_label_alone_is_refused(positives: int) -> None:
    with pytest.raises(InvalidInput, match="both labels"):
        fitted(np.zeros(4), np.arange(4) < positives, np.ones(4))


@pytest.mark.parametrize(
    ("kind", "values", "scores"),
    [
        ("platt", (1.0,), ()),
        ("platt", (-1.0, 0.0), ()),
        ("platt", (math.nan, 0.0), ()),
        ("isotonic", (0.2, 0.1), (0.0, 1.0)),
        ("isotonic", (0.1, 0.2), (1.0, 0.0)),
        ("isotonic", (0.0, 0.2), (0.0, 1.0)),
        ("isotonic", (0.1,), (0.0, 1.0)),
        ("isotonic", (), ()),
    ],
)
def test_what_is_no_calibration_is_refused(
    kind: str, values: tuple[float, ...], scores: tuple[float, ...]
) -> None:
    with pytest.raises(InvalidInput, match="damaged"):
        ScoreCalibration(kind=CalibrationKind(kind), values=values, scores=scores)


@given(odds=st.floats(-13, 13))
def test_log_odds_and_back(odds: float) -> None:
    assert logit(sigmoid(odds)) == pytest.approx(odds, abs=1e-6)


def test_log_odds_are_never_infinite() -> None:
    assert math.isfinite(logit(0.0))
    assert math.isfinite(logit(1.0))
    assert sigmoid(-1e9) == pytest.approx(0.0)
