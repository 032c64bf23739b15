from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select, update

from tutela.model import ActionKind, Destination, NewEntry
from tutela.response.routing import Routes
from tutela.storage.banks import Banks
from tutela.storage.counts import Counts, reconcile
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.tables import (
    actions,
    cases,
    decisions,
    deliveries,
    events,
    kept_signals,
    matches,
)

if TYPE_CHECKING:
    from sqlalchemy import Table
    from tests.unit.storage.conftest import Made


def fill(database: Database, make: Callable[..., Made], *, start: int = 0) -> None:
    with Journal(database) as journal:
        made = [make(f"e{number}", matched=number % 4 == 0) for number in range(start, start + 8)]
        for one in made + made:
            journal.record(one.event, one.outcome, one.case).result(30)


def test_an_empty_database_counts_nothing(database: Database) -> None:
    counts = Counts(database).counts()
    assert set(counts.values()) == {0}
    assert {"events", "events_not_checked", "cases_open", "entries", "matches_pdq"} <= set(counts)


def test_counts_are_what_the_tables_hold(
    database: Database, make: Callable[..., Made], hill: Callable[..., NewEntry]
) -> None:
    fill(database, make)
    fill(database, make, start=8)
    Banks(database).create("hills")
    Banks(database).create("lakes")
    Entries(database).add("hills", [hill() for _ in range(3)])
    counts = Counts(database).counts()
    assert {name: count for name, count in counts.items() if count} == {
        "events": 16,
        "events_match": 4,
        "events_clear": 12,
        "decisions": 16,
        "actions_allow": 12,
        "actions_block": 4,
        "actions_open_case": 4,
        "matches_pdq": 4,
        "cases": 4,
        "cases_open": 4,
        "signals_kept": 32,
        "banks": 2,
        "entries": 3,
    }
    tables = {"events": events, "decisions": decisions, "signals_kept": kept_signals}
    with database.read() as connection:
        for name, table in tables.items():
            assert connection.scalar(select(func.count()).select_from(table)) == counts[name]


def test_deleted_entries_and_banks_no_longer_count(
    database: Database, hill: Callable[..., NewEntry]
) -> None:
    for name in ("hills", "lakes"):
        Banks(database).create(name)
        Entries(database).add(name, [hill() for _ in range(3)])
    Entries(database).delete(1)
    Banks(database).delete("lakes")
    counts = Counts(database).counts()
    assert (counts["banks"], counts["entries"]) == (1, 2)


def test_a_sound_database_reconciles(database: Database, make: Callable[..., Made]) -> None:
    assert reconcile(database).sound
    fill(database, make)
    assert reconcile(database).sound


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (cases, "caseless"),
        (matches, "matchless"),
        (actions, "actionless"),
        (decisions, "undecided"),
    ],
)
def test_what_is_missing_is_found(
    database: Database, make: Callable[..., Made], table: Table, found: str
) -> None:
    fill(database, make)
    last_match = 5
    with database.write() as connection:
        connection.execute(delete(table).where(table.c.event_seq == last_match))
    result = reconcile(database)
    assert not result.sound
    assert getattr(result, found) == 1
    assert getattr(reconcile(database, latest=4), found) == 1
    assert reconcile(database, latest=3).sound


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"next_at": None}, "stalled"),
        ({"next_at": None, "state": "sent"}, "stalled"),
        ({"state": "failed"}, "stalled"),
        ({"next_at": None, "state": "done"}, "unproven"),
    ],
)
def test_an_action_that_is_nowhere_is_found(
    database: Database, make: Callable[..., Made], change: dict[str, str | None], found: str
) -> None:
    made = make("e1", matched=True)
    routes = Routes(
        (Destination(name="platform", url="https://a.example/", actions=(ActionKind.BLOCK,)),)
    )
    sent = routes.deliveries(made.event, made.outcome.decision, made.case, made.event.received_at)
    with Journal(database) as journal:
        journal.record(made.event, made.outcome, made.case, sent).result(30)
    assert len(sent) == 1
    assert reconcile(database).sound
    with database.write() as connection:
        connection.execute(update(deliveries).values(**change))
    result = reconcile(database)
    assert not result.sound
    assert getattr(result, found) == 1
