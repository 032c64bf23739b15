"""Every action that a decision may name is declared, with the principles it serves."""

from __future__ import annotations

from tutela.model import PRINCIPLES, ActionKind
from tutela.policy.asked import ASKS, STRONGEST_FIRST
from tutela.policy.guard import PUNISHING
from tutela.response.actions import ACTIONS
from tutela.response.routing import HERE
from tutela.storage.counts import Counts
from tutela.storage.database import Database


def test_every_action_is_declared_in_the_order_of_decisions() -> None:
    assert tuple(action.kind for action in ACTIONS) == STRONGEST_FIRST
    assert set(STRONGEST_FIRST) == set(ActionKind)


def test_every_action_serves_a_principle_and_is_counted(database: Database) -> None:
    counters = Counts(database).counts()
    numbers = {principle.number for principle in PRINCIPLES}
    for action in ACTIONS:
        assert action.measure.principles
        assert set(action.measure.principles) <= numbers
        assert action.measure.id == action.kind
        assert action.measure.counts in counters


def test_what_is_not_done_here_is_asked_of_the_platform() -> None:
    asked = {action.kind for action in ACTIONS if action.platform}
    assert asked == set(ActionKind) - HERE
    assert set(ASKS) < asked


def test_what_punishes_comes_before_what_does_not() -> None:
    """The strongest action stands first: none that punishes behind one that does not."""
    assert set(STRONGEST_FIRST[: len(PUNISHING)]) == PUNISHING
