from __future__ import annotations

import numpy as np
import pytest

from tutela.detection.conversation.learning.following import FEATURES
from tutela.detection.conversation.learning.training.fitting import (
    balanced,
    fit_ruling,
    fit_wording,
)
from tutela.detection.conversation.learning.training.preparing import Pile


def test_both_labels_come_to_half() -> None:
    truths = np.array([True, False, False, False])
    found = balanced(truths, np.array([1.0, 1.0, 0.5, 0.5]))
    assert found[truths].sum() == found[~truths].sum() == pytest.approx(2.0)
    assert found[1] == pytest.approx(2 * found[2])


def test_wording_scores_prefixes_as_the_features_have_them(pile: Pile) -> None:
    families = ["secrecy", "deletion", "age_asking"]
    wording = fit_wording(pile.conversations, families, 10.0)
    places = {family: place for place, family in enumerate(families)}
    right = [
        (talk.followed(wording, places)[end - 1, 0] > 0) == talk.label
        for talk in pile.conversations
        for end in talk.ends()
    ]
    assert np.mean(right) > 0.95  # it has learned from these
    assert min(wording.cues) > 0
    assert np.count_nonzero(wording.weights) < 20_000


def test_ruling_weighs_what_tells() -> None:
    numbers = np.random.default_rng(1)
    truths = numbers.random(300) < 0.2
    features = numbers.normal(size=(300, len(FEATURES)))
    features[:, 1] += 3 * truths
    ruling = fit_ruling(features, truths, np.ones(300))
    assert int(np.argmax(ruling.weights)) == 1
    assert ruling.score(features[0].tolist()) == pytest.approx(
        ruling.intercept + features[0] @ ruling.weights
    )
