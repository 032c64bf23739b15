"""Which actions of a decision are sent where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from tutela.model import (
    ActionKind,
    ActionMessage,
    Case,
    Decision,
    Delivery,
    Destination,
    Event,
    Order,
)

HERE = frozenset({ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK})
"""Actions that are done here and never sent."""


class Routes:
    """The destinations that there are, as of one moment. Immutable.

    Args:
        destinations: those that are enabled.
    """

    def __init__(self, destinations: tuple[Destination, ...] = ()) -> None:
        self.destinations = destinations

    def deliveries(
        self, event: Event, decision: Decision, case: Case | None, at: datetime
    ) -> tuple[Delivery, ...]:
        """The deliveries of a decision: one for each action and destination that takes it.

        Args:
            event: what was decided about.
            decision: the decision.
            case: the case that it opens.
            at: when it was made.
        """
        if not self.destinations:
            return ()
        return tuple(
            _delivery(order, to, event, decision, case, at)
            for order in _orders(decision)
            for to in self.destinations
            if _takes(to, order)
        )


def _orders(decision: Decision) -> Iterator[Order]:
    """Each action that may be sent, with its details."""
    for kind in decision.actions:
        if kind not in HERE:
            detailed = [order for order in decision.orders if order.kind is kind]
            yield from detailed or [Order(kind=kind)]


def _takes(destination: Destination, order: Order) -> bool:
    if order.kind is ActionKind.NOTIFY:
        return destination.name == order.to
    return order.kind in destination.actions


def _delivery(
    order: Order,
    to: Destination,
    event: Event,
    decision: Decision,
    case: Case | None,
    at: datetime,
) -> Delivery:
    name = hashlib.sha256(f"{event.id} {order.kind} {to.name}".encode()).hexdigest()
    about = event.origin
    message = ActionMessage(
        id=f"act-{name[:32]}",
        action=order.kind,
        event_id=about.event_id if about else event.id,
        event_kind=event.kind,
        received_at=about.received_at if about else event.received_at,
        decided_at=at,
        policy_version=decision.policy_version,
        surface=event.surface,
        region=event.region,
        actor=event.actor.id if event.actor else None,
        receivers=tuple(actor.id for actor in event.receivers),
        conversation=event.conversation,
        seconds=order.seconds,
        notices=tuple(reason.notice for reason in decision.reasons if reason.notice),
        principles=tuple(sorted({n for reason in decision.reasons for n in reason.principles})),
        case_id=case.id if case else None,
        drill=event.drill,
    )
    return Delivery(
        id=message.id,
        destination=to.name,
        message=message,
        created_at=at,
        confirm_by=at + timedelta(seconds=to.confirm_seconds),
    )
