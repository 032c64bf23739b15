from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from tutela.detection.conversation.evaluation import measures
from tutela.detection.conversation.evaluation.measures import Flags, Floats, Ranking

SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1)


def arrays(rows: list[tuple[bool, int, int]]) -> tuple[Flags, Floats, Floats]:
    truth, scores, weights = zip(*rows, strict=True)
    return np.array(truth), np.array(scores, float), np.array(weights, float)


@given(SCORED)
def test_rankings_agree_with_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    truth, scores, weights = arrays(rows)
    counted = truth[weights > 0]
    ranking = Ranking(truth, scores)
    if not counted.any():
        assert ranking.average_precision(weights) is None
        return
    assert ranking.average_precision(weights) == pytest.approx(
        metrics.average_precision_score(truth, scores, sample_weight=weights)
    )
    if counted.all():
        assert ranking.area(weights) is None
    else:
        assert ranking.area(weights) == pytest.approx(
            metrics.roc_auc_score(truth, scores, sample_weight=weights)
        )


@given(SCORED)
def test_counts_agree_with_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    truth, scores, _ = arrays(rows)
    alerted = scores > 2
    found = measures.counts(truth, alerted)
    assert sum(found) == len(rows)
    for beta in (0.5, 1.0):
        assert found.f(beta) == pytest.approx(
            metrics.fbeta_score(truth, alerted, beta=beta, zero_division=0)
        )
    if truth.any():
        assert found.recall == pytest.approx(metrics.recall_score(truth, alerted))
    if alerted.any():
        assert found.precision == pytest.approx(metrics.precision_score(truth, alerted))


@pytest.mark.parametrize(
    ("messages", "speed"),
    [(1, 1.0), (5, 0.975), (10, 0.945), (20, 0.883), (50, 0.706), (90, 0.5), (150, 0.274)],
)
def test_speed_is_that_of_the_published_measure(messages: int, speed: float) -> None:
    lost = measures.lateness(np.array([float(messages)]))[0]
    assert 1 - lost == pytest.approx(speed, abs=0.001)


def test_latency_counts_misses_in_f1_and_hits_in_speed() -> None:
    truth = np.array([True, True, True, False])
    after = np.array([1.0, 90.0, np.inf, np.inf])
    found = measures.latency(truth, after)
    assert found.f1 == pytest.approx(0.8)
    assert found.speed == pytest.approx(1 - (0 + 0.5) / 2)
    assert found.f_latency == pytest.approx(found.f1 * found.speed)
    assert found.p == pytest.approx(0.01234, abs=1e-5)
    assert measures.latency(truth, np.full(4, np.inf)).f_latency == 0


def test_the_early_risk_error_is_the_mean_of_its_costs() -> None:
    truth = np.array([True, True, False, False])
    after = np.array([5.0, np.inf, 3.0, np.inf])
    costs = [1 - 1 / (1 + math.exp(0)), 1, 0.5, 0]
    assert measures.early_risk_error(truth, after, 5) == pytest.approx(sum(costs) / 4)
    assert measures.early_risk_error(truth, np.array([9e9] * 4), 5) == pytest.approx(0.75)


@given(st.lists(st.integers(0, 20), max_size=60), st.sampled_from([0.01, 0.05, 0.1, 0.5, 1.0]))
def test_the_bar_is_the_lowest_that_the_conformal_rule_allows(
    peaks: list[int], rate: float
) -> None:
    bar = measures.bar_for(np.array(peaks, float), rate)

    def raised(score: float) -> bool:
        return (1 + sum(peak >= score for peak in peaks)) / (len(peaks) + 1) <= rate + 1e-12

    for score in np.arange(0.5, 22):
        assert (score >= bar) == raised(score)
    assert bar > 0


def test_too_few_harmless_conversations_give_no_bar() -> None:
    assert measures.bar_for(np.zeros(98), 0.01) == np.inf
    assert measures.bar_for(np.zeros(99), 0.01) < np.inf


@given(st.lists(st.one_of(st.integers(1, 50).map(float), st.just(math.inf)), max_size=30))
def test_quartiles_count_misses_as_infinite(after: list[float]) -> None:
    found = measures.quartiles(np.array(after))
    if not after:
        assert found == (None, None, None)
        return
    for share, quartile in zip((0.25, 0.5, 0.75), found, strict=True):
        reached = math.inf if quartile is None else quartile
        assert sum(one <= reached for one in after) >= share * len(after)
        assert sum(one < reached for one in after) < share * len(after)


def test_precision_at_base_rates_is_that_of_the_notes() -> None:
    assert measures.precision_at(1e-4, 0.9, 0.01) == pytest.approx(0.009, abs=2e-4)
    assert measures.precision_at(1e-4, 0.9, 0.0001) == pytest.approx(0.47, abs=0.01)
    assert measures.precision_at(1e-4, 0.0, 0.0) is None


def test_recall_within_a_budget_takes_the_highest_first_and_equals_in_part() -> None:
    ranking = Ranking(np.array([True, False, True, False]), np.array([9.0, 8.0, 5.0, 5.0]))
    assert ranking.recall_within(0.5) is None
    assert ranking.recall_within(1) == pytest.approx(0.5)
    assert ranking.recall_within(3) == pytest.approx(0.75)
    assert ranking.recall_within(99) == pytest.approx(1.0)


def test_intervals_of_shares_hold_the_share_and_narrow() -> None:
    assert measures.wilson(0, 0) == (0.0, 1.0)
    low, high = measures.wilson(0, 300)
    assert low == 0
    assert 0.01 < high < 0.013
    wide, narrow = measures.wilson(5, 10), measures.wilson(500, 1000)
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]


def test_probabilities_are_scored() -> None:
    truth, chances = np.array([True, False, False, True]), np.array([1.0, 0.0, 0.5, 0.5])
    assert measures.brier(truth, chances) == pytest.approx(0.125)
    assert measures.calibration_error(truth, chances) == pytest.approx(0.0)
    assert measures.calibration_error(truth, np.array([0.0, 1.0, 0.0, 0.0])) == pytest.approx(0.75)
    assert measures.brier(truth[:0], chances[:0]) is None
