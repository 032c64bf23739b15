"""The part of a policy that is about review: what follows from what people decide, and why.

For each outcome it names actions and what the user concerned is told, and it offers reasons for
reviewers to choose from. A policy that says nothing of review has `SHIPPED`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from ruamel.yaml.nodes import Node, ScalarNode

from tutela.declarations.source import Keyed, Source
from tutela.declarations.wording import nearest
from tutela.model import ActionKind, Order
from tutela.model.record import Record
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.asked import FELT, actions_of

MOST_REASONS = 100
"""Reasons that a policy may offer."""

DECIDING = (ReviewOutcome.CONFIRMED, ReviewOutcome.VIOLATION, ReviewOutcome.HARMLESS)
"""Outcomes that something follows from; who is unsure decides nothing."""

_ORDERED = frozenset(
    {
        ActionKind.BLOCK,
        ActionKind.QUARANTINE,
        ActionKind.STOP_STREAM,
        ActionKind.SUSPEND,
        ActionKind.RESTRICT_CONTACT,
        ActionKind.BLUR,
        ActionKind.SLOW,
        ActionKind.WARN_SENDER,
        ActionKind.WARN_RECEIVER,
        ActionKind.PRESERVE,
        ActionKind.NOTIFY,
    }
)
_HARMLESS = frozenset({ActionKind.RESTORE, ActionKind.NOTIFY})
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_KEYS = (*(one.value for one in DECIDING), "reasons")


class Consequence(Record, frozen=True, kw_only=True):
    """What follows from an outcome.

    Attributes:
        actions: what is ordered, as written.
        orders: details of those that have some.
        notice: what the user concerned is told, in plain words; empty where nothing is.
    """

    actions: tuple[ActionKind, ...] = ()
    orders: tuple[Order, ...] = ()
    notice: str = ""


class OfferedReason(Record, frozen=True, kw_only=True):
    """A reason that reviewers may choose.

    Attributes:
        name: its name in readings.
        text: in plain words for staff.
        notice: in plain words for the user concerned; empty where none is to be told.
        outcomes: which outcomes it is a reason for.
    """

    name: str
    text: str
    notice: str = ""
    outcomes: tuple[ReviewOutcome, ...] = DECIDING


class ReviewPolicy(Record, frozen=True, kw_only=True):
    """What a policy says of review."""

    consequences: Mapping[ReviewOutcome, Consequence]
    reasons: tuple[OfferedReason, ...] = ()

    def follows(self, outcome: ReviewOutcome) -> Consequence:
        """What follows from an outcome; nothing does from `unsure`."""
        return self.consequences.get(outcome, Consequence())

    def offered(self, outcome: ReviewOutcome) -> tuple[OfferedReason, ...]:
        """The reasons that an outcome may have, in the policy's order."""
        return tuple(one for one in self.reasons if outcome in one.outcomes)

    def reason(self, name: str) -> OfferedReason | None:
        """The reason of this name, or None."""
        return next((one for one in self.reasons if one.name == name), None)


SHIPPED = ReviewPolicy(
    consequences=MappingProxyType(
        {
            ReviewOutcome.CONFIRMED: Consequence(
                actions=(ActionKind.QUARANTINE, ActionKind.PRESERVE),
                notice="This was removed, because it breaks our rules on the safety of children. "
                "A person has looked at it.",
            ),
            ReviewOutcome.VIOLATION: Consequence(
                actions=(ActionKind.QUARANTINE,),
                notice="This was removed, because it breaks our rules. A person has looked at it.",
            ),
            ReviewOutcome.HARMLESS: Consequence(
                actions=(ActionKind.RESTORE,),
                notice="A person has looked at this and found nothing that breaks our rules. "
                "What had been done about it was undone.",
            ),
        }
    ),
    reasons=(
        OfferedReason(
            name="listed-material",
            text="It is what the list says it is.",
            notice="It is material that may not be shared anywhere.",
            outcomes=(ReviewOutcome.CONFIRMED,),
        ),
        OfferedReason(
            name="as-flagged",
            text="It is what it was flagged for, and no list knew it.",
            notice="It endangers children.",
            outcomes=(ReviewOutcome.CONFIRMED,),
        ),
        OfferedReason(
            name="own-rules",
            text="It breaks the platform's own rules, and is nothing to be reported.",
            notice="Our rules do not allow it.",
            outcomes=(ReviewOutcome.VIOLATION,),
        ),
        OfferedReason(
            name="wrong-match",
            text="What matched is another picture.",
            outcomes=(ReviewOutcome.HARMLESS,),
        ),
        OfferedReason(
            name="harmless-context",
            text="What was flagged is harmless where it stands.",
            outcomes=(ReviewOutcome.HARMLESS,),
        ),
    ),
)
"""What counts where a policy says nothing of review."""


