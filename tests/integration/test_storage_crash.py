"""Real processes that are killed without warning, and processes that share one database."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from tutela.storage import imports as imports_module
from tutela.storage.banks import Banks
from tutela.storage.counts import Counts, reconcile
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.events import Events
from tutela.storage.tables import (
    cases,
    decisions,
    entries,
    entry_signals,
    events,
    imports,
    kept_signals,
)

PROGRAM = Path(__file__).parent / "storing.py"
EVENTS = 1_000


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, PROGRAM, *arguments], stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process


def lines_until_killed(process: subprocess.Popen[str], lines: int, pause: float) -> list[str]:
    """Everything that a process says that is killed a moment after it has said some lines."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    time.sleep(pause)
    process.kill()
    said += process.stdout.readlines()
    assert process.wait() == -signal.SIGKILL
    return [line.strip() for line in said if line.endswith("\n")]


def count(database: Database, table: Table) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).select_from(table)).one()


def decided(database: Database) -> Counter[str]:
    """How many decisions each event has."""
    joined = events.join(decisions, decisions.c.event_seq == events.c.seq)
    with database.read() as connection:
        return Counter(connection.scalars(select(events.c.id).select_from(joined)).all())


@pytest.mark.parametrize("round_", range(3))
def test_what_was_acknowledged_survives_a_kill_whole(
    database: Database, database_url: str, round_: int
) -> None:
    chance = random.Random(f"{time.time_ns()}{round_}")  # noqa: S311 - no secret
    lines, pause = chance.randrange(EVENTS - 200), chance.uniform(0, 0.02)
    with started("record", database_url, str(EVENTS)) as process:
        acknowledged = lines_until_killed(process, lines, pause)
    assert lines <= len(acknowledged) < EVENTS
    _check(database, acknowledged)
    with started("record", database_url, str(EVENTS)) as process:
        again, _ = process.communicate()
    assert process.returncode == 0
    assert sorted(again.split()) == sorted(f"event-{number}" for number in range(EVENTS))
    _check(database, again.split())
    assert count(database, cases) == len(range(0, EVENTS, 3))


def _check(database: Database, acknowledged: list[str]) -> None:
    found = decided(database)
    assert set(acknowledged) <= set(found)
    assert set(found.values()) <= {1}
    assert len(found) == count(database, events) == count(database, kept_signals)
    assert reconcile(database).sound
    counts = Counts(database).counts()
    assert counts["events"] == counts["decisions"] == len(found)
    assert counts["cases"] == counts["cases_open"] == count(database, cases)
    if acknowledged:
        assert Events(database).get(acknowledged[-1]).outcome.event_id == acknowledged[-1]


def test_a_killed_import_is_never_seen(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Banks(database).create("hills")
    lists = Entries(database)
    with started("import", database_url, "hills", "30000", "0.05") as process:
        said = lines_until_killed(process, 2, 0.02)
    assert "done" not in said
    assert count(database, entries) >= 10_000
    assert lists.version() == 1
    assert list(lists.load("pdq")) == []
    assert Banks(database).get("hills").entries == 0
    lists.tidy()  # its process might still be at work
    assert count(database, imports) == 1
    monkeypatch.setattr(imports_module, "ABANDONED_AFTER", timedelta(0))
    lists.tidy()
    assert [count(database, table) for table in (imports, entries, entry_signals)] == [0, 0, 0]
    with started("import", database_url, "hills", "12000", "0") as process:
        process.communicate()
    assert process.returncode == 0
    assert Banks(database).get("hills").entries == sum(len(c.codes) for c in lists.load("pdq"))


def test_processes_share_a_database_without_failing(database: Database, database_url: str) -> None:
    Banks(database).create("hills")
    Banks(database).create("lakes")
    with (
        started("record", database_url, str(EVENTS)) as one,
        started("record", database_url, str(EVENTS)) as other,
        started("import", database_url, "hills", "12000", "0") as hills,
        started("import", database_url, "lakes", "12000", "0") as lakes,
    ):
        said = [process.communicate()[0].split() for process in (one, other, hills, lakes)]
    assert {process.returncode for process in (one, other, hills, lakes)} == {0}
    assert [len(set(words)) for words in said[:2]] == [EVENTS, EVENTS]
    _check(database, said[0])
    assert {bank.entries for bank in Banks(database).list()} == {12_000}
    loaded = Counter(
        bank_id for chunk in Entries(database).load("pdq") for bank_id in chunk.bank_ids.tolist()
    )
    assert set(loaded.values()) == {12_000}
    assert Entries(database).version() == 4
