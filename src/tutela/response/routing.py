"""Which actions of a decision are sent where, and how a process knows of the destinations."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from structlog.typing import FilteringBoundLogger

from tutela.model import (
    ActionKind,
    ActionMessage,
    Case,
    Decision,
    Delivery,
    DeliveryState,
    Destination,
    Event,
    Order,
)
from tutela.storage.outbox.destinations import Destinations

REFRESH_SECONDS = 0.5
"""Time between two looks at the destinations: a change counts within a second everywhere."""
NOWHERE = "a rule names this destination, and there is none of this name that is switched on"
"""Problem of what cannot be sent at all; it has failed from the start, and is not lost."""

HERE = frozenset({ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK})
"""Actions that are done here and never sent."""


class Routes:
    """The destinations that there are, as of one moment. Immutable.

    Args:
        destinations: all of them; messages are made for those that are enabled.

    Attributes:
        destinations: those that are enabled.
    """

    def __init__(self, destinations: tuple[Destination, ...] = ()) -> None:
        self.destinations = tuple(one for one in destinations if one.enabled)
        self._names = frozenset(one.name for one in self.destinations)

    def deliveries(
        self,
        event: Event,
        decision: Decision,
        case: Case | None,
        at: datetime,
        *,
        again: str = "",
    ) -> tuple[Delivery, ...]:
        """The deliveries of a decision: one for each action and destination that takes it.

        A rule that names a destination which is not there, or switched off, has a delivery that
        failed from the start: nothing that was decided is dropped in silence.

        Args:
            event: what was decided about.
            decision: the decision.
            case: the case that it opens.
            at: when it was made.
            again: what makes it another decision about an event that was decided about before.
        """
        made: dict[str, Delivery] = {}
        for order in _orders(decision):
            for to in self._takers(order):
                delivery = _delivery(order, to, event, decision, case, at, again)
                made.setdefault(delivery.id, delivery)  # several rules may name one destination
            if order.kind is ActionKind.NOTIFY and order.to not in self._names:
                delivery = _delivery(order, _missing(order.to), event, decision, case, at, again)
                made.setdefault(delivery.id, _failed(delivery))
        return tuple(made.values())

    def _takers(self, order: Order) -> Iterator[Destination]:
        return (to for to in self.destinations if _takes(to, order))


class Routing:
    """Follows the destinations in the database. Thread-safe.

    A look that fails is tried again at the next; meanwhile messages are made as before.

    Args:
        destinations: where it stands which there are.
        log: where trouble is told.
        refresh_seconds: pause between two looks.
    """

    def __init__(
        self,
        destinations: Destinations,
        log: FilteringBoundLogger,
        *,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._destinations = destinations
        self._log = log
        self._refresh_seconds = refresh_seconds
        self._routes = Routes()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="routing", daemon=True)

    def routes(self) -> Routes:
        """The destinations as of the last look."""
        return self._routes

    def start(self) -> None:
        """Look, then follow in the background; raises `Unavailable`."""
        self.refresh()
        self._thread.start()

    def refresh(self) -> None:
        """Look now, so that the caller sees its own changes; raises `Unavailable`."""
        self._routes = Routes(tuple(self._destinations.list()))

    def stop(self) -> None:
        """Stop following."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(self._refresh_seconds):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self._log.error("destinations could not be read", error=type(error).__name__)


def _notices(decision: Decision, kind: ActionKind) -> Iterator[str]:
    """The notices of the rules that asked for an action.

    What one rule says to a sender is not for the receiver whom another rule warns; and who hears
    that something passes needs no reason.
    """
    if kind is ActionKind.ALLOW:
        return
    for reason in decision.reasons:
        if reason.notice and (kind in reason.actions or not reason.actions):
            yield reason.notice


def _missing(name: str) -> Destination:
    return Destination(name=name, url="", actions=(), confirm_seconds=0, enabled=False)


def _failed(delivery: Delivery) -> Delivery:
    return msgspec.structs.replace(
        delivery, state=DeliveryState.FAILED, ended_at=delivery.created_at, problem=NOWHERE
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
    again: str,
) -> Delivery:
    what = f"{event.id} {order.kind} {to.name}" + (f" {again}" if again else "")
    name = hashlib.sha256(what.encode()).hexdigest()
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
        notices=tuple(_notices(decision, order.kind)),
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