def review_of(source: Source, node: Node) -> ReviewPolicy:
    """Read the part `review:` of a policy; what it leaves out is as in `SHIPPED`.

    Raises:
        BadConfiguration: with the place.
    """
    keyed = source.keyed(node, "review", _KEYS, required=())
    consequences = {
        outcome: _consequence(source, outcome, keyed[outcome.value])
        if outcome.value in keyed
        else SHIPPED.follows(outcome)
        for outcome in DECIDING
    }
    reasons = _reasons(source, keyed["reasons"]) if "reasons" in keyed else SHIPPED.reasons
    return ReviewPolicy(consequences=MappingProxyType(consequences), reasons=reasons)


def _consequence(source: Source, outcome: ReviewOutcome, node: Node) -> Consequence:
    keyed = source.keyed(node, outcome.value, ("actions", "notice"), required=("actions",))
    asked = actions_of(source, keyed["actions"])
    allowed = _HARMLESS if outcome is ReviewOutcome.HARMLESS else _ORDERED
    wrong = next((kind for kind in asked.kinds if kind not in allowed), None)
    if wrong:
        remedy = f"it may order {', '.join(sorted(allowed))}"
        raise source.error(f"{outcome} cannot order {wrong}", keyed["actions"], remedy)
    felt = next((kind for kind in asked.kinds if kind in FELT), None)
    if felt and "notice" not in keyed:
        remedy = "say to the user concerned, in plain words: `notice: ...`"
        raise source.error(f"an outcome that orders {felt} needs a notice", node, remedy)
    return Consequence(actions=asked.kinds, orders=asked.orders, notice=_notice(source, keyed))


def _reasons(source: Source, node: Node) -> tuple[OfferedReason, ...]:
    items = source.items(node, "reasons")
    if len(items) > MOST_REASONS:
        raise source.error(f"a policy may offer {MOST_REASONS} reasons", items[MOST_REASONS])
    reasons: dict[str, OfferedReason] = {}
    for item in items:
        reason = _reason(source, item)
        if reason.name in reasons:
            remedy = "each reason needs a name of its own"
            raise source.error(f"there are two reasons named {reason.name}", item, remedy)
        reasons[reason.name] = reason
    return tuple(reasons.values())


def _reason(source: Source, node: Node) -> OfferedReason:
    keys = ("name", "text", "notice", "outcomes")
    keyed = source.keyed(node, "a reason", keys, required=("name", "text"))
    name = source.words(keyed["name"], "a reason's name")
    if not _NAME.fullmatch(name):
        what = "a reason's name has small letters, digits and -, at most 48"
        raise source.error(what, keyed["name"])
    reason = OfferedReason(
        name=name,
        text=source.sentence(keyed["text"], "a reason's text"),
        notice=_notice(source, keyed),
    )
    if "outcomes" not in keyed:
        return reason
    items = source.items(keyed["outcomes"], "outcomes")
    outcomes = tuple(dict.fromkeys(_outcome(source, item) for item in items))
    if not outcomes:
        raise source.error("a reason without outcomes", keyed["outcomes"], "leave out `outcomes:`")
    return msgspec.structs.replace(reason, outcomes=outcomes)


def _outcome(source: Source, node: Node) -> ReviewOutcome:
    known = tuple(one.value for one in DECIDING)
    word = str(node.value) if isinstance(node, ScalarNode) else ""
    if word not in known:
        remedy = nearest(word, known, f"it is one of {', '.join(known)}")
        raise source.error(f"unknown outcome {word}".strip(), node, remedy)
    return ReviewOutcome(word)


def _notice(source: Source, keyed: Keyed) -> str:
    return source.sentence(keyed["notice"], "a notice") if "notice" in keyed else ""
