"""Twenty reviewers decide and are killed: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.conftest import read_leaves

from tutela.model.custody.leaf import AuditKind
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.tables import readings
from tutela.storage.tables import cases

FOLDER = Path(__file__).parent
REVIEWERS = [f"reviewer-{number}" for number in range(20)]
EVENTS = 900
KILLS = 8


def start(program: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(FOLDER / program), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> list[list[str]]:
    assert process.stdout is not None
    return [line.split() for line in process.stdout.readlines() if line.endswith("\n")]


@pytest.fixture
def opened(database: Database, database_url: str) -> Database:
    """A database with 300 cases, every other one for two readers, and twenty people."""
    with start("storing.py", "record", database_url, str(EVENTS)) as storing:
        said(storing)
    for name in REVIEWERS:
        Accounts(database).create(name, "reviewer")
    with database.write() as connection:
        connection.execute(
            update(cases).where(cases.c.event_seq % 2 == 0).values(readings_wanted=2)
        )
    return database


def test_no_decision_is_lost_none_counts_twice_and_each_claim_comes_back(
    opened: Database, database_url: str
) -> None:
    chance, told = random.Random(6), []  # noqa: S311 - no secret
    for _ in range(KILLS):
        with start("reviewing.py", database_url, *REVIEWERS) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            # Killed at work, however slow the machine is: after so many words, and a moment more.
            words = range(chance.randint(1, 12))
            told += [process.stdout.readline().split() for _ in words]
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
            told += said(process)
    assert all(told)  # nobody stopped by themselves
    assert len(told) >= KILLS
    with start("reviewing.py", database_url, *REVIEWERS) as process:
        told += said(process)
        assert process.wait() == 0
    _check(opened, told)


def _check(database: Database, told: list[list[str]]) -> None:
    with database.read() as connection:
        rows = {row.id: row for row in connection.execute(select(readings))}
        found = connection.execute(select(cases)).all()
        held = connection.scalar(select(func.count()).where(cases.c.claim.is_not(None)))
    counting = [row for row in rows.values() if row.undone_at is None]
    by_case = Counter(row.case_seq for row in counting)
    people = Counter((row.case_seq, row.account_id) for row in counting)
    assert len(found) == EVENTS // 3
    # Each case came to its end, by as many readings as it wanted, each of another person.
    assert {row.state for row in found} == {"decided"}
    assert by_case == {row.event_seq: row.readings_wanted for row in found}
    assert set(people.values()) == {1}
    assert held == 0
    assert Claims(database).next(Accounts(database).list()[0].id) is None
    # What anybody was told was stored is there.
    given = {int(line[2]) for line in told if line[0] == "given"}
    undone = {int(line[2]) for line in told if line[0] == "undone"}
    assert len(given) > len(found)
    assert given <= set(rows)
    assert all(rows[number].undone_at is not None for number in undone)
    # And the log has one leaf for each reading, and one for each that was taken back.
    leaves = [leaf for leaf in read_leaves(database) if leaf.kind is AuditKind.READING]
    did = Counter(str(leaf.data["did"]) for leaf in leaves)
    assert did == {"given": len(rows), "undone": len(rows) - len(counting)}
