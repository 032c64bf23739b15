"""A threshold for a budget keeps to it on conversations that were not looked at."""

from __future__ import annotations

import random

import pytest

from tutela.detection.conversation.bar.budget import within_budget
from tutela.detection.conversation.bar.traffic import HIGHEST, Count, Traffic
from tutela.errors import InvalidInput


def traffic(peaks: list[int], days: int = 1) -> Traffic:
    counts = [Count(0, 10, len(peaks))]
    counts += [
        Count(tenths, 0, sum(p >= tenths for p in peaks)) for tenths in range(1, HIGHEST + 1)
    ]
    return Traffic.counted(counts, days)


def peaks(seed: int, many: int) -> list[int]:
    """Highest values of harmless conversations: most low, few high."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [min(HIGHEST, int(chance.expovariate(1 / 15))) for _ in range(many)]


def test_it_is_the_lowest_threshold_that_keeps_to_the_budget() -> None:
    found = within_budget(traffic(peaks(1, 10_000), days=10), 20)
    assert found.threshold is not None
    assert found.enough
    assert found.share == pytest.approx(0.02)
    assert found.expected_per_day is not None
    assert found.expected_per_day <= 20
    above = sum(p >= found.threshold * 10 for p in peaks(1, 10_000)) / 10
    below = sum(p >= found.threshold * 10 - 1 for p in peaks(1, 10_000)) / 10
    assert above <= 20 < below + 0.1


def test_conversations_that_were_not_looked_at_keep_to_it_on_average() -> None:
    """What conformal thresholds promise: over many choices, the share is at most the budget's."""
    shares = []
    for seed in range(60):
        found = within_budget(traffic(peaks(seed, 500)), 5)
        assert found.threshold is not None
        fresh = peaks(1000 + seed, 2000)
        shares.append(sum(p >= found.threshold * 10 for p in fresh) / len(fresh))
    assert sum(shares) / len(shares) <= 0.01 + 0.002


def test_too_few_conversations_say_so() -> None:
    found = within_budget(traffic(peaks(1, 100)), 1)
    assert not found.enough
    assert found.needed == 300
    nothing = within_budget(traffic([100] * 10), 0.5)
    assert (nothing.threshold, nothing.expected_per_day) == (None, None)


def test_a_budget_for_all_takes_the_lowest_threshold_allowed() -> None:
    assert within_budget(traffic([0] * 50), 1000).threshold == 0.1
    assert within_budget(traffic([0] * 50), 1000, lowest=3.0).threshold == 3.0


@pytest.mark.parametrize("budget", [0, -1, float("nan")])
def test_a_budget_of_nothing_is_none(budget: float) -> None:
    with pytest.raises(InvalidInput, match="above 0"):
        within_budget(traffic([1]), budget)


def test_of_no_conversations_nothing_can_be_said() -> None:
    with pytest.raises(InvalidInput, match="no conversation was rated"):
        within_budget(Traffic.counted([], 1), 1)
