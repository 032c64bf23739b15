"""What no policy may do, whatever its rules say: the guard on blocking.

Only a match in a trusted bank may block by itself. A block that rests on a perceptual match is
provisional: it always opens a case, so that a person confirms it. Material of a drill bank is
harmless and blocks in drills only. A perceptual match of a picture with little in it does not
block. A rule that asks for more gets `hold` and `open_case`, and the decision says so.
"""

from __future__ import annotations

from tutela.model import ActionKind, Reason
from tutela.policy.facts import Facts

PUNISHING = frozenset(
    {
        ActionKind.BLOCK,
        ActionKind.SUSPEND,
        ActionKind.QUARANTINE,
        ActionKind.STOP_STREAM,
        ActionKind.RESTRICT_CONTACT,
    }
)
"""Actions that hit a person, and so need a ground that is no machine's guess."""

NAME = "guard"
"""Name of the guard's reasons, which no rule can take."""

NO_TRUSTED_MATCH = Reason(
    rule=NAME,
    text="A rule asked to block, but only a match in a trusted bank may block by itself, and one "
    "in a drill bank only in a drill. Held for a person instead.",
)
"""Reason of a block that became a hold."""

LOW_INFORMATION = Reason(
    rule=NAME,
    text="A rule asked to block, but the picture has too little in it to be told from others "
    "with certainty. Held for a person instead.",
)
"""Reason of a block that became a hold because every ground was such a picture."""

NOT_CONFIRMED = Reason(
    rule=NAME,
    text="The block rests on a perceptual match, so that a person must confirm it: "
    "a case was opened.",
)
"""Reason of a case that was added to a block."""


def guarded(actions: set[ActionKind], facts: Facts) -> tuple[set[ActionKind], tuple[Reason, ...]]:
    """The actions that may stand, and a reason for each change."""
    if ActionKind.BLOCK not in actions:
        return actions, ()
    grounds = [m for m in facts.matches if m.trusted and (facts.event.drill or not m.drill)]
    certain = [match for match in grounds if not match.low_information]
    if not certain:
        held = actions - {ActionKind.BLOCK} | {ActionKind.HOLD, ActionKind.OPEN_CASE}
        return held, (LOW_INFORMATION if grounds else NO_TRUSTED_MATCH,)
    if ActionKind.OPEN_CASE not in actions and not any(match.exact for match in certain):
        return actions | {ActionKind.OPEN_CASE}, (NOT_CONFIRMED,)
    return actions, ()
