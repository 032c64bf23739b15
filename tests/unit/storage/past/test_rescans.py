from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import PolicyReport, RescanState, RescanTally, Sample
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.banks import Banks
from tutela.storage.counts import Counts
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.past import rescans as module
from tutela.storage.past.growth import Growth
from tutela.storage.past.rescans import LEASE, NewRescan, Rescans
from tutela.storage.tables import rescans as table

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def rescans(database: Database, make: Callable[..., Made]) -> Rescans:
    """The re-scans of a database with five events and the bank `hills`."""
    with Journal(database) as journal:
        for number in range(5):
            made = make(f"event-{number}")
            journal.record(made.event, made.outcome).result(10)
    Banks(database).create("hills")
    return Rescans(database)


def silence(database: Database, number: int) -> None:
    """Let the process that holds a re-scan have been silent for too long."""
    with database.write() as connection:
        past = datetime.now(UTC) - LEASE - timedelta(seconds=1)
        connection.execute(update(table).where(table.c.id == number).values(beat_at=past))


def test_one_process_at_a_time(rescans: Rescans) -> None:
    number = rescans.ask(NewRescan(bank="hills"), "a test").id
    found = []
    threads = [
        threading.Thread(target=lambda name=str(n): found.append(rescans.claim(name)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [task.id for task in found if task is not None] == [number]


def test_what_a_silent_process_held_is_taken_over_where_it_stood(
    database: Database, rescans: Rescans
) -> None:
    number = rescans.ask(NewRescan(bank="hills"), "a test").id
    assert rescans.claim("first") is not None
    tally = RescanTally(events=2, signals=7)
    assert rescans.advance(number, "first", 2, tally)
    assert rescans.claim("second") is None
    silence(database, number)
    task = rescans.claim("second")
    assert task is not None
    assert (task.span.after, task.span.up_to, task.tally) == (2, 5, tally)
    assert not rescans.beat(number, "first")
    assert not rescans.advance(number, "first", 5, tally)
    assert not rescans.end(task, "first")
    assert rescans.beat(number, "second")
    assert rescans.get(number).progress == 0.4
    assert rescans.advance(number, "second", 5, RescanTally(events=5, signals=10))
    assert rescans.end(task, "second")
    assert rescans.get(number).state is RescanState.DONE
    assert Counts(database).counts()["signals_compared"] == 10


def test_a_pause_takes_it_away_and_a_resumption_goes_on(rescans: Rescans) -> None:
    number = rescans.ask(NewRescan(bank="hills"), "a test").id
    rescans.claim("a process")
    rescans.advance(number, "a process", 3, RescanTally(events=3))
    assert rescans.pause(number).state is RescanState.PAUSED
    assert not rescans.beat(number, "a process")
    assert rescans.claim("a process") is None
    rescans.resume(number)
    task = rescans.claim("another")
    assert task is not None
    assert task.span.after == 3


def test_a_failure_says_why_and_can_be_resumed(rescans: Rescans) -> None:
    number = rescans.ask(NewRescan(bank="hills"), "a test").id
    rescans.claim("a process")
    assert rescans.give_up(number, "a process", "it broke", failed=True)
    failed = rescans.get(number)
    assert (failed.state, failed.problem) == (RescanState.FAILED, "it broke")
    assert rescans.backlog().failed == 1
    assert rescans.resume(number).problem == ""
    assert rescans.cancel(number).state is RescanState.CANCELLED
    with pytest.raises(Conflict, match="cancelled"):
        rescans.resume(number)


def test_growth_goes_first_and_looks_at_the_end_twice(
    database: Database, rescans: Rescans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLE", timedelta(hours=1))
    asked = rescans.ask(NewRescan(bank="hills"), "a test").id
    Banks(database).change("hills", enabled=False)
    Growth(database).look()
    Banks(database).change("hills", enabled=True)
    grown = Growth(database).look()
    task = rescans.claim("a process")
    assert task is not None
    assert (task.id, task.tail) == (grown, False)
    assert rescans.end(task, "a process")
    assert rescans.get(task.id).state is RescanState.SETTLING
    other = rescans.claim("a process")
    assert other is not None
    assert other.id == asked, "it is not yet time for the second look"
    with database.write() as connection:
        connection.execute(update(table).values(again_at=LONG_AGO))
    again = rescans.claim("another")
    assert again is not None
    assert (again.id, again.tail, again.span.after) == (grown, True, 0)
    assert rescans.end(again, "another")
    assert rescans.get(again.id).state is RescanState.DONE


def test_a_report_is_kept(rescans: Rescans) -> None:
    new = NewRescan(policy="rules", policy_version="rules-1")
    number = rescans.ask(new, "a test").id
    task = rescans.claim("a process")
    assert task is not None
    assert task.scope.policy == "rules"
    report = PolicyReport(samples=(Sample(event_id="one", then=("allow",), now=("block",)),))
    rescans.advance(number, "a process", 1, RescanTally(), report)
    assert rescans.get(number).report == report


def test_pages_latest_first(rescans: Rescans) -> None:
    numbers = []
    for day in range(5):
        until = LONG_AGO + timedelta(days=day)
        numbers.append(rescans.ask(NewRescan(until=until), "a test").id)
    assert [one.id for one in rescans.list(limit=2)] == numbers[:-3:-1]
    assert [one.id for one in rescans.list(before=numbers[2])] == numbers[1::-1]


def test_a_range_begins_and_ends_with_its_events(rescans: Rescans) -> None:
    rescans.ask(NewRescan(since=LONG_AGO), "a test")
    task = rescans.claim("a process")
    assert task is not None
    assert (task.span.after, task.span.up_to) == (0, 5)
    rescans.end(task, "a process")
    rescans.ask(NewRescan(until=LONG_AGO), "a test")
    empty = rescans.claim("a process")
    assert empty is not None
    assert empty.span.after >= empty.span.up_to


def test_what_cannot_be_asked_for(database: Database, rescans: Rescans) -> None:
    Banks(database).create("harmless", allow=True)
    with pytest.raises(NotFound):
        rescans.ask(NewRescan(bank="nowhere"), "a test")
    with pytest.raises(InvalidInput, match="allow bank"):
        rescans.ask(NewRescan(bank="harmless"), "a test")
    with pytest.raises(NotFound):
        rescans.get(99)
    with pytest.raises(NotFound):
        rescans.pause(99)


def test_the_backlog_is_what_is_left(rescans: Rescans) -> None:
    number = rescans.ask(NewRescan(bank="hills"), "a test").id
    rescans.claim("a process")
    rescans.advance(number, "a process", 2, RescanTally())
    backlog = rescans.backlog()
    assert (backlog.open, backlog.events) == (1, 3)


def test_who_asked_paused_and_ended_a_rescan_is_told(
    rescans: Rescans, leaves: Callable[[], list[Leaf]]
) -> None:
    told = len(leaves())
    number = rescans.ask(NewRescan(bank="hills", since=LONG_AGO), "key:1").id
    with pytest.raises(Conflict):
        rescans.ask(NewRescan(bank="hills", since=LONG_AGO), "key:2")
    with pytest.raises(Conflict):
        rescans.resume(number, by="key:3")
    rescans.pause(number, by="key:4")
    rescans.resume(number, by="key:5")
    rescans.cancel(number, by="key:6")
    found = leaves()[told:]
    assert {(one.kind, one.subject) for one in found} == {(AuditKind.RESCAN, f"rescan:{number}")}
    assert [(one.by, one.data["did"]) for one in found] == [
        ("key:1", "asked"),
        ("key:4", "paused"),
        ("key:5", "resumed"),
        ("key:6", "cancelled"),
    ]
    assert found[0].data == {
        "did": "asked",
        "kind": "bank",
        "bank": "hills",
        "since": LONG_AGO.isoformat(),
        "record": False,
    }


def test_of_a_policy_its_version_is_told_and_not_its_text(
    rescans: Rescans, leaves: Callable[[], list[Leaf]]
) -> None:
    rescans.ask(NewRescan(policy="a text", policy_version="drill-1", record=True), "key:1")
    data = leaves()[-1].data
    assert (data["kind"], data["policy"], data["record"]) == ("policy", "drill-1", True)
    assert "a text" not in str(leaves())
