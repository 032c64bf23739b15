from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import event, func, select, text

from tutela.errors import Conflict, InvalidInput, Unavailable
from tutela.model import Content, Gap, GapReason, Outcome, Signal
from tutela.storage import database as database_module
from tutela.storage.counts import Counts, reconcile
from tutela.storage.database import Database
from tutela.storage.events import Events
from tutela.storage.journal import Journal
from tutela.storage.tables import actions, cases, decisions, events, kept_signals, matches

if TYPE_CHECKING:
    from tests.conftest import PostgresServer
    from tests.unit.storage.conftest import Made

Make = Callable[..., "Made"]


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    with Journal(database) as journal:
        yield journal


def record(journal: Journal, made: Made) -> Future[Outcome]:
    return journal.record(made.event, made.outcome, made.case)


def rows(database: Database) -> dict[str, int]:
    tables = (events, decisions, actions, matches, cases, kept_signals)
    with database.read() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        }


def test_everything_of_an_event_is_stored(journal: Journal, database: Database, make: Make) -> None:
    made = make("e1", matched=True)
    assert record(journal, made).result(30) == made.outcome
    assert rows(database) == {
        "events": 1,
        "decisions": 1,
        "actions": 2,
        "matches": 1,
        "cases": 1,
        "kept_signals": 2,
    }
    file = Events(database).get("e1")
    assert (file.event, file.outcome) == (made.event, made.outcome)


def test_what_is_acknowledged_is_seen_by_others(
    journal: Journal, database_url: str, make: Make
) -> None:
    made = make("e1")
    record(journal, made).result(30)
    other = Database.open(database_url)
    assert Events(other).get("e1").outcome == made.outcome
    other.close()


def test_the_same_event_again_gives_the_stored_outcome(
    journal: Journal, database: Database, make: Make
) -> None:
    first = make("e1", matched=True)
    record(journal, first).result(30)
    again = make("e1")
    assert again.event.digest == first.event.digest
    assert record(journal, again).result(30) == first.outcome
    assert rows(database)["decisions"] == 1
    stored = journal.find("e1")
    assert stored is not None
    assert (stored.digest, stored.outcome) == (first.event.digest, first.outcome)
    assert journal.find("e2") is None


def test_the_same_id_with_another_body_is_a_conflict(
    journal: Journal, database: Database, make: Make
) -> None:
    first = make("e1")
    record(journal, first).result(30)
    with pytest.raises(Conflict, match="id"):
        record(journal, make("e1", "other")).result(30)
    assert Events(database).get("e1").outcome == first.outcome


def test_twins_in_one_transaction(database: Database, make: Make) -> None:
    """The writer is held up, so that all of these wait and go together."""
    with Journal(database) as journal:
        held = _held(database)
        first = record(journal, make("x0"))
        futures = [record(journal, make("e1", body)) for body in ("", "", "other", "")]
        neighbour = record(journal, make("e2"))
        next(held, None)
        assert first.result(30).event_id == "x0"
        results = {futures[number].result(30) for number in (0, 1, 3)}
        assert results == {make("e1").outcome}
        with pytest.raises(Conflict):
            futures[2].result(30)
        assert neighbour.result(30).event_id == "e2"
    assert rows(database)["events"] == 3


def _held(database: Database) -> Iterator[None]:
    """Keep others from writing until the next step."""
    blocker = _blocker(database)
    next(blocker)
    return blocker


def _blocker(database: Database) -> Iterator[None]:
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("LOCK TABLE events IN EXCLUSIVE MODE"))
        yield


def test_two_journals_agree_on_each_event(database_url: str, make: Make) -> None:
    """Several processes get the same events in different order at the same time."""
    databases = [Database.open(database_url) for _ in range(3)]
    journals = [Journal(database, batch=7) for database in databases]
    made = [make(f"e{number}", matched=number % 3 == 0) for number in range(100)]
    orders = (made, made[::-1], made[50:] + made[:50])
    with ThreadPoolExecutor(3) as pool:
        futures = pool.map(
            lambda pair: [record(pair[0], one) for one in pair[1]],
            zip(journals, orders, strict=True),
        )
        for own, order in zip(futures, orders, strict=True):
            assert [future.result(60) for future in own] == [one.outcome for one in order]
    for journal in journals:
        journal.close()
    assert rows(databases[0])["decisions"] == 100
    assert reconcile(databases[0]).sound
    assert Counts(databases[0]).counts()["events"] == 100
    for database in databases:
        database.close()


@pytest.mark.parametrize("position", [0, 4, 9])
def test_a_bad_event_does_not_harm_its_neighbours(
    database: Database, make: Make, position: int
) -> None:
    bad = make("bad", matched=True)
    taken = make("taken", matched=True)
    assert bad.case is not None
    assert taken.case is not None
    clash = msgspec.structs.replace(bad.case, id=taken.case.id)
    with Journal(database) as journal:
        record(journal, taken).result(30)
        held = _held(database)
        first = record(journal, make("x0"))
        futures = []
        for number in range(10):
            if number == position:
                failing = journal.record(bad.event, bad.outcome, clash)
            futures.append(record(journal, make(f"e{number}")))
        next(held, None)
        first.result(30)
        assert [f.result(30).event_id for f in futures] == [f"e{n}" for n in range(10)]
        with pytest.raises(InvalidInput, match="cannot be stored"):
            failing.result(30)
        assert journal.find("bad") is None
    assert rows(database)["events"] == 12
    assert reconcile(database).sound


