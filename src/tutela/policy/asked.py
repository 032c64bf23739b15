"""The actions of a rule as written: plain names, or with details."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tutela.declarations.source import Source
from tutela.declarations.wording import nearest
from tutela.model import ActionKind, Order
from tutela.model.record import Record

ASKS = (ActionKind.BLOCK, ActionKind.HOLD, ActionKind.ALLOW)
"""What may be asked of the platform, strongest first; each rule says one."""

STRONGEST_FIRST = (
    ActionKind.BLOCK,
    ActionKind.QUARANTINE,
    ActionKind.STOP_STREAM,
    ActionKind.SUSPEND,
    ActionKind.RESTRICT_CONTACT,
    ActionKind.HOLD,
    ActionKind.BLUR,
    ActionKind.SLOW,
    ActionKind.WARN_SENDER,
    ActionKind.WARN_RECEIVER,
    ActionKind.PRESERVE,
    ActionKind.OPEN_CASE,
    ActionKind.SECOND_LOOK,
    ActionKind.RESTORE,
    ActionKind.ANSWER,
    ActionKind.NOTIFY,
    ActionKind.ALLOW,
)
"""Order of the actions in a decision."""

FELT = (
    ActionKind.BLOCK,
    ActionKind.HOLD,
    ActionKind.BLUR,
    ActionKind.WARN_SENDER,
    ActionKind.WARN_RECEIVER,
    ActionKind.SLOW,
    ActionKind.RESTRICT_CONTACT,
    ActionKind.STOP_STREAM,
    ActionKind.QUARANTINE,
    ActionKind.SUSPEND,
)
"""Actions that a user feels, so that the rule must say why in words for them."""

OF_PEOPLE = (ActionKind.RESTORE, ActionKind.ANSWER)
"""Actions that only people order who have read a case."""

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
"""Units of a time in rules, in seconds."""

TIMED = (ActionKind.SLOW, ActionKind.RESTRICT_CONTACT, ActionKind.SUSPEND)
"""Actions that may say for how long."""

MOST_SECONDS = 10**9

LONGEST_PAUSE = 3600
"""Seconds that `slow` may ask for between two messages: a longer pause is a block by another name,
and `slow` needs no ground as a block does."""

_DESTINATION = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")


class Asked(Record, frozen=True, kw_only=True):
    """What a rule asks for.

    Attributes:
        kinds: the actions, as written.
        orders: those that have details.
    """

    kinds: tuple[ActionKind, ...]
    orders: tuple[Order, ...] = ()


def actions_of(source: Source, node: Node) -> Asked:
    """Read a list of actions; none may stand in it twice but `notify`, to several.

    Raises:
        BadConfiguration: with the place.
    """
    items = source.items(node, "actions")
    orders = [_order(source, item) for item in items]
    for place, order in enumerate(orders):
        alike = [one for one in orders[:place] if one.kind is order.kind and one.to == order.to]
        if alike:
            raise source.error("an action is named twice", node, "remove one of them")
    kinds = tuple(dict.fromkeys(order.kind for order in orders))
    return Asked(kinds=kinds, orders=tuple(one for one in orders if one.seconds or one.to))


def strongest(wanted: set[ActionKind]) -> tuple[ActionKind, ...]:
    """Actions in order; of what is asked in the answer only the strongest."""
    ask = next(ask for ask in ASKS if ask in wanted)
    kept = wanted - set(ASKS) | {ask}
    return tuple(action for action in STRONGEST_FIRST if action in kept)


def together(orders: Sequence[Order], kinds: Sequence[ActionKind]) -> tuple[Order, ...]:
    """The details that stand: of each action the longest time, and everybody who is to be told.

    Args:
        orders: those of all rules that hold.
        kinds: the actions that the decision names; what is not among them falls away.
    """
    kept: dict[tuple[ActionKind, str], Order] = {}
    for order in orders:
        known = kept.get((order.kind, order.to))
        if order.kind in kinds and (known is None or (order.seconds or 0) > (known.seconds or 0)):
            kept[order.kind, order.to] = order
    return tuple(sorted(kept.values(), key=lambda one: (kinds.index(one.kind), one.to)))


def _order(source: Source, node: Node) -> Order:
    if isinstance(node, MappingNode) and len(node.value) == 1:
        name, details = node.value[0]
        return _detailed(source, _kind(source, name), name, details)
    kind = _kind(source, node)
    if kind is ActionKind.NOTIFY:
        remedy = "write `- notify: {to: moderators}`"
        raise source.error("notify must say whom", node, remedy)
    return Order(kind=kind)


def _kind(source: Source, node: Node) -> ActionKind:
    known = tuple(action.value for action in ActionKind)
    name = str(node.value) if isinstance(node, ScalarNode) else ""
    if name not in known:
        remedy = nearest(name, known, f"actions are {', '.join(known)}")
        raise source.error(f"unknown action {name}".strip(), node, remedy)
    return ActionKind(name)


def _detailed(source: Source, kind: ActionKind, name: Node, details: Node) -> Order:
    if kind is ActionKind.NOTIFY:
        keyed = source.keyed(details, "notify", ("to",), required=("to",))
        return Order(kind=kind, to=_destination(source, keyed["to"]))
    if kind not in TIMED:
        remedy = f"write `- {kind}`; {', '.join(TIMED)} may say for how long, notify whom"
        raise source.error(f"{kind} has no details", name, remedy)
    keyed = source.keyed(details, kind, tuple(UNITS), required=())
    if len(keyed) != 1:
        raise source.error(f"{kind} says one time", details, f"name one of {', '.join(UNITS)}")
    ((unit, number),) = keyed.items()
    return Order(kind=kind, seconds=_seconds(source, kind, unit, number))


def _seconds(source: Source, kind: ActionKind, unit: str, node: Node) -> int:
    most = (LONGEST_PAUSE if kind is ActionKind.SLOW else MOST_SECONDS) // UNITS[unit]
    if not most:
        remedy = "a longer pause is a block by another name"
        raise source.error("slow may ask for an hour at most", node, remedy)
    digits = str(node.value) if source.is_a(node, "int") else ""
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else 0  # noqa: PLR2004 - longer than the most
    if not 1 <= number <= most:
        raise source.error(f"{unit} are a whole number from 1 to {most:,}", node)
    return number * UNITS[unit]


def _destination(source: Source, node: Node) -> str:
    name = source.words(node, "a destination")
    if not _DESTINATION.fullmatch(name):
        what = "a destination's name has small letters, digits and -, at most 48"
        raise source.error(what, node, "`tutela destinations list` shows which there are")
    return name
