"""An outbox with actions in it, written by the journal as in life."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from tutela.model import (
    ActionKind,
    ActionMessage,
    Decision,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Outcome,
    Reason,
    Verdict,
)
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.values import now


def _delivery(
    event_id: str,
    destination: str = "platform",
    *,
    action: ActionKind = ActionKind.BLOCK,
    at: datetime | None = None,
    confirm_seconds: float = 300,
    actor: str | None = None,
) -> Delivery:
    at = at or now()
    name = hashlib.sha256(f"{event_id} {action} {destination}".encode()).hexdigest()
    message = ActionMessage(
        id=f"act-{name[:32]}",
        action=action,
        event_id=event_id,
        event_kind=EventKind.UPLOAD,
        received_at=at,
        decided_at=at,
        policy_version="policy-1",
        actor=actor,
    )
    return Delivery(
        id=message.id,
        destination=destination,
        message=message,
        created_at=at,
        confirm_by=at + timedelta(seconds=confirm_seconds),
        next_at=at,
    )


def _store(database: Database, event_id: str, *sent: Delivery) -> None:
    at = sent[0].created_at if sent else datetime.now(UTC)
    event = Event(id=event_id, digest="0f" * 32, received_at=at)
    decision = Decision(
        policy_version="policy-1",
        actions=(ActionKind.BLOCK,),
        reasons=(Reason(rule="rule", text="Because of the rule"),),
    )
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.CLEAR,
        received_at=at,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decision,
    )
    with Journal(database) as journal:
        journal.record(event, outcome, None, sent).result(30)


Make = Callable[..., Delivery]
Put = Callable[..., Delivery]
Store = Callable[..., None]


@pytest.fixture
def delivery() -> Make:
    """Make an action that waits: `delivery(event_id, destination="platform", ...)`."""
    return _delivery


@pytest.fixture
def store(database: Database) -> Store:
    """Store an event with its actions: `store(event_id, *deliveries)`."""
    return partial(_store, database)


@pytest.fixture
def put(database: Database) -> Put:
    """Put an action into the outbox: `put(event_id, destination="platform", ...)`."""

    def put(event_id: str, destination: str = "platform", **about: object) -> Delivery:
        made = _delivery(event_id, destination, **about)  # type: ignore[arg-type]
        _store(database, event_id, made)
        return made

    return put


@pytest.fixture
def failed(database: Database, put: Put) -> Callable[[str], Delivery]:
    """Put an action into the outbox that has been given up."""

    def fail(event_id: str, destination: str = "platform") -> Delivery:
        made = put(event_id, destination)
        with database.write() as connection:
            connection.execute(
                text(
                    "UPDATE deliveries SET state = :state, next_at = NULL, attempts = 9,"
                    " ended_at = confirm_by, problem = 'it answered with status 500'"
                    " WHERE id = :id"
                ),
                {"state": DeliveryState.FAILED.value, "id": made.id},
            )
        return made

    return fail
