"""What was decided is carried out once, when it can no longer be undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tutela.model import (
    ActionKind,
    ActionMessage,
    Delivery,
    EventKind,
)
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.counts import Counts
from tutela.storage.database import Database
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.review.claims import Claims
from tutela.storage.review.readings import NewReading, Readings, Settled
from tutela.storage.review.settling import Settling
from tutela.storage.review.tables import case_pieces, samples
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.tables import cases
from tutela.storage.values import now

Opened = Callable[..., str]
C, V, H, U = ReviewOutcome


@pytest.fixture
def readings(database: Database) -> Readings:
    return Readings(database, timedelta(0))


def decide(database: Database, readings: Readings, case_id: str, account_id: str) -> Settled:
    claim = Claims(database).take(case_id, account_id)
    new = NewReading(revision=claim.revision, outcome=C)
    readings.give(claim.token, new, account_id)
    return next(one for one in readings.due() if one.case_id == case_id)


def ordered(event_id: str, name: str) -> Delivery:
    message = ActionMessage(
        id=name,
        action=ActionKind.QUARANTINE,
        event_id=event_id,
        event_kind=EventKind.UPLOAD,
        received_at=now(),
        decided_at=now(),
        policy_version="test",
    )
    at = now()
    return Delivery(id=name, destination="platform", message=message, created_at=at, confirm_by=at)


def state_of(database: Database, case_id: str) -> str:
    with database.read() as connection:
        return str(connection.scalar(select(cases.c.state).where(cases.c.id == case_id)))


def test_a_case_is_closed_with_what_follows_from_it(
    database: Database, opened: Opened, people: list[str], readings: Readings
) -> None:
    opened("one")
    Destinations(database).create(
        "platform", "https://platform.example", actions=[ActionKind.QUARANTINE]
    )
    settled = decide(database, readings, "case-one", people[0])
    sent = {"one": (ordered("one", "act-1"), ordered("one", "act-2"))}
    assert Settling(database).close(settled, sent)
    assert state_of(database, "case-one") == "closed"
    assert readings.due() == []
    assert {one.id for one in Deliveries(database).list()} == {"act-1", "act-2"}
    assert Counts(database).counts()["actions_quarantine"] == 1
    assert not Settling(database).close(settled, sent)
    assert len(Deliveries(database).list()) == 2


def test_nothing_is_compared_with_what_is_closed(
    database: Database, opened: Opened, people: list[str], readings: Readings
) -> None:
    opened("one")
    Gathering(database).gather()
    pieces = select(func.count()).select_from(case_pieces)
    with database.read() as connection:
        assert connection.scalar(pieces)
    assert Settling(database).close(decide(database, readings, "case-one", people[0]), {})
    with database.read() as connection:
        assert not connection.scalar(pieces)


def test_two_processes_close_a_case_once(
    database: Database, opened: Opened, people: list[str], readings: Readings
) -> None:
    opened("one")
    settled = decide(database, readings, "case-one", people[0])
    closed: list[bool] = []
    sent = {"one": (ordered("one", "act-1"),)}
    Destinations(database).create("platform", "https://platform.example", actions=[])
    threads = [
        threading.Thread(target=lambda: closed.append(Settling(database).close(settled, sent)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(closed) == [False, False, False, True]
    assert len(Deliveries(database).list()) == 1


def test_what_can_still_be_undone_is_not_carried_out(
    database: Database, opened: Opened, people: list[str], readings: Readings
) -> None:
    opened("one")
    settled = decide(database, readings, "case-one", people[0])
    with database.write() as connection:
        later = now() + timedelta(seconds=60)
        connection.execute(update(cases).values(settles_at=later))
    assert not Settling(database).close(settled, {})
    assert state_of(database, "case-one") == "decided"


def test_what_is_drawn_waits_to_be_read_again(
    database: Database, opened: Opened, people: list[str], readings: Readings
) -> None:
    opened("one")
    settled = decide(database, readings, "case-one", people[0])
    assert Settling(database).close(settled, {}, sampled=True)
    with database.read() as connection:
        (row,) = connection.execute(select(samples)).all()
    assert (row.first_reading, row.second_reading, row.agreed) == (settled.reading.id, None, None)
    claim = Claims(database).next(people[1])
    assert claim is not None
    assert claim.case_id == "case-one"
