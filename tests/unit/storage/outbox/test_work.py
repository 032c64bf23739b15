from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import event, text

from tutela.model import ActionKind, DeliveryState, Receipt
from tutela.model.custody.leaf import Leaf
from tutela.storage.counts import reconcile
from tutela.storage.database import Database
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import DELETED, Destinations
from tutela.storage.outbox.work import Outbox, Result, Task
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.storage.outbox.conftest import Make, Put, Store

LEASE = timedelta(minutes=5)
AGO = timedelta(hours=1)
URL = "https://platform.example/"


@pytest.fixture
def outbox(database: Database) -> Outbox:
    destinations = Destinations(database)
    destinations.create("platform", URL, actions=(ActionKind.BLOCK,))
    destinations.create("other", URL, actions=(ActionKind.BLOCK,))
    return Outbox(database, "me", LEASE)


def ids(tasks: list[Task] | tuple[Task, ...]) -> list[str]:
    return [task.id for task in tasks]


def test_what_is_due_is_seen_by_destination(outbox: Outbox, database: Database, put: Put) -> None:
    put("e1", "other")
    put("e2", "gone")
    put("e3", "platform", at=now() + AGO)
    Destinations(database).create("off", URL, actions=())
    Destinations(database).change("off", enabled=False)
    put("e4", "off")
    assert [(one.destination.name, one.due) for one in sorted(outbox.look(), key=str)] == [
        ("other", True),
        ("platform", False),
    ]


def test_a_claim_holds_until_its_time_is_over(outbox: Outbox, database: Database, put: Put) -> None:
    made = put("e1", at=now() - AGO)
    (task,) = outbox.turn(rooms={"platform": 9, "other": 9})
    assert (task.id, task.destination, task.attempts) == (made.id, "platform", 1)
    assert (task.taken, task.created_at) == (False, made.created_at)
    assert task.body == msgspec.json.encode(made.message)
    other = Outbox(database, "other", LEASE)
    assert other.turn(rooms={"platform": 9}) == []
    _shift(database, -LEASE)
    (again,) = other.turn(rooms={"platform": 9})
    assert (again.id, again.attempts) == (made.id, 2)
    # Whoever was too slow changes nothing any more, unless it is done.
    outbox.turn([Result(id=made.id, state=DeliveryState.WAITING, next_at=now(), problem="late")])
    assert Deliveries(database).get(made.id).problem == ""
    receipt = Receipt(id=made.id, done=True)
    outbox.turn([Result(id=made.id, state=DeliveryState.DONE, receipt=receipt)])
    assert Deliveries(database).get(made.id).state is DeliveryState.DONE


def test_a_renewed_claim_holds_on(outbox: Outbox, database: Database, put: Put) -> None:
    made = put("e1", at=now() - AGO)
    outbox.turn(rooms={"platform": 9})
    _shift(database, -LEASE)
    outbox.turn(renew=[made.id])
    assert Outbox(database, "other", LEASE).turn(rooms={"platform": 9}) == []


def test_a_claim_that_is_given_up_is_as_if_it_never_was(
    outbox: Outbox, database: Database, put: Put
) -> None:
    made = put("e1")
    outbox.turn(rooms={"platform": 9})
    outbox.release([])
    outbox.release([made.id])
    (task,) = Outbox(database, "other", LEASE).turn(rooms={"platform": 9})
    assert task.attempts == 1


def test_no_more_is_claimed_than_there_is_room_for_and_the_oldest_first(
    outbox: Outbox, delivery: Make, store: Store
) -> None:
    at = now() - AGO
    for number in range(3):
        sent = [
            delivery(f"e{number}", name, action=kind, at=at + timedelta(seconds=number))
            for name in ("platform", "other")
            for kind in (ActionKind.BLOCK, ActionKind.SLOW)
        ]
        store(f"e{number}", *sent)
    first = outbox.turn(rooms={"platform": 3, "other": 0})
    assert [(task.destination, _event(task)) for task in first] == [
        ("platform", "e0"),
        ("platform", "e0"),
        ("platform", "e1"),
    ]
    rest = outbox.turn(rooms={"platform": 99})
    assert [_event(task) for task in rest] == ["e1", "e2", "e2"]
    assert len({*ids(list(first)), *ids(list(rest))}) == 6


