"""The log in a database: what is appended is found again, and proven by few rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from tutela.errors import InvalidInput, NotFound
from tutela.merkle import (
    EMPTY_ROOT,
    Edge,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.audit.log import append
from tutela.storage.audit.reading import AuditLog, Checkpoint
from tutela.storage.custody_tables import audit_leaves, audit_nodes
from tutela.storage.database import Database

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def decisions(count: int, start: int = 0) -> list[NewLeaf]:
    return [
        NewLeaf(kind=AuditKind.DECISION, by="tutela", subject=f"event-{number}")
        for number in range(start, start + count)
    ]


def fill(database: Database, leaves: Sequence[NewLeaf], at: datetime | None = None) -> int:
    with database.write() as connection:
        return append(connection, leaves, at)


def roots(log: AuditLog, size: int) -> list[bytes]:
    """The root at every size from 0."""
    edge, found = Edge(), [EMPTY_ROOT]
    for leaf in log.leaves(0, size):
        edge.append(leaf_hash(leaf.text.encode()))
        found.append(edge.root())
    return found


def test_an_empty_log_has_a_name_and_no_leaves(database: Database) -> None:
    log = AuditLog(database)
    head = log.head()
    assert (head.size, head.root) == (0, EMPTY_ROOT)
    assert head.origin.startswith("tutela-")
    assert log.root(0) == EMPTY_ROOT
    assert log.latest_checkpoint() is None
    assert not log.page()


def test_leaves_are_found_as_they_were_written(database: Database) -> None:
    log = AuditLog(database)
    new = NewLeaf(
        kind=AuditKind.HOLD, by="cli:root", subject="item-é", data={"b": 1, "a": None, "c": True}
    )
    assert log.write(decisions(3)) == 0
    assert log.write([new]) == 3
    (stored,) = log.leaves(3, 9)
    leaf = stored.leaf
    assert (leaf.index, leaf.kind, leaf.by, leaf.subject) == (3, new.kind, new.by, new.subject)
    assert dict(leaf.data) == dict(new.data)
    assert stored.hash == leaf_hash(stored.text.encode())
    assert (stored.subject, stored.kind, stored.by) == ("item-é", "hold", "cli:root")
    assert log.leaf(3) == stored
    assert log.head().at == leaf.at
    with pytest.raises(NotFound):
        log.leaf(4)


def test_a_clock_that_went_back_is_written_down(database: Database) -> None:
    fill(database, decisions(1), NOON)
    fill(database, decisions(1), NOON - timedelta(hours=1))
    fill(database, decisions(1), NOON + timedelta(hours=1))
    leaves = [stored.leaf for stored in AuditLog(database).leaves(0, 3)]
    assert [leaf.at for leaf in leaves] == [NOON, NOON, NOON + timedelta(hours=1)]
    assert [leaf.clock for leaf in leaves] == [None, NOON - timedelta(hours=1), None]


def test_pages_go_back_and_can_be_narrowed(database: Database) -> None:
    log = AuditLog(database)
    log.write(decisions(5))
    log.write([NewLeaf(kind=AuditKind.LOOK, by="key:1", subject="item")])
    log.write(decisions(2, 5))
    log.write([NewLeaf(kind=AuditKind.HOLD, by="key:2", subject="item")])
    assert [leaf.index for leaf in log.page(limit=3)] == [8, 7, 6]
    assert [leaf.index for leaf in log.page(before=6, limit=2)] == [5, 4]
    assert [leaf.index for leaf in log.page(kind=AuditKind.LOOK)] == [5]
    assert [leaf.index for leaf in log.page(kind=AuditKind.DECISION, limit=3)] == [7, 6, 4]
    assert [leaf.index for leaf in log.page(by="key:2")] == [8]
    assert [leaf.index for leaf in log.page(subject="item", before=8)] == [5]
    assert [leaf.index for leaf in log.about(["item", "event-1"])] == [1, 5, 8]


@pytest.fixture
def long(database: Database) -> AuditLog:
    """A log of 1,100 leaves, written in batches of many sizes."""
    done = 0
    for count in (1, 2, 7, 254, 300, 1, 500, 35):
        fill(database, decisions(count, done))
        done += count
    return AuditLog(database)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(data=st.data())
def test_proofs_hold_at_every_place(long: AuditLog, data: st.DataObject) -> None:
    known = roots(long, 1100)
    size = data.draw(st.integers(1, 1100))
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    assert long.root(size) == known[size]
    leaf = long.leaf(index).hash
    assert verify_inclusion(leaf, index, size, long.inclusion(index, size), known[size])
    proof = long.consistency(first, size)
    assert verify_consistency(first, size, proof, known[first], known[size])


def test_a_proof_reads_few_rows(database: Database, long: AuditLog) -> None:
    statements: list[str] = []

    def listen(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", listen)
    long.inclusion(1000, 1100)
    event.remove(database.engine, "before_cursor_execute", listen)
    assert len([one for one in statements if "audit_" in one]) <= 4


def test_what_a_log_does_not_have_cannot_be_proven(long: AuditLog) -> None:
    for call in (
        lambda: long.inclusion(0, 1101),
        lambda: long.inclusion(7, 7),
        lambda: long.inclusion(-1, 7),
        lambda: long.consistency(0, 7),
        lambda: long.consistency(8, 7),
        lambda: long.consistency(7, 1101),
        lambda: long.root(1101),
    ):
        with pytest.raises(InvalidInput):
            call()


def test_rows_that_are_gone_are_an_error(database: Database, long: AuditLog) -> None:
    with database.write() as connection:
        connection.execute(delete(audit_leaves).where(audit_leaves.c.number == 1099))
    with pytest.raises(NotFound, match="gone"):
        long.root(1100)


def test_the_nodes_between_two_places_are_told(database: Database, long: AuditLog) -> None:
    with database.read() as connection:
        rows = connection.execute(select(audit_nodes)).all()
    stored = {(row.height, row.position): bytes(row.hash) for row in rows}
    assert sorted(stored) == [(8, 0), (8, 1), (8, 2), (8, 3)]
    assert dict(long.nodes(0, 1100)) == stored
    assert set(long.nodes(256, 768)) == {(8, 1), (8, 2)}
    assert not long.nodes(256, 511)


def test_checkpoints_are_kept_once(database: Database) -> None:
    log = AuditLog(database)
    first = Checkpoint(size=1, at=NOON, note="one")
    assert log.keep_checkpoint(first)
    assert not log.keep_checkpoint(Checkpoint(size=1, at=NOON, note="another"))
    second = Checkpoint(size=5, at=NOON, note="five", token=b"t")
    assert log.keep_checkpoint(second)
    assert log.checkpoints() == [second, first]
    assert log.checkpoints(before=5) == [first]
    assert log.latest_checkpoint() == second
    assert log.keep_token(1, b"s")
    assert not log.keep_token(1, b"again")
    assert log.checkpoints()[-1].token == b"s"


def test_a_log_goes_on_under_another_name(database: Database) -> None:
    log = AuditLog(database)
    log.write(decisions(2))
    leaf = NewLeaf(kind=AuditKind.RESTORE, by="cli:root", subject="backup")
    assert log.restart(leaf, "tutela-another") == 2
    assert log.head().origin == "tutela-another"
    assert log.write(decisions(1)) == 3
