"""The actions that a decision may name, each with the measure that it is on the scoreboard."""

from __future__ import annotations

from tutela.model import ActionKind, Measure
from tutela.model.record import Record


class Action(Record, frozen=True, kw_only=True):
    """One action.

    Attributes:
        kind: its name in policies and decisions.
        platform: whether it is asked of the platform in the answer; else it is done here.
        measure: which principles it serves, and the counter that shows its work.
    """

    kind: ActionKind
    platform: bool
    measure: Measure


ACTIONS: tuple[Action, ...] = (
    Action(
        kind=ActionKind.BLOCK,
        platform=True,
        measure=Measure(
            id="block",
            title="Keep known material from being made available",
            principles=(1,),
            counts="actions_block",
        ),
    ),
    Action(
        kind=ActionKind.HOLD,
        platform=True,
        measure=Measure(
            id="hold",
            title="Hold content back until it is settled",
            principles=(1,),
            counts="actions_hold",
        ),
    ),
    Action(
        kind=ActionKind.OPEN_CASE,
        platform=False,
        measure=Measure(
            id="open_case",
            title="Open a case for a person to look at",
            principles=(1,),
            counts="actions_open_case",
        ),
    ),
    Action(
        kind=ActionKind.ALLOW,
        platform=True,
        measure=Measure(
            id="allow",
            title="Let content pass, with the reason kept",
            principles=(1,),
            counts="actions_allow",
        ),
    ),
)
"""Every action, strongest first."""
