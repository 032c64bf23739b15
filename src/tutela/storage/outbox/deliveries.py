"""Deliveries as people and the platform see them: read, confirmed, and tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    RowMapping,
    Update,
    and_,
    case,
    func,
    literal,
    select,
    tuple_,
    update,
)

from tutela.errors import Conflict, NotFound
from tutela.model import Delivery, DeliveryState, Receipt
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.change import leaf
from tutela.storage.audit.log import append
from tutela.storage.database import Database
from tutela.storage.outbox.rows import (
    CONFIRMED,
    DELAYS,
    OPEN,
    RETRIED,
    WITHIN,
    action_leaf,
    delivery_of,
    select_deliveries,
    unended,
)
from tutela.storage.tables import deliveries, destinations, events, tallies
from tutela.storage.values import now

_ORDER = (deliveries.c.event_seq.desc(), deliveries.c.ordinal.desc())


class DeliveryCounts(Record, frozen=True, kw_only=True):
    """How the outbox stands.

    Attributes:
        waiting: to be sent, or sent again.
        sent: taken by the platform and not yet confirmed.
        failed: given up, waiting for a person.
        overdue: waiting or sent, and not confirmed in time.
        oldest_waiting_seconds: age of the oldest that waits; 0 where none does.
    """

    waiting: int = 0
    sent: int = 0
    failed: int = 0
    overdue: int = 0
    oldest_waiting_seconds: float = 0.0


class Deliveries:
    """The deliveries in a database. The journal writes them, with their event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, delivery_id: str) -> Delivery:
        """One delivery; raises `NotFound`."""
        with self._database.read() as connection:
            return delivery_of(_row(connection, delivery_id))

    def list(
        self,
        *,
        state: DeliveryState | None = None,
        destination: str | None = None,
        overdue: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> Sequence[Delivery]:
        """Up to `limit` deliveries, latest first.

        Args:
            state: those in this state only.
            destination: those to this destination only.
            overdue: only those that are neither confirmed in time nor given up.
            after: id of the last delivery of the page before.
            limit: how many at most.

        Raises:
            NotFound: there is no delivery `after`.
        """
        statement = select_deliveries().order_by(*_ORDER).limit(limit)
        if state is not None:
            statement = statement.where(deliveries.c.state == state.value)
            if state is not DeliveryState.DONE:
                statement = statement.where(OPEN)
        if destination is not None:
            statement = statement.where(deliveries.c.destination == destination)
        if overdue:
            statement = statement.where(unended(), OPEN, deliveries.c.confirm_by < now())
        with self._database.read() as connection:
            if after is not None:
                last = _row(connection, after, where="after")
                place = tuple_(literal(last["event_seq"]), literal(last["ordinal"]))
                statement = statement.where(
                    tuple_(deliveries.c.event_seq, deliveries.c.ordinal) < place
                )
            return [delivery_of(row) for row in connection.execute(statement).mappings()]

    def of_event(self, event_id: str) -> Sequence[Delivery]:
        """The deliveries of an event, strongest action first; none where there is no such event."""
        statement = (
            select_deliveries()
            .join(events, events.c.seq == deliveries.c.event_seq)
            .where(events.c.id == event_id)
            .order_by(deliveries.c.ordinal)
        )
        with self._database.read() as connection:
            return [delivery_of(row) for row in connection.execute(statement).mappings()]

    def confirm(self, receipt: Receipt, *, by: str = PROGRAM) -> Delivery:
        """Take what the platform says of an action; saying it again changes nothing.

        One that was given up is done, too, once the platform says so. What is done stays done.

        Args:
            receipt: what it says.
            by: whose word it is.

        Raises:
            NotFound: there is no delivery of this id.
        """
        with self._database.write() as connection:
            confirmed = connection.execute(confirmation(receipt)).rowcount and receipt.done
            found = delivery_of(_row(connection, receipt.id))
            if confirmed:
                append(connection, [action_leaf(found, by, CONFIRMED)])
            return found

    def retry(self, delivery_id: str, *, by: str = PROGRAM) -> Delivery:
        """Send a delivery again, now, with all attempts before it.

        Args:
            delivery_id: which.
            by: who asks for it.

        Raises:
            NotFound: there is no delivery of this id.
            Conflict: it is done, or its destination is gone.
        """
        with self._database.write() as connection:
            row = _row(connection, delivery_id)
            if row["state"] == DeliveryState.DONE.value:
                raise Conflict("the action is done: the platform confirmed it", where="id")
            seconds = _confirm_seconds(connection).get(row["destination"])
            if seconds is None:
                raise Conflict(
                    "the destination of this action does not exist",
                    where="destination",
                    remedy="create a destination of that name, then try again",
                )
            chosen = deliveries.c.id == delivery_id
            connection.execute(_due(seconds).where(chosen))
            found = delivery_of(_row(connection, delivery_id))
            append(connection, [action_leaf(found, by, RETRIED)])
            return found

    def retry_failed(self, destination: str | None = None, *, by: str = PROGRAM) -> int:
        """Send everything that failed again, now; how much that is.

        Args:
            destination: to this destination only. What failed for one that is gone stays failed.
            by: who asks for it.

        Raises:
            NotFound: there is no destination of this name.
        """
        with self._database.write() as connection:
            known = _confirm_seconds(connection)
            if destination is not None and destination not in known:
                raise NotFound("there is no destination of this name", where="destination")
            names = known if destination is None else {destination: known[destination]}
            failed = and_(OPEN, deliveries.c.state == DeliveryState.FAILED.value)
            retried = {
                name: connection.execute(
                    _due(seconds).where(failed, deliveries.c.destination == name)
                ).rowcount
                for name, seconds in names.items()
            }
            told = {name: count for name, count in retried.items() if count}
            if told:
                append(connection, [_retried(name, count, by) for name, count in told.items()])
            return sum(told.values())

    def counts(self) -> DeliveryCounts:
        """How the outbox stands; takes longer the more is not done."""
        present = now()
        late = and_(unended(), deliveries.c.confirm_by < present)
        statement = (
            select(
                deliveries.c.state,
                func.count(),
                func.sum(case((late, 1), else_=0)),
                func.min(deliveries.c.created_at),
            )
            .where(OPEN)
            .group_by(deliveries.c.state)
        )
        with self._database.read() as connection:
            rows = {row[0]: row for row in connection.execute(statement)}
        numbers = {state: int(row[1]) for state, row in rows.items()}
        waiting = rows.get(DeliveryState.WAITING.value)
        return DeliveryCounts(
            waiting=numbers.get(DeliveryState.WAITING.value, 0),
            sent=numbers.get(DeliveryState.SENT.value, 0),
            failed=numbers.get(DeliveryState.FAILED.value, 0),
            overdue=sum(int(row[2]) for row in rows.values()),
            oldest_waiting_seconds=_age(waiting[3] if waiting else None, present),
        )

    def delays(self) -> Mapping[str, int]:
        """How many actions were taken within so many seconds, by that number; `+Inf` is all."""
        names = {f"{WITHIN}{most}": str(most) for most in DELAYS} | {"deliveries_taken": "+Inf"}
        statement = (
            select(tallies.c.name, func.sum(tallies.c.value))
            .where(tallies.c.name.in_(names))
            .group_by(tallies.c.name)
        )
        with self._database.read() as connection:
            found = {name: int(value) for name, value in connection.execute(statement)}
        return {most: found.get(name, 0) for name, most in names.items()}


def confirmation(receipt: Receipt, at: datetime | None = None) -> Update:
    """The change of a delivery that a receipt brings; it changes nothing where that is known."""
    at = at or now()
    values: dict[str, Any] = {"receipt": msgspec.json.encode(receipt).decode()}
    sent_at = func.coalesce(deliveries.c.sent_at, literal(at, deliveries.c.sent_at.type))
    statement = update(deliveries).where(deliveries.c.id == receipt.id, OPEN)
    if not receipt.done:
        return statement.where(unended()).values(
            **values, state=DeliveryState.SENT.value, sent_at=sent_at
        )
    return statement.values(
        **values,
        state=DeliveryState.DONE.value,
        sent_at=sent_at,
        ended_at=at,
        next_at=None,
        holder=None,
        held_until=None,
        problem="",
    )


def _due(confirm_seconds: int) -> Update:
    """Make deliveries due now, except for one that is being sent at this moment."""
    present = now()
    held = and_(deliveries.c.held_until > present, unended())
    moment = literal(present, deliveries.c.next_at.type)
    return update(deliveries).values(
        state=DeliveryState.WAITING.value,
        attempts=0,
        next_at=case((held, deliveries.c.next_at), else_=moment),
        confirm_by=present + timedelta(seconds=confirm_seconds),
        ended_at=None,
        alarmed_at=None,
    )


def _confirm_seconds(connection: Connection) -> Mapping[str, int]:
    """How long each destination has to confirm an action, by name."""
    statement = select(destinations.c.name, destinations.c.confirm_seconds).where(
        destinations.c.deleted_at.is_(None)
    )
    return {row.name: row.confirm_seconds for row in connection.execute(statement)}


def _row(connection: Connection, delivery_id: str, *, where: str = "id") -> RowMapping:
    statement = select_deliveries().where(deliveries.c.id == delivery_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound("no action has this id", where=where)
    return row


def _retried(destination: str, count: int, by: str) -> NewLeaf:
    facts: dict[str, Fact] = {"deliveries": count}
    return leaf(AuditKind.ACTION, by, f"destination:{destination}", RETRIED, facts)


def _age(since: datetime | None, present: datetime) -> float:
    return 0.0 if since is None else max(0.0, (present - since).total_seconds())
