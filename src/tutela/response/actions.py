"""The actions that a decision may name, each with the measure that it is on the scoreboard."""

from __future__ import annotations

from tutela.model import ActionKind, Measure
from tutela.model.record import Record


class Action(Record, frozen=True, kw_only=True):
    """One action.

    Attributes:
        kind: its name in policies and decisions.
        platform: whether it is asked of the platform; else it is done here.
        measure: which principles it serves, and the counter that shows its work.
    """

    kind: ActionKind
    platform: bool
    measure: Measure


def _action(kind: ActionKind, title: str, *principles: int, platform: bool = True) -> Action:
    measure = Measure(
        id=kind.value, title=title, principles=principles, counts=f"actions_{kind.value}"
    )
    return Action(kind=kind, platform=platform, measure=measure)


ACTIONS: tuple[Action, ...] = (
    _action(ActionKind.BLOCK, "Keep known material from being made available", 1),
    _action(ActionKind.QUARANTINE, "Take material out of reach that was already there", 1),
    _action(ActionKind.STOP_STREAM, "End a livestream of known material", 1, 5),
    _action(ActionKind.SUSPEND, "Close an account, for a while or until it is lifted", 1, 3),
    _action(ActionKind.RESTRICT_CONTACT, "Keep an actor from reaching strangers", 3, 7),
    _action(ActionKind.HOLD, "Hold content back until it is settled", 1),
    _action(ActionKind.BLUR, "Show content covered until its viewer chooses", 7),
    _action(ActionKind.SLOW, "Let messages through after a pause only", 3, 7),
    _action(ActionKind.WARN_SENDER, "Tell the sender what a rule says of it", 3),
    _action(ActionKind.WARN_RECEIVER, "Tell the receivers, and where to find help", 3, 7),
    _action(ActionKind.PRESERVE, "Keep what a report will need from being deleted", 1, 3, 5),
    _action(ActionKind.OPEN_CASE, "Open a case for a person to look at", 1, 3, 5, platform=False),
    _action(ActionKind.SECOND_LOOK, "Let a second person confirm", 1, 3, platform=False),
    _action(ActionKind.RESTORE, "Put back what a person found harmless", 1, 3),
    _action(ActionKind.ANSWER, "Tell whoever contested a decision what came of it", 1, 3),
    _action(ActionKind.NOTIFY, "Tell somebody by webhook", 1, 3, 5),
    _action(ActionKind.ALLOW, "Let content pass, with the reason kept", 1),
)
"""Every action, strongest first."""
