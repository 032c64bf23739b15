"""The work on the outbox: who sends what, and what came of it, many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)

from tutela.model import ActionMessage, DeliveryState, Destination, Receipt
from tutela.model.custody.leaf import NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.log import append
from tutela.storage.database import Database
from tutela.storage.journal_rows import count
from tutela.storage.outbox.destinations import DELETED, destination_of
from tutela.storage.outbox.rows import (
    CONFIRMED,
    DELAYS,
    OPEN,
    WITHIN,
    action_leaf,
    delivery_of,
    select_deliveries,
    unended,
)
from tutela.storage.tables import deliveries, destinations
from tutela.storage.values import microseconds, now

ALARMS = 500
"""Alarms that are raised at once."""


class Standing(Record, frozen=True, kw_only=True):
    """A destination, and whether there is anything due for it."""

    destination: Destination
    due: bool


class Task(Record, frozen=True, kw_only=True):
    """A delivery for whoever has claimed it.

    Attributes:
        body: the message, as it is posted.
        attempts: how often it was posted, with the time that comes now.
        taken: whether the platform has taken it before, without confirming it.
    """

    id: str
    destination: str
    body: bytes
    attempts: int
    taken: bool
    created_at: datetime

    @property
    def about(self) -> ActionMessage:
        """The message, read."""
        return msgspec.json.decode(self.body, type=ActionMessage)


class Result(Record, frozen=True, kw_only=True):
    """What came of a task.

    Attributes:
        state: `done`; `sent` and `waiting` where it is to be posted again; or `failed`.
        next_at: when it is posted again.
        problem: why it is not done.
        receipt: what the platform said.
        delay: seconds since the decision, where the platform took it for the first time.
    """

    id: str
    state: DeliveryState
    next_at: datetime | None = None
    problem: str = ""
    receipt: Receipt | None = None
    delay: float | None = None


class Late(Record, frozen=True, kw_only=True):
    """A delivery about which an alarm is raised: given up, or not confirmed in time."""

    id: str
    destination: str
    action: str
    event_id: str
    state: DeliveryState
    attempts: int
    problem: str


class Outbox:
    """The deliveries in a database, for those who send them.

    Whoever claims a delivery holds it until it says what came of it. One who dies without a word
    loses it when its time is over: the delivery is due then, for whoever comes first.

    Args:
        database: where they are.
        holder: names the process; nobody else has this name.
        lease: for how long a claim holds, unless it is renewed.
    """

    def __init__(self, database: Database, holder: str, lease: timedelta) -> None:
        self._database = database
        self._holder = holder
        self._lease = lease

    def look(self) -> Sequence[Standing]:
        """The destinations that are switched on. Cheap; writes nothing."""
        due = exists().where(
            deliveries.c.destination == destinations.c.name, deliveries.c.next_at <= now()
        )
        statement = select(destinations, due.label("due")).where(
            destinations.c.deleted_at.is_(None), destinations.c.enabled
        )
        with self._database.read() as connection:
            return [
                Standing(destination=destination_of(row), due=bool(row["due"]))
                for row in connection.execute(statement).mappings()
            ]

    def turn(
        self,
        results: Sequence[Result] = (),
        rooms: Mapping[str, int] | None = None,
        renew: Iterable[str] = (),
    ) -> Sequence[Task]:
        """Store results, renew claims and claim what is due, all in one transaction.

        Args:
            results: what came of tasks. That something is done counts whoever says so; anything
                else only of what this process still holds.
            rooms: how many may be claimed, by destination.
            renew: ids of deliveries that are still worked on.

        Returns:
            What was claimed: in the order of the decisions, for each destination.

        Raises:
            Unavailable: the database is; nothing was stored or claimed.
        """
        with self._database.write() as connection:
            confirmed = self._settle(connection, results)
            self._renew(connection, list(renew))
            claimed = [
                task
                for destination, room in sorted((rooms or {}).items())
                if room > 0
                for task in self._claim(connection, destination, room)
            ]
            if confirmed:
                append(connection, confirmed)
            return claimed

    def release(self, ids: Sequence[str]) -> None:
        """Give up claims at once, as if they had never been made."""
        if not ids:
            return
        counted = deliveries.c.attempts > 0
        with self._database.write() as connection:
            connection.execute(
                update(deliveries)
                .where(self._mine())
                .values(
                    next_at=now(),
                    attempts=case((counted, deliveries.c.attempts - 1), else_=0),
                    holder=None,
                    held_until=None,
                ),
                [{"one": one} for one in ids],
            )

    def alarm(self) -> Sequence[Late]:
        """Deliveries that were given up or not confirmed in time, each once; up to `ALARMS`.

        What was meant for a destination that is gone is given up here, so that nothing waits for
        ever.
        """
        with self._database.write() as connection:
            late = and_(OPEN, deliveries.c.alarmed_at.is_(None), deliveries.c.confirm_by <= now())
            chosen = (
                select(deliveries.c.id)
                .where(late)
                .order_by(deliveries.c.confirm_by)
                .limit(ALARMS)
                .with_for_update(skip_locked=True)
                .cte("chosen")
            )
            orphaned = and_(
                unended(),
                ~exists().where(
                    destinations.c.name == deliveries.c.destination,
                    destinations.c.deleted_at.is_(None),
                ),
            )
            rows = connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(select(chosen.c.id)))
                .values(
                    alarmed_at=now(),
                    state=case((orphaned, "failed"), else_=deliveries.c.state),
                    problem=case((orphaned, DELETED), else_=deliveries.c.problem),
                    next_at=case((orphaned, None), else_=deliveries.c.next_at),
                    ended_at=case((orphaned, microseconds(now())), else_=deliveries.c.ended_at),
                )
                .returning(deliveries)
            )
            return [_late(row) for row in rows.mappings()]

    def _claim(self, connection: Connection, destination: str, room: int) -> Sequence[Task]:
        until = now() + self._lease
        chosen = (
            select(deliveries.c.id)
            .where(deliveries.c.destination == destination, deliveries.c.next_at <= now())
            .order_by(deliveries.c.next_at, deliveries.c.event_seq, deliveries.c.ordinal)
            .limit(room)
            .with_for_update(skip_locked=True)
            .cte("chosen")  # which PostgreSQL works out once; a subquery it may repeat
        )
        rows = connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(select(chosen.c.id)))
            .values(
                holder=self._holder,
                held_until=until,
                next_at=until,
                attempts=deliveries.c.attempts + 1,
            )
            .returning(deliveries)
        )
        # What is returned comes in no certain order.
        ordered = sorted(rows.mappings(), key=lambda row: (row["event_seq"], row["ordinal"]))
        return [
            Task(
                id=row["id"],
                destination=destination,
                body=row["message"].encode(),
                attempts=row["attempts"],
                taken=row["state"] == DeliveryState.SENT.value,
                created_at=row["created_at"],
            )
            for row in ordered
        ]

    def _mine(self) -> Any:  # noqa: ANN401 - SQLAlchemy's conditions
        return and_(
            deliveries.c.id == bindparam("one"), deliveries.c.holder == self._holder, unended()
        )

    def _renew(self, connection: Connection, ids: Sequence[str]) -> None:
        if ids:
            until = now() + self._lease
            connection.execute(
                update(deliveries).where(self._mine()).values(held_until=until, next_at=until),
                [{"one": one} for one in ids],
            )

    def _settle(self, connection: Connection, results: Sequence[Result]) -> list[NewLeaf]:
        """Store results; leaves to be appended about what is done now and was not before."""
        done = [result for result in results if result.state is DeliveryState.DONE]
        others = [result for result in results if result.state is not DeliveryState.DONE]
        leaves = _confirmed(connection, [result.id for result in done])
        # In the order of their ids, so that two processes cannot lock each other out.
        for part, condition in (
            (done, and_(deliveries.c.id == bindparam("one"), OPEN)),
            (others, self._mine()),
        ):
            if part:
                ordered = sorted(part, key=lambda result: result.id)
                statement = update(deliveries).where(condition).values(_SETTLED)
                connection.execute(statement, [_values(result) for result in ordered])
        count(connection, _tally(results), self._holder)
        return leaves


_SETTLED: Mapping[Any, Any] = {
    "state": bindparam("to_state"),
    "next_at": bindparam("to_next_at"),
    "problem": bindparam("to_problem"),
    "receipt": func.coalesce(bindparam("to_receipt"), deliveries.c.receipt),
    "sent_at": func.coalesce(deliveries.c.sent_at, bindparam("to_sent_at")),
    "ended_at": bindparam("to_ended_at"),
    # The one who gives it up raises the alarm.
    "alarmed_at": func.coalesce(bindparam("to_alarmed_at"), deliveries.c.alarmed_at),
    "holder": None,
    "held_until": None,
}


def _confirmed(connection: Connection, ids: Sequence[str]) -> list[NewLeaf]:
    """Leaves about those that are not done yet; nobody else can confirm them meanwhile."""
    if not ids:
        return []
    statement = (
        select_deliveries()
        .where(deliveries.c.id.in_(ids), OPEN)
        .order_by(deliveries.c.id)
        .with_for_update()
    )
    found = [delivery_of(row) for row in connection.execute(statement).mappings()]
    # The platform's word, in its answer to the message.
    return [action_leaf(one, f"destination:{one.destination}", CONFIRMED) for one in found]


def _values(result: Result) -> dict[str, Any]:
    present = now()
    failed = result.state is DeliveryState.FAILED
    ended = failed or result.state is DeliveryState.DONE
    taken = result.receipt is not None
    return {
        "one": result.id,
        "to_state": result.state.value,
        "to_next_at": result.next_at,
        "to_problem": result.problem,
        "to_receipt": msgspec.json.encode(result.receipt).decode() if result.receipt else None,
        "to_sent_at": microseconds(present) if taken else None,
        "to_ended_at": present if ended else None,
        "to_alarmed_at": microseconds(present) if failed else None,
    }


def _tally(results: Iterable[Result]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for result in results:
        if result.state in {DeliveryState.DONE, DeliveryState.FAILED}:
            tally[f"deliveries_{result.state}"] += 1
        if result.delay is not None:
            tally["deliveries_taken"] += 1
            tally["deliveries_delay_ms"] += max(0, round(result.delay * 1000))
            tally.update(f"{WITHIN}{most}" for most in DELAYS if result.delay <= most)
    return tally


def _late(row: RowMapping) -> Late:
    about = msgspec.json.decode(row["message"])
    return Late(
        id=row["id"],
        destination=row["destination"],
        action=row["kind"],
        event_id=about["event_id"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        problem=row["problem"],
    )
