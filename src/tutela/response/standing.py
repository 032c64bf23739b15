"""Where each action of a decision stands: done here, in the answer only, or on its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from tutela.model import ActionKind, Decision, Delivery, Order
from tutela.model.record import Record
from tutela.response.routing import HERE


class Way(StrEnum):
    """How an action reaches whoever carries it out."""

    HERE = "here"
    """It is done here, with the decision."""
    ANSWER = "answer"
    """It stands in the answer only: no destination took it."""
    SENT = "sent"
    """It is sent to one or more destinations, which confirm it."""


class Standing(Record, frozen=True, kw_only=True):
    """One action of a decision, and where it stands.

    Attributes:
        action: which action.
        way: how it reaches whoever carries it out.
        seconds, to: its details, as in `Order`.
        deliveries: where it was sent.
    """

    action: ActionKind
    way: Way
    seconds: int | None = None
    to: str = ""
    deliveries: tuple[Delivery, ...] = ()


def standing(decision: Decision, deliveries: Sequence[Delivery]) -> tuple[Standing, ...]:
    """Where each action of a decision stands, strongest first.

    Args:
        decision: what was decided.
        deliveries: all deliveries of it.
    """
    return tuple(_standing(order, deliveries) for order in _orders(decision))


def _orders(decision: Decision) -> Iterator[Order]:
    for kind in dict.fromkeys(decision.actions):
        # Several rules may ask for the very same.
        detailed = dict.fromkeys(order for order in decision.orders if order.kind is kind)
        yield from detailed or [Order(kind=kind)]


def _standing(order: Order, deliveries: Sequence[Delivery]) -> Standing:
    own = tuple(one for one in deliveries if _is_of(one, order))
    way = Way.HERE if order.kind in HERE else Way.SENT if own else Way.ANSWER
    return Standing(action=order.kind, way=way, seconds=order.seconds, to=order.to, deliveries=own)


def _is_of(delivery: Delivery, order: Order) -> bool:
    if order.kind is ActionKind.NOTIFY and delivery.destination != order.to:
        return False
    return delivery.message.action is order.kind
