"""Writers of the same bytes, and whoever destroys them, at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import event, select
from tests.unit.storage.evidence.conftest import DETECTED_AT, item, sealed

from tutela.errors import Conflict
from tutela.model.custody.evidence import ItemFacts, ItemState
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.evidence.writing import write_item, write_object
from tutela.storage.journal import Journal
from tutela.storage.tables import events

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

LATER = DETECTED_AT + timedelta(days=31)
WRITERS = 3
ROUNDS = 25


def living(items: EvidenceItems) -> set[str]:
    """Objects that living items have."""
    return {one.object_id for one in items.list(limit=1000, state=ItemState.KEPT) if one.object_id}


def test_writers_of_bytes_that_are_being_destroyed(
    database: Database, make: Callable[..., Made]
) -> None:
    items, done = EvidenceItems(database), threading.Event()

    def write(writer: int) -> None:
        with Journal(database) as journal:
            for number in range(ROUNDS):
                # Only while little is left are objects destroyed that somebody is about to need.
                while len(items.due(LATER)) > WRITERS:
                    time.sleep(0.001)
                made = make(f"event-{writer}-{number}", matched=True)
                # Two kinds of bytes in either order, so that a wrong order of locks would show.
                new = [item(sealed(f"line {which}"), days=1) for which in (number % 2, writer % 2)]
                future = journal.record(made.event, made.outcome, made.case, items=new)
                future.result(60)

    def destroy() -> int:
        count = 0
        while not done.is_set():
            for one in items.due(LATER):
                count += items.destroy(one.id, "tutela", LATER) is not None
        return count

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        destroyers = [pool.submit(destroy) for _ in range(2)]
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        try:
            for one in writers:
                one.result(120)
        finally:
            done.set()
        assert sum(one.result(120) for one in destroyers) > 0
    assert living(items) == {one.id for one in items.living(limit=1000)}
    for left in items.due(LATER, limit=1000):
        items.destroy(left.id, "tutela", LATER)
    assert items.living() == []
    assert items.standing().items[ItemState.DESTROYED] == WRITERS * ROUNDS * 2


def test_two_who_destroy_the_last_two_items_of_an_object(
    database: Database, record: Callable[..., str]
) -> None:
    items = EvidenceItems(database)
    for number in range(ROUNDS):
        pair = [item(sealed(f"line {number}"), days=1) for _ in range(2)]
        record(*pair)
        start = threading.Barrier(2)

        def destroy(item_id: str, start: threading.Barrier = start) -> bool:
            start.wait(30)
            return items.destroy(item_id, "tutela", LATER) is not None

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(destroy, [one.id for one in pair])) == [False, True]
    assert items.living() == []


def test_an_object_that_somebody_is_about_to_need_is_not_destroyed(
    database: Database, record: Callable[..., str]
) -> None:
    items, old, new = EvidenceItems(database), item(sealed(), days=1), item(sealed())
    record(old)
    event_id = record()
    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            number = connection.scalar(select(events.c.seq).where(events.c.id == event_id))
            object_id = write_object(connection, sealed(), LATER)
            destroyed = pool.submit(items.destroy, old.id, "tutela", LATER)
            # Long enough for it to do harm, were it let.
            wait([destroyed], 0.5)
            assert number is not None
            write_item(connection, number, new, object_id, LATER)
        assert destroyed.result(30) is None
    assert items.get(old.id).state is ItemState.DESTROYED
    assert [one.id for one in items.living()] == [object_id]


def test_an_object_that_goes_while_it_is_being_taken_is_replaced(
    database: Database, record: Callable[..., str]
) -> None:
    items, old, new = EvidenceItems(database), item(sealed(), days=1), sealed()
    record(old)
    gone: list[bool] = []

    def destroy() -> None:
        if not gone:
            gone.append(True)
            gone.append(items.destroy(old.id, "tutela", LATER) is not None)

    @event.listens_for(database.engine, "after_cursor_execute")
    def between(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("INSERT INTO evidence_objects"):
            destroy()

    if database.dialect == "sqlite":  # nobody else writes within a transaction there
        destroy()
    with database.write() as connection:
        assert write_object(connection, new, LATER) == new.id
    assert gone == [True, True]


def test_a_hold_and_the_end_of_the_term_at_once(
    database: Database, record: Callable[..., str]
) -> None:
    items = EvidenceItems(database)
    for number in range(ROUNDS):
        new = item(sealed(f"line {number}"), days=1)
        record(new)
        start = threading.Barrier(2)

        def tried(change: Callable[[], object], start: threading.Barrier = start) -> bool:
            start.wait(30)
            try:
                change()
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            changes = (
                lambda item_id=new.id: items.hold(item_id, "why", "", "cli:ann"),
                lambda item_id=new.id: items.destroy(item_id, "tutela", LATER),
            )
            held, destroyed = pool.map(tried, changes)
        found = items.get(new.id)
        assert (held, destroyed) in {(True, False), (False, True)}
        assert (found.held, found.state is ItemState.DESTROYED) == (held, destroyed)


def test_the_same_bytes_handed_in_twice_at_once(
    database: Database, record: Callable[..., str]
) -> None:
    items = EvidenceItems(database)
    for number in range(ROUNDS):
        new = item()
        record(new)
        start = threading.Barrier(2)

        def hand_in(_: int, item_id: str = new.id, start: threading.Barrier = start) -> str | None:
            object_ = sealed(f"line {item_id}")
            facts = ItemFacts(digests=object_.digests, salt="0d" * 16)
            start.wait(30)
            return items.hand_in(item_id, object_, facts, "key:7").object_id

        with ThreadPoolExecutor(2) as pool:
            assert len(set(pool.map(hand_in, range(2)))) == 1
        assert len(items.living(limit=1000)) == number + 1
