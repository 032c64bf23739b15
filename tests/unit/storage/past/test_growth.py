from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import insert, select, update

from tutela.model import NewEntry, RescanKind
from tutela.model.custody.leaf import PROGRAM, AuditKind, Leaf
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.past import growth
from tutela.storage.past.growth import Growth
from tutela.storage.past.rescans import Rescans
from tutela.storage.past.scope import Scope
from tutela.storage.tables import imports, parkings, rescans

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made


@pytest.fixture
def lists(database: Database, make: Callable[..., Made]) -> Database:
    """A database with one event and the empty bank `hills`, all of which was looked at."""
    with Journal(database) as journal:
        journal.record(make("one").event, make("one").outcome).result(10)
    Banks(database).create("hills")
    assert Growth(database).look() is None
    return database


def scope_of(database: Database, number: int | None) -> Scope:
    with database.read() as connection:
        text = connection.scalar(select(rescans.c.scope).where(rescans.c.id == number))
    assert text is not None
    return msgspec.json.decode(text, type=Scope)


def test_added_entries_are_a_growth_once(lists: Database, hill: Callable[..., NewEntry]) -> None:
    version = Entries(lists).add("hills", [hill(), hill()]).version
    number = Growth(lists).look()
    assert scope_of(lists, number) == Scope(after=version - 1, up_to=version)
    assert Growth(lists).look() is None
    assert Rescans(lists).get(number or 0).kind is RescanKind.GROWTH


def test_growths_that_come_close_together_become_one(
    lists: Database, hill: Callable[..., NewEntry]
) -> None:
    first = Entries(lists).add("hills", [hill()]).version
    number = Growth(lists).look()
    last = Entries(lists).add("hills", [hill()]).version
    assert Growth(lists).look() == number
    assert scope_of(lists, number) == Scope(after=first - 1, up_to=last)
    task = Rescans(lists).claim("a process")
    assert task is not None
    Entries(lists).add("hills", [hill()])
    assert Growth(lists).look() != number, "what has begun does not change under way"


def test_an_entry_that_counts_again_and_one_that_does_not(
    lists: Database, hill: Callable[..., NewEntry]
) -> None:
    entry = Entries(lists).add("hills", [hill()]).first_id
    Growth(lists).look()
    Rescans(lists).claim("a process")
    Entries(lists).disable(entry)
    assert Growth(lists).look() is None
    Entries(lists).enable(entry)
    assert scope_of(lists, Growth(lists).look()).entries == (entry,)


def test_an_entry_with_a_distance_of_its_own(
    lists: Database, hill: Callable[..., NewEntry]
) -> None:
    entry = Entries(lists).add("hills", [hill()]).first_id
    Growth(lists).look()
    Rescans(lists).claim("a process")
    Entries(lists).set_distance(entry, 20)
    assert scope_of(lists, Growth(lists).look()).entries == (entry,)


def test_an_entry_whose_time_out_is_over(
    lists: Database, hill: Callable[..., NewEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entries(lists).add("hills", [hill()]).first_id
    Entries(lists).disable(entry, datetime.now(UTC) + timedelta(hours=1))
    assert scope_of(lists, Growth(lists).look()).entries == ()
    Rescans(lists).claim("a process")
    # The clock goes on by two hours, and nobody changes anything.
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(growth, "now", lambda: later)
    assert scope_of(lists, Growth(lists).look()).entries == (entry,)
    assert Growth(lists).look() is None


def test_an_entry_that_is_no_longer_parked(
    lists: Database, hill: Callable[..., NewEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entries(lists).add("hills", [hill()])
    Growth(lists).look()
    Rescans(lists).claim("a process")
    with lists.write() as connection:
        row = {"entry_id": entry.first_id, "bank_id": 1, "parked_at": datetime.now(UTC)}
        parked = {**row, "contents": 9, "allowed": 3, "note": ""}
        number = connection.execute(insert(parkings).returning(parkings.c.id), parked).scalar_one()
    monkeypatch.setattr(growth, "LAPSE_EVERY", timedelta(0))
    assert Growth(lists).look() is None
    Parkings(lists).release(number, by="a test")
    assert scope_of(lists, Growth(lists).look()).entries == (entry.first_id,)


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        ({"enabled": False}, {"enabled": True}, True),
        ({"enabled": True}, {"enabled": False}, False),
        ({"distance": 20}, {"distance": 21}, True),
        ({"distance": 20}, {"distance": 19}, False),
        ({}, {"source": "elsewhere"}, False),
    ],
)
def test_a_bank_that_reaches_further(
    lists: Database, before: dict[str, int], after: dict[str, int], *, grown: bool
) -> None:
    bank = Banks(lists).change("hills", **before)  # type: ignore[arg-type]
    Growth(lists).look()
    Banks(lists).change("hills", **after)  # type: ignore[arg-type]
    number = Growth(lists).look()
    assert (number is not None) == grown
    if grown:
        assert scope_of(lists, number).banks == (bank.id,)


def test_what_never_finds_is_no_growth(lists: Database, hill: Callable[..., NewEntry]) -> None:
    Banks(lists).create("harmless", allow=True)
    Entries(lists).add("harmless", [hill()])
    assert Growth(lists).look() is None
    entry = Entries(lists).add("hills", [hill()]).first_id
    Growth(lists).look()
    Rescans(lists).claim("a process")
    Entries(lists).delete(entry)
    assert Growth(lists).look() is None


def test_without_a_past_nothing_is_compared_but_the_first_upload_is_not_missed(
    database: Database, make: Callable[..., Made], hill: Callable[..., NewEntry]
) -> None:
    Banks(database).create("hills")
    Entries(database).add("hills", [hill()])
    assert Growth(database).look() is None
    with Journal(database) as journal:
        journal.record(make("one").event, make("one").outcome).result(10)
    assert Growth(database).look() is not None, "it may have been compared without the entry"


def test_without_a_past_old_growth_is_forgotten(
    database: Database, make: Callable[..., Made], hill: Callable[..., NewEntry]
) -> None:
    Banks(database).create("hills")
    Entries(database).add("hills", [hill()])
    with database.write() as connection:
        hour = timedelta(hours=1)
        connection.execute(update(imports).values(touched_at=datetime.now(UTC) - hour))
    assert Growth(database).look() is None
    with Journal(database) as journal:
        journal.record(make("one").event, make("one").outcome).result(10)
    assert Growth(database).look() is None


def test_several_that_look_at_once_queue_it_once(
    lists: Database, hill: Callable[..., NewEntry]
) -> None:
    Entries(lists).add("hills", [hill()])
    found: list[int | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(Growth(lists).look())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([number for number in found if number is not None]) == 1
    assert len(Rescans(lists).list()) == 1


def test_what_the_program_asks_for_by_itself_is_told_once(
    lists: Database, hill: Callable[..., NewEntry], leaves: Callable[[], list[Leaf]]
) -> None:
    Entries(lists).add("hills", [hill()])
    told = len(leaves())
    number = Growth(lists).look()
    Entries(lists).add("hills", [hill()], by="key:1")
    assert Growth(lists).look() == number
    asked, _ = leaves()[told:]
    assert (asked.kind, asked.by, asked.subject) == (
        AuditKind.RESCAN,
        PROGRAM,
        f"rescan:{number}",
    )
    assert asked.data == {"did": "asked", "kind": "growth"}
