"""What no policy may do, whatever its rules say: the guard on what punishes.

Actions that hit a person (`PUNISHING`) stand only on a match in a trusted bank, in the very event.
What rests on perceptual matches alone is provisional: it always opens a case, so that a person
confirms it. Material of a drill bank is harmless and counts in drills only. A perceptual match of a
picture with little in it is no ground. `restrict_contact` may also stand on content of the actor
that was blocked in the last 30 days; it then opens a case.

A rule that asks for more gets something milder and `open_case`, and the decision says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

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

ON_HISTORY = frozenset({ActionKind.RESTRICT_CONTACT})
"""Those of them for which the actor's history may be the ground."""

INSTEAD: Mapping[ActionKind, ActionKind] = MappingProxyType(
    {
        ActionKind.BLOCK: ActionKind.HOLD,
        ActionKind.QUARANTINE: ActionKind.HOLD,
        ActionKind.STOP_STREAM: ActionKind.HOLD,
        ActionKind.SUSPEND: ActionKind.SLOW,
        ActionKind.RESTRICT_CONTACT: ActionKind.SLOW,
    }
)
"""What becomes of each that has no ground, beside a case for a person."""

NAME = "guard"
"""Name of the guard's reasons, which no rule can take."""

NOT_CONFIRMED = Reason(
    rule=NAME,
    text="The decision rests on a perceptual match, so that a person must confirm it: "
    "a case was opened.",
)
"""Reason of a case that was added to what rests on perceptual matches alone."""

EARLIER_BLOCKS = Reason(
    rule=NAME,
    text="Contact is restricted because of content of this actor that was blocked before, not of "
    "this event, so that a person must look: a case was opened.",
)
"""Reason of a case that was added to a restriction that rests on the past alone."""

_WORDS = {
    ActionKind.BLOCK: "block",
    ActionKind.QUARANTINE: "quarantine",
    ActionKind.STOP_STREAM: "stop a stream",
    ActionKind.SUSPEND: "suspend an account",
    ActionKind.RESTRICT_CONTACT: "restrict contact",
}


def guarded(actions: set[ActionKind], facts: Facts) -> tuple[set[ActionKind], tuple[Reason, ...]]:
    """The actions that may stand, and a reason for each change."""
    asked = actions & PUNISHING
    if not asked:
        return actions, ()
    grounds = [m for m in facts.matches if m.trusted and (facts.event.drill or not m.drill)]
    certain = [match for match in grounds if not match.low_information]
    if certain:
        confirmed = ActionKind.OPEN_CASE in actions or any(match.exact for match in certain)
        return (actions, ()) if confirmed else _with_case(actions, NOT_CONFIRMED)
    refused = asked - ON_HISTORY if facts.history.blocks_30d > 0 else asked
    if not refused:
        seen = ActionKind.OPEN_CASE in actions
        return (actions, ()) if seen else _with_case(actions, EARLIER_BLOCKS)
    milder = actions - refused | {INSTEAD[one] for one in refused} | {ActionKind.OPEN_CASE}
    return milder, (refusal(refused, little=bool(grounds)),)


def read_for(actions: Iterable[ActionKind]) -> frozenset[str]:
    """Dotted paths of what the guard reads of an actor's past, where rules ask for some actions."""
    return frozenset() if ON_HISTORY.isdisjoint(actions) else frozenset({"history.blocks_30d"})


def refusal(refused: AbstractSet[ActionKind], *, little: bool) -> Reason:
    """The reason of actions that were made milder.

    Args:
        refused: those that had no ground.
        little: whether the only grounds were pictures with little in them.
    """
    wanted = " and to ".join(_WORDS[one] for one in INSTEAD if one in refused)
    done = {INSTEAD[one] for one in refused}
    instead = " and ".join(
        words
        for kind, words in ((ActionKind.HOLD, "held"), (ActionKind.SLOW, "slowed"))
        if kind in done
    )
    why = (
        "the picture has too little in it to be told from others with certainty"
        if little
        else "only a match in a trusted bank allows that, and one in a drill bank in a drill only"
    )
    text = f"A rule asked to {wanted}, but {why}. It is {instead} for a person to look at instead."
    return Reason(rule=NAME, text=text)


def _with_case(
    actions: set[ActionKind], reason: Reason
) -> tuple[set[ActionKind], tuple[Reason, ...]]:
    return actions | {ActionKind.OPEN_CASE}, (reason,)