def test_many_workers_claim_each_delivery_once(
    database: Database, delivery: Make, store: Store
) -> None:
    Destinations(database).create("platform", URL, actions=())
    for number in range(40):
        kinds = (ActionKind.BLOCK, ActionKind.SLOW, ActionKind.WARN_SENDER)
        store(f"e{number}", *(delivery(f"e{number}", action=kind) for kind in kinds))
    start = threading.Barrier(4)

    def work(number: int) -> list[str]:
        outbox = Outbox(database, f"worker {number}", LEASE)
        start.wait(30)
        found: list[str] = []
        for _ in range(30):
            found += ids(list(outbox.turn(rooms={"platform": 4})))
        return found

    with ThreadPoolExecutor(4) as pool:
        claimed = [one for found in pool.map(work, range(4)) for one in found]
    assert len(claimed) == len(set(claimed)) == 120


def test_results_say_how_it_went_on(outbox: Outbox, database: Database, put: Put) -> None:
    made = {name: put(name) for name in ("done", "sent", "waiting", "failed")}
    outbox.turn(rooms={"platform": 9})
    later = now() + AGO
    done = Receipt(id=made["done"].id, done=True, reference="r-1")
    taken = Receipt(id=made["sent"].id, done=False)
    outbox.turn(
        [
            Result(id=made["done"].id, state=DeliveryState.DONE, receipt=done, delay=0.2),
            Result(
                id=made["sent"].id,
                state=DeliveryState.SENT,
                receipt=taken,
                next_at=later,
                problem="it was taken, and is not confirmed yet",
            ),
            Result(
                id=made["waiting"].id,
                state=DeliveryState.WAITING,
                next_at=later,
                problem="it answered with status 500",
            ),
            Result(id=made["failed"].id, state=DeliveryState.FAILED, problem="it is gone"),
        ]
    )
    deliveries = Deliveries(database)
    now_done, now_sent, waiting, failed = (
        deliveries.get(made[name].id) for name in ("done", "sent", "waiting", "failed")
    )
    assert (now_done.state, now_done.receipt, now_done.next_at) == ("done", done, None)
    assert now_done.ended_at
    assert now_done.sent_at
    assert (now_sent.state, now_sent.receipt, now_sent.next_at) == ("sent", taken, later)
    assert (now_sent.ended_at, bool(now_sent.sent_at)) == (None, True)
    assert (waiting.state, waiting.next_at, waiting.sent_at) == ("waiting", later, None)
    assert waiting.problem == "it answered with status 500"
    assert (failed.state, failed.next_at, bool(failed.ended_at)) == ("failed", None, True)
    assert outbox.turn(rooms={"platform": 9}) == []
    assert _tallies(database)["deliveries_done"] == 1
    assert _tallies(database)["deliveries_failed"] == 1
    assert _tallies(database)["deliveries_delay_ms"] == 200
    assert _tallies(database)["deliveries_within_0.25"] == 1
    assert "deliveries_within_0.1" not in _tallies(database)
    delays = deliveries.delays()
    assert (delays["0.1"], delays["0.25"], delays["3600.0"], delays["+Inf"]) == (0, 1, 1, 1)


def test_what_was_taken_is_posted_again_when_it_is_time(
    outbox: Outbox, database: Database, put: Put
) -> None:
    made = put("e1")
    outbox.turn(rooms={"platform": 9})
    taken = Receipt(id=made.id, done=False)
    outbox.turn([Result(id=made.id, state=DeliveryState.SENT, receipt=taken, next_at=now())])
    (task,) = outbox.turn(rooms={"platform": 9})
    assert (task.taken, task.attempts) == (True, 2)
    kept = Result(id=made.id, state=DeliveryState.SENT, next_at=now(), problem="it is away")
    outbox.turn([kept])
    assert Deliveries(database).get(made.id).receipt == taken


def test_an_alarm_is_raised_once(outbox: Outbox, put: Put) -> None:
    late = put("e1", at=now() - AGO)
    put("e2")
    (alarm,) = outbox.alarm()
    assert (alarm.id, alarm.destination, alarm.event_id) == (late.id, "platform", "e1")
    assert (alarm.action, alarm.state) == ("block", DeliveryState.WAITING)
    assert outbox.alarm() == []


def test_who_gives_up_raises_the_alarm_alone(outbox: Outbox, put: Put) -> None:
    made = put("e1", at=now() - AGO)
    outbox.turn(rooms={"platform": 1})
    outbox.turn([Result(id=made.id, state=DeliveryState.FAILED, problem="it is gone")])
    assert outbox.alarm() == []


