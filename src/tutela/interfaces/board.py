"""The scoreboard as the CLI, the API and the console show it: one way to put it together."""

from __future__ import annotations

from collections.abc import Mapping

from tutela.detection.signals.registry import SignalKinds
from tutela.oversight.scoreboard import (
    PrincipleRow,
    Standing,
    duty_standings,
    scoreboard,
    standing,
)
from tutela.policy.policy import Policy
from tutela.response.actions import ACTIONS
from tutela.settings import Settings


def board(
    settings: Settings,
    kinds: SignalKinds,
    policy: Policy,
    counts: Mapping[str, int] | None = None,
) -> tuple[PrincipleRow, ...]:
    """The scoreboard of this installation.

    Args:
        settings: switches of the duties.
        kinds: signal kinds; each that is registered is on.
        policy: an action is on where a rule of the policy names it.
        counts: the database's counters; None where there is no database.
    """
    return scoreboard(standings(settings, kinds, policy), counts)


def standings(settings: Settings, kinds: SignalKinds, policy: Policy) -> tuple[Standing, ...]:
    """Every measure of this installation and whether it is at work."""
    named = {action for rule in policy.rules for action in rule.actions}
    return (
        *(standing(kind.measure, on=True) for kind in kinds),
        *(standing(action.measure, on=action.kind in named) for action in ACTIONS),
        *duty_standings(_switches(settings)),
    )


def _switches(settings: Settings) -> dict[str, bool]:
    values = ((row.name, row.value) for row in settings.explain())
    return {name: value for name, value in values if isinstance(value, bool)}
