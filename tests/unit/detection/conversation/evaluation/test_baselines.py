from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from tutela.detection.conversation.evaluation.baselines import baseline, fit
from tutela.detection.conversation.evaluation.grouping import Halves
from tutela.detection.conversation.evaluation.replaying import Rows


def test_the_fit_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(1)
    cells = chance.normal(size=(400, 3)) * [1, 5, 0.1] + [0, 2, 0]
    truth = cells @ [1.0, 0.2, 3.0] + chance.normal(size=400) > 1.5
    standard = (cells - cells.mean(axis=0)) / cells.std(axis=0)
    theirs = LogisticRegression(class_weight="balanced", tol=1e-10).fit(standard, truth)
    ours = fit(cells, truth).chances(cells)
    assert np.abs(ours - theirs.predict_proba(standard)[:, 1]).max() < 1e-4


def test_columns_that_never_change_and_one_class_only_do_no_harm() -> None:
    cells = np.ones((10, 2))
    assert np.isfinite(fit(cells, np.arange(10) > 4).chances(cells)).all()
    assert (fit(cells, np.zeros(10, bool)).chances(cells) == 0.5).all()


def test_a_baseline_learns_from_one_half_only() -> None:
    rows = Rows(1)
    truth = np.array([True, False] * 20)
    measured = np.arange(40) >= 20
    for number in range(40):
        # In the measured half, the feature means the opposite.
        rows.add(number, 5, [float(truth[number] != measured[number])])
        rows.add(number, 7, [float(truth[number] != measured[number])])
    peaks = baseline(rows, truth, Halves(~measured, measured)).peaks()
    assert (peaks[measured & truth] < 0.5).all()
    assert (peaks[~measured & truth] > 0.5).all()
