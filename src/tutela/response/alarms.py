"""How the actions stand that are sent, and alarms: what was given up, and what is overdue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from tutela.errors import NotFound
from tutela.model import Delivery, DeliveryState
from tutela.model.record import Record
from tutela.storage.outbox.deliveries import Deliveries, DeliveryCounts

OPEN = frozenset({DeliveryState.WAITING, DeliveryState.SENT})
"""States of actions that are on their way."""


class AlarmKind(StrEnum):
    """Why there is an alarm."""

    FAILED = "failed"
    """Actions were given up, and wait for a person."""
    OVERDUE = "overdue"
    """Actions are on their way, and should have been confirmed by now."""


class Alarm(Record, frozen=True, kw_only=True):
    """One alarm: of how many actions, and in plain words what to do."""

    kind: AlarmKind
    count: int
    text: str


class ActionsState(Record, frozen=True, kw_only=True):
    """How the actions stand that are sent to destinations.

    Attributes:
        waiting: they will be sent, or sent again.
        sent: the platform has taken them and has not confirmed them yet.
        failed: they were given up.
        overdue: those of `waiting` and `sent` that should have been confirmed by now.
        oldest_waiting_seconds: age of the oldest that waits, 0 where none does.
        alarms: none where all is well.
    """

    waiting: int
    sent: int
    failed: int
    overdue: int
    oldest_waiting_seconds: float
    alarms: tuple[Alarm, ...]


def state_of(counts: DeliveryCounts) -> ActionsState:
    """How the actions stand, with the alarms that follow."""
    return ActionsState(
        waiting=counts.waiting,
        sent=counts.sent,
        failed=counts.failed,
        overdue=counts.overdue,
        oldest_waiting_seconds=counts.oldest_waiting_seconds,
        alarms=tuple(_alarms(counts.failed, counts.overdue)),
    )


def listed(
    deliveries: Deliveries,
    *,
    state: DeliveryState | None = None,
    destination: str | None = None,
    event: str | None = None,
    overdue: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Sequence[Delivery]:
    """Up to `limit` deliveries that fit, latest first; `after` is the last id of a page.

    Raises:
        NotFound: there is no delivery `after`.
    """
    if event is None:
        return deliveries.list(
            state=state, destination=destination, overdue=overdue, after=after, limit=limit
        )
    # Those of one event are few.
    now = datetime.now(UTC)
    found = [
        one
        for one in reversed(deliveries.of_event(event))
        if state in {None, one.state}
        and destination in {None, one.destination}
        and (not overdue or is_overdue(one, now))
    ]
    return _after(found, after)[:limit]


def _after(found: Sequence[Delivery], after: str | None) -> Sequence[Delivery]:
    if after is None:
        return found
    ids = [one.id for one in found]
    if after not in ids:
        raise NotFound("no action of this event has this id", where="after")
    return found[ids.index(after) + 1 :]


def is_overdue(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery is on its way and should have been confirmed by `now`."""
    return delivery.state in OPEN and delivery.confirm_by < now


def span(seconds: float) -> str:
    """A length of time in its two greatest units: `7 d`, `1 h 30 min`."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts[:2])


def _alarms(failed: int, overdue: int) -> Iterator[Alarm]:
    if failed:
        were, they = ("was", "it") if failed == 1 else ("were", "them")
        text = f"{_actions(failed)} {were} given up: find out why, then send {they} again"
        yield Alarm(kind=AlarmKind.FAILED, count=failed, text=text)
    if overdue:
        text = f"{_actions(overdue)} should have been confirmed by now: ask the platform why not"
        yield Alarm(kind=AlarmKind.OVERDUE, count=overdue, text=text)


def _actions(count: int) -> str:
    return f"{count:,} action{'' if count == 1 else 's'}"
