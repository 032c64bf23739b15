"""Gathering and uncovering are killed: no event is lost, none stands twice, each look is told."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select
from tests.conftest import read_leaves
from tests.unit.storage.review.filing import Filed, file_cases

from tutela.model.custody.leaf import AuditKind
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.tables import case_changes, case_pieces, exposures
from tutela.storage.tables import cases, events

PROGRAM = Path(__file__).parent / "looking.py"
CASES = 180
ACTORS = 12
PEOPLE = 4


def said(*words: str) -> list[list[str]]:
    command = [sys.executable, str(PROGRAM), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [line.split() for line in done.stdout.splitlines()]


def test_gathering_loses_no_event_and_joins_none_twice(
    database: Database, database_url: str
) -> None:
    filed = [
        Filed(f"e{number}", actor=f"actor {number % ACTORS}", receivers=number % 3, minutes=number)
        for number in range(CASES)
    ]
    file_cases(database, filed)
    told = said("gather", database_url, "8")
    assert told[-1] == ["done"]
    assert told.count(["begun"]) > told.count(["done"]) + 1, "some were killed at work"
    with database.read() as connection:
        found = {row.event_seq: row for row in connection.execute(select(cases))}
        changes = connection.execute(select(case_changes)).all()
        pieces = set(connection.scalars(select(case_pieces.c.event_seq)))
        assert connection.scalar(select(func.count()).select_from(events)) == CASES
    assert len(found) == CASES
    assert all(row.gathered_at is not None for row in found.values())
    roots = {seq: row for seq, row in found.items() if row.root is None}
    joined = {seq: row.root for seq, row in found.items() if row.root is not None}
    assert set(joined.values()) <= set(roots)
    assert {row.state for row in roots.values()} == {"open"}
    assert {found[seq].state for seq in joined} == {"gathered"}
    standing = Counter(joined.values())
    # Of each actor one case is left, which has all events and their receivers, each of them once.
    assert len(roots) == ACTORS
    assert {row.actor for row in roots.values()} == {one.actor for one in filed}
    assert {seq: row.events for seq, row in roots.items()} == {s: standing[s] + 1 for s in roots}
    assert {row.revision - 1 for row in roots.values()} == set(standing.values())
    assert sum(row.reach for row in roots.values()) == sum(1 + one.receivers for one in filed)
    assert pieces <= set(roots)
    # It stands written down once for each that joined, and so it does in the log.
    assert {one.other_seq: one.case_seq for one in changes} == joined
    assert len(changes) == len(joined)
    leaves = [leaf for leaf in read_leaves(database) if leaf.kind is AuditKind.CASE]
    assert sorted(str(leaf.data["other"]) for leaf in leaves) == sorted(
        found[seq].id for seq in joined
    )


def test_nothing_is_uncovered_without_its_leaf(database: Database, database_url: str) -> None:
    file_cases(database, [Filed(f"e{number}") for number in range(PEOPLE)])
    accounts, claims = Accounts(database), Claims(database)
    people = [accounts.create(f"reader-{number}", "reviewer").id for number in range(PEOPLE)]
    held = {f"case-e{number}": people[number] for number in range(PEOPLE)}
    for case_id, account_id in held.items():
        claims.take(case_id, account_id)
    told = said("look", database_url, "8", *(f"{one}={who}" for one, who in held.items()))
    assert told[-1] == ["done"]
    assert told.count(["begun"]) > told.count(["done"]) + 1, "some were killed at work"
    with database.read() as connection:
        seen = connection.execute(select(exposures, cases.c.id.label("case_id")).join(cases)).all()
    leaves = [leaf for leaf in read_leaves(database) if leaf.kind is AuditKind.LOOK]
    # One leaf for each, and one for each leaf.
    assert Counter((one.case_id, one.item, one.kind) for one in seen) == Counter(
        (str(leaf.data["case"]), leaf.subject, str(leaf.data["shown"])) for leaf in leaves
    )
    assert len({one.item for one in seen}) == len(seen)
    # Whatever anybody was told had begun is there; what was told to have ended has.
    rows = {one.id: one for one in seen}
    assert {int(line[1]) for line in told if line[0] == "began"} <= set(rows)
    assert all(rows[int(line[1])].told for line in told if line[0] == "ended")
    # Of each person one thing lasts at most: what a killed process left open ended by the next.
    lasting = Counter(one.account_id for one in seen if one.milliseconds is None)
    assert set(lasting.values()) <= {1}