@pytest.mark.parametrize("surface", ["\ud800", "a\0b"])
def test_text_that_a_database_may_not_take(journal: Journal, make: Make, surface: str) -> None:
    made = make("e1")
    odd = msgspec.structs.replace(made.event, surface=surface)
    future = journal.record(odd, made.outcome)
    if (error := future.exception(30)) is not None:
        assert isinstance(error, InvalidInput)
        assert journal.find("e1") is None
    record(journal, make("e2")).result(30)


def test_a_signal_that_is_not_canonical_is_refused(journal: Journal, make: Make) -> None:
    made = make("e1")
    content = Content(signals=(Signal(kind="pdq", value="NOT HEX"),))
    odd = msgspec.structs.replace(made.event, contents=(content,))
    with pytest.raises(InvalidInput):
        journal.record(odd, made.outcome).result(30)


def test_signals_are_kept_only_where_wanted(database: Database, make: Make) -> None:
    with Journal(database, keep_signals=False) as journal:
        record(journal, make("e1")).result(30)
    assert rows(database)["kept_signals"] == 0
    assert all(content.signals == () for content in Events(database).get("e1").event.contents)


def test_too_many_waiting_events_are_refused_without_waiting(
    database: Database, make: Make
) -> None:
    with Journal(database, capacity=5, batch=1) as journal:
        held = _held(database)
        futures = [record(journal, make(f"e{number}")) for number in range(20)]
        refused = [future for future in futures if future.done()]
        assert len(refused) >= 14
        for future in refused:
            with pytest.raises(Unavailable, match="wait"):
                future.result(0)
        next(held, None)
        stored = [future.result(30) for future in futures if future not in refused]
    assert rows(database)["events"] == len(stored)


def test_closing_writes_what_waits_and_then_refuses(database: Database, make: Make) -> None:
    journal = Journal(database, batch=3)
    futures = [record(journal, make(f"e{number}")) for number in range(50)]
    journal.close()
    assert all(future.done() for future in futures)
    assert rows(database)["events"] == 50
    with pytest.raises(Unavailable, match="closed"):
        record(journal, make("late")).result(0)
    journal.close()


def test_an_impatient_caller_changes_nothing(
    journal: Journal, database: Database, make: Make
) -> None:
    async def hurry() -> None:
        held = _held(database)
        waiting = asyncio.wrap_future(record(journal, make("e1")))
        waiting.cancel()
        next(held, None)
        await asyncio.wrap_future(record(journal, make("e2")))

    asyncio.run(hurry())
    assert journal.find("e1") is not None
    assert journal.find("e2") is not None


def test_a_locked_database_fails_the_waiting_and_the_writer_lives_on(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LOCK_SECONDS", 0.05)
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.migrate()
    with Journal(database) as journal:
        other = sqlite3.connect(tmp_path / "tutela.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            record(journal, make("e1")).result(30)
        other.execute("ROLLBACK")
        other.close()
        assert record(journal, make("e1")).result(30).event_id == "e1"
    database.close()


def test_a_full_disk_fails_the_waiting_and_the_writer_lives_on(tmp_path: Path, make: Make) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.migrate()
    limit = threading.Event()

    def large(event_id: str) -> Made:
        """An event that is larger than what a page of the file may still have room for."""
        made = make(event_id)
        gap = Gap(reason=GapReason.DAMAGED, detail="x" * 20_000)
        made.outcome = msgspec.structs.replace(made.outcome, gaps=(gap,))
        return made

    limit.set()

    def limit_pages(connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        wanted = pages if limit.is_set() else 1_000_000
        connection.execute(f"PRAGMA max_page_count = {wanted}").close()

    event.listen(database.engine, "checkout", limit_pages)
    with Journal(database) as journal:
        held = _held(database)
        record(journal, large("x0"))  # goes alone, as soon as the others wait
        futures = [record(journal, large(f"e{number}")) for number in range(200)]
        next(held, None)
        for future in futures:
            with pytest.raises(Unavailable, match="full"):
                future.result(30)
        limit.clear()
        for future in [record(journal, large(f"e{number}")) for number in range(200)]:
            future.result(30)
    assert rows(database)["decisions"] in {200, 201}
    assert reconcile(database).sound
    database.close()


@pytest.mark.postgres
def test_a_lost_connection_fails_only_what_was_being_written(
    postgres: PostgresServer, make: Make
) -> None:
    database = Database.open(postgres.emptied())
    ours = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with Journal(database) as journal:
        record(journal, make("e1")).result(30)
        with database.write() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {ours}"))
        assert record(journal, make("e2")).result(30).event_id == "e2"
        held = _held(database)
        waiting = record(journal, make("e3"))
        blocked = text(f"SELECT pg_terminate_backend(pid) {ours} AND wait_event_type = 'Lock'")
        ended = 0
        while not ended:
            with database.write() as connection:
                ended = len(connection.execute(blocked).all())
        with pytest.raises(Unavailable):
            waiting.result(30)
        next(held, None)
        assert record(journal, make("e3")).result(30).event_id == "e3"
    assert rows(database)["decisions"] == 3
    database.close()