def test_what_is_tried_again_may_be_late_again(
    outbox: Outbox, database: Database, put: Put
) -> None:
    made = put("e1", at=now() - AGO)
    outbox.alarm()
    Deliveries(database).retry(made.id)
    assert outbox.alarm() == []
    _shift(database, -AGO)
    assert [alarm.id for alarm in outbox.alarm()] == [made.id]


def test_nothing_waits_for_ever_for_a_destination_that_is_gone(
    outbox: Outbox, database: Database, put: Put
) -> None:
    made = put("e1", "gone", at=now() - AGO)
    (alarm,) = outbox.alarm()
    assert (alarm.state, alarm.problem) == (DeliveryState.FAILED, DELETED)
    failed = Deliveries(database).get(made.id)
    assert (failed.state, failed.next_at, failed.problem) == ("failed", None, DELETED)
    assert failed.ended_at is not None
    assert now() - failed.ended_at < AGO


def _event(task: Task) -> str:
    return str(msgspec.json.decode(task.body)["event_id"])


def _shift(database: Database, by: timedelta) -> None:
    """Let time pass for all that is open."""
    columns = ("next_at", "held_until", "confirm_by")
    change = ", ".join(f"{column} = {column} + :by" for column in columns)
    with database.write() as connection:
        connection.execute(
            text(f"UPDATE deliveries SET {change} WHERE state <> 'done'"),  # noqa: S608
            {"by": int(by.total_seconds() * 1e6)},
        )


def _tallies(database: Database) -> dict[str, int]:
    with database.read() as connection:
        rows = connection.execute(text("SELECT name, value FROM tallies WHERE journal = 'me'"))
        return {row.name: row.value for row in rows}


def test_no_look_at_the_outbox_reads_what_is_done(migrated_file: Path, tmp_path: Path) -> None:
    """Millions of deliveries are done: those that are not must be found without them."""
    path = shutil.copy(migrated_file, tmp_path / "plans.db")
    database = Database.open(f"sqlite:///{path}")
    asked: list[tuple[str, Any]] = []

    def keep(*about: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own arguments
        _, _, statement, parameters, _, many = about
        asked.append((statement, parameters[0] if many else parameters))

    event.listen(database.engine, "before_cursor_execute", keep)
    Destinations(database).create("platform", URL, actions=())
    outbox, deliveries = Outbox(database, "me", LEASE), Deliveries(database)
    outbox.look()
    outbox.turn([Result(id="a", state=DeliveryState.SENT)], {"platform": 3}, ["b"])
    outbox.release(["a"])
    outbox.alarm()
    deliveries.counts()
    deliveries.list(state=DeliveryState.FAILED)
    deliveries.list(overdue=True)
    deliveries.retry_failed()
    reconcile(database, latest=9)
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        plans = [
            (statement, row[3])
            for statement, parameters in asked
            if "deliveries" in statement
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert len(plans) > 10
    whole = [plan for plan in plans if plan[1].startswith("SCAN deliveries")]
    partial = ("ix_deliveries_due", "ix_deliveries_open", "ix_deliveries_silent")
    assert [plan for plan in whole if not plan[1].endswith(partial)] == []


def test_what_the_platform_confirms_in_its_answer_is_told_once(
    outbox: Outbox, database: Database, put: Put, leaves: Callable[[], list[Leaf]]
) -> None:
    first, second, third = (put(f"e{number}", at=now() - AGO) for number in range(3))
    outbox.turn(rooms={"platform": 9})
    Deliveries(database).confirm(Receipt(id=third.id, done=True), by="key:1")
    told = len(leaves())
    receipt = Receipt(id=first.id, done=True, reference="theirs")
    outbox.turn(
        [
            Result(id=first.id, state=DeliveryState.DONE, receipt=receipt),
            Result(id=second.id, state=DeliveryState.SENT, next_at=now() + AGO),
            Result(id=third.id, state=DeliveryState.DONE),
        ]
    )
    (confirmed,) = leaves()[told:]
    assert (confirmed.by, confirmed.subject) == ("destination:platform", "e0")
    assert confirmed.data == {
        "did": "confirmed",
        "delivery": first.id,
        "action": "block",
        "destination": "platform",
    }
    outbox.turn([Result(id=first.id, state=DeliveryState.DONE)])
    assert leaves()[-1] == confirmed
