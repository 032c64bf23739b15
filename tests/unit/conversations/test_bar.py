"""What was rated here is simulated over whole days, and a budget stays above the floor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.unit.storage.conversation.talks import standing

from tutela.conversations.bar import Reckoning, bar_of, recorded
from tutela.errors import InvalidInput
from tutela.policy.policy import Policy
from tutela.storage.conversation.standing import Key, Reached
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.database import Database
from tutela.storage.values import now

WANTED = Reckoning(threshold=6.0, floor=3.0, minutes=6.0)


def day(ago: int) -> int:
    return int((now() - timedelta(days=ago)).timestamp() // 86_400)


def counted(
    database: Database, reached: Mapping[tuple[int, int], int], *, drill: bool = False
) -> None:
    """So many conversations reached a peak so many days ago, within ten messages."""
    rows = {
        Reached(day=day(ago), drill=drill, peak=peak, turns=10): many
        for (ago, peak), many in reached.items()
    }
    with Conversations(database).changing([], []) as changing:
        changing.save(Changes(reached=rows))


def test_nothing_was_rated_yet(database: Database) -> None:
    bar = recorded(database, WANTED)
    assert (bar.simulation.days, bar.simulation.conversations) == (1, 0)
    assert not any(point.alerts for point in bar.simulation.points)
    with pytest.raises(InvalidInput, match="no conversation was rated"):
        recorded(database, replace(WANTED, budget=3.0))


def test_whole_days_are_counted_as_far_back_as_anything_was_rated(database: Database) -> None:
    counted(database, {(0, 0): 500, (0, 60): 50, (4, 0): 100, (4, 60): 8, (2, 0): 20, (1, 60): 4})
    found = recorded(database, WANTED).simulation
    assert (found.days, found.conversations) == (4, 120)
    assert (found.at(6.0).alerts, found.at(6.0).alerts_per_day) == (12, 3.0)
    assert found.at(6.0).hours_per_day == pytest.approx(0.3)
    short = recorded(database, WANTED, 3).simulation
    assert (short.days, short.conversations, short.at(6.0).alerts) == (2, 20, 4)


def test_on_the_first_day_that_day_is_counted(database: Database) -> None:
    counted(database, {(0, 0): 50, (0, 30): 5})
    found = recorded(database, WANTED).simulation
    assert (found.days, found.conversations, found.at(3.0).alerts) == (1, 50, 5)


def test_drills_are_counted_apart(database: Database) -> None:
    counted(database, {(1, 0): 7, (1, 30): 2}, drill=True)
    assert recorded(database, WANTED).simulation.conversations == 0
    assert recorded(database, WANTED, drill=True).simulation.conversations == 7


def test_a_budget_chooses_no_threshold_below_the_floor(database: Database) -> None:
    counted(database, {(1, 0): 1000, (1, 5): 2})
    bar = recorded(database, replace(WANTED, budget=900.0))
    assert bar.budget is not None
    assert bar.budget.threshold == 3.0


def test_emergencies_come_on_top(database: Database) -> None:
    counted(database, {(2, 0): 30})
    assert recorded(database, WANTED).emergencies_per_day == 0
    began = [
        now() - timedelta(days=2),
        now() - timedelta(days=1),
        now(),
        now() - timedelta(days=90),
    ]
    talks = [Key(f"talk {place}", drill=False) for place in range(len(began) + 1)]
    standings = [standing(key, started_at=at) for key, at in zip(talks, began, strict=False)] + [
        standing(talks[-1], started_at=began[0], lanes=())
    ]
    with Conversations(database).changing(talks, []) as changing:
        changing.save(Changes(conversations=standings))
    assert recorded(database, WANTED).emergencies_per_day == 1.0
    assert recorded(database, WANTED, drill=True).emergencies_per_day == 0


def test_the_bar_is_the_policy_s_threshold_for_conversations() -> None:
    assert bar_of(Policy.default()) == 6.0
    rule = "{name: c, when: event.drill, actions: [allow], reason: D.}"
    assert bar_of(Policy.load(f"policy: a\nowner: b\nrules: [{rule}]\n", "a.yaml")) is None
