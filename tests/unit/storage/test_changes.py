from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, update

from tutela.errors import TutelaError
from tutela.model import NewEntry, Signal
from tutela.storage import changes as module
from tutela.storage.banks import Banks
from tutela.storage.changes import bump_version
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.tables import entry_signals


@pytest.fixture
def lists(database: Database) -> Entries:
    Banks(database).create("hills")
    return Entries(database)


def test_signals_come_as_arrays_by_kind(lists: Entries, database: Database) -> None:
    lakes = Banks(database).create("lakes")
    both = (Signal(kind="pdq", value="01" * 32), Signal(kind="md5", value="02" * 16))
    lists.add("hills", [NewEntry(signals=both)])
    lists.add("lakes", [NewEntry(signals=(Signal(kind="pdq", value="03" * 32),))])
    (pdq,) = lists.load("pdq")
    assert pdq.codes.dtype == np.uint8
    assert pdq.codes.tolist() == [[1] * 32, [3] * 32]
    assert pdq.entry_ids.dtype == pdq.bank_ids.dtype == np.int64
    assert pdq.entry_ids.tolist() == [1, 2]
    assert pdq.bank_ids.tolist() == [1, lakes.id]
    (md5,) = lists.load("md5")
    assert (md5.codes.tolist(), md5.entry_ids.tolist()) == ([[2] * 16], [1])
    assert list(lists.load("sha1")) == []
    assert list(lists.load("pdq", up_to=2)) == []


def test_large_lists_come_in_chunks(
    lists: Entries, hill: Callable[..., NewEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FETCH_ROWS", 2)
    new = [hill() for _ in range(5)]
    lists.add("hills", new)
    chunks = list(lists.load("pdq"))
    assert [len(chunk.codes) for chunk in chunks] == [2, 2, 1]
    joined = np.concatenate([chunk.codes for chunk in chunks])
    assert [row.tobytes().hex() for row in joined] == [entry.signals[0].value for entry in new]


def test_disabled_entries_are_loaded_and_deleted_ones_are_not(
    lists: Entries, hill: Callable[..., NewEntry]
) -> None:
    lists.add("hills", [hill(), hill()])
    lists.disable(1)
    lists.delete(2)
    (chunk,) = lists.load("pdq")
    assert chunk.entry_ids.tolist() == [1]


def test_each_change_is_told_once_and_by_its_latest_state(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    lists.add("hills", [hill() for _ in range(5)])
    start = lists.version()
    until = datetime.now(UTC) + timedelta(days=1)
    lists.disable(1)
    lists.disable(2, until)
    lists.disable(3)
    lists.enable(3)
    lists.disable(4)
    lists.delete(4)
    added = lists.add("hills", [hill(), hill()])
    lists.delete(added.first_id)
    lists.disable(added.first_id + 1)
    changes = lists.changed_since(start)
    assert changes.version == lists.version() == start + 9
    assert changes.enabled == (3,)
    assert sorted(changes.disabled) == [(1, None), (2, until), (7, None)]
    assert sorted(changes.removed) == [4, 6]
    assert [codes.entry_ids.tolist() for codes in changes.added] == [[7]]
    assert list(changes.banks) == Banks(database).list()
    rest = lists.changed_since(changes.version)
    assert (rest.version, rest.added, rest.enabled, rest.disabled, rest.removed) == (
        changes.version,
        (),
        (),
        (),
        (),
    )


def test_versions_are_committed_in_order(database: Database) -> None:
    """Whoever sees a version must be able to see every change up to it."""
    lists = Entries(database)
    taken = threading.Event()
    seen: list[int] = []

    def second() -> None:
        taken.wait()
        with database.write() as connection:
            seen.append(bump_version(connection))

    thread = threading.Thread(target=second)
    thread.start()
    with database.write() as connection:
        assert bump_version(connection) == 1
        taken.set()
        thread.join(0.2)
        assert seen == []  # waits for this transaction
        assert lists.version() == 0
    thread.join()
    assert seen == [2]


def test_a_change_that_fails_gives_its_version_back(lists: Entries, database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        raise ZeroDivisionError(bump_version(connection))
    assert lists.version() == 1


def test_a_signal_of_the_wrong_length_is_not_passed_on(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    lists.add("hills", [hill(), hill()])
    with database.write() as connection:
        wrong = update(entry_signals).where(entry_signals.c.entry_id == 1)
        connection.execute(wrong.values(value=b"short"))
    with pytest.raises(TutelaError, match="differ in length"):
        list(lists.load("pdq"))


def test_tombstones_need_their_entry(database: Database) -> None:
    orphan = {"entry_id": 9, "ordinal": 0, "kind": "md5", "value": b"x", "part": ""}
    with pytest.raises(TutelaError, match="contradicts"), database.write() as connection:
        connection.execute(insert(entry_signals), orphan)


def test_own_distances_come_with_the_signals_and_as_changes(lists: Entries) -> None:
    signals = [(Signal(kind="pdq", value=f"0{n}" * 32),) for n in range(3)]
    lists.add("hills", [NewEntry(signals=own, distance=7 * n) for n, own in enumerate(signals, 1)])
    lists.add("hills", [NewEntry(signals=signals[0])])
    chunks = lists.load("pdq")
    assert [chunk.distances.tolist() for chunk in chunks] == [[7, 14, 21, module.BANKS_DISTANCE]]
    start = lists.version()
    lists.set_distance(1, 0)
    lists.set_distance(2, None)
    lists.delete(3)
    changes = lists.changed_since(start)
    assert sorted(changes.distances, key=lambda pair: pair[0]) == [(1, 0), (2, None)]
    assert sorted(changes.enabled) == [1, 2]


def test_a_version_is_known_by_its_token_until_it_is_old(
    lists: Entries, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KNOWN_VERSIONS", 3)
    tokens = []
    for _ in range(5):
        Banks(database).change("hills", distance=3)
        version = lists.version()
        tokens.append(lists.standing(version).token)
    assert len(set(tokens)) == 5
    assert None not in tokens
    known = [lists.standing(version - back).token for back in range(5)]
    assert known == [tokens[4], tokens[3], tokens[2], None, None]
    assert lists.standing(version + 1) == module.Standing(version=version, token=None)
    assert lists.changed_since(0).token == tokens[4]


def test_a_database_has_an_identity_of_its_own(lists: Entries, tmp_path: Path) -> None:
    other = Database.open(f"sqlite:///{tmp_path}/another.db")
    other.migrate()
    assert lists.identity() == lists.identity() != Entries(other).identity()
    other.close()


def test_a_snapshot_shows_one_state_while_others_write(
    lists: Entries, database_url: str, hill: Callable[..., NewEntry]
) -> None:
    lists.add("hills", [hill() for _ in range(3)])
    before = lists.version()
    others = Database.open(database_url)
    writer = Entries(others)
    with lists.snapshot() as snapshot:
        writer.add("hills", [hill()])
        writer.delete(1)
        writer.disable(2)
        found = [entry for codes in snapshot.codes() for entry in codes.entry_ids.tolist()]
        changes = snapshot.changes(after=snapshot.version, states_after=0)
    others.close()
    assert (snapshot.version, changes.version) == (before, before)
    assert found == [1, 2, 3]
    assert (changes.disabled, changes.removed) == ((), ())


def test_who_begins_anew_is_told_what_counts_again_and_not_what_is_gone(
    lists: Entries, hill: Callable[..., NewEntry]
) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    lists.add("hills", [hill() for _ in range(4)])
    lists.disable(1, until)
    lists.disable(2)
    lists.delete(3)
    with lists.snapshot() as snapshot:
        fresh = snapshot.changes(after=snapshot.version, states_after=0)
        late = snapshot.changes(after=snapshot.version, states_after=snapshot.version)
    assert sorted(fresh.disabled) == [(1, until), (2, None)]
    assert (fresh.added, fresh.removed) == ((), ())
    assert (late.disabled, late.timed, fresh.timed) == ((), ((1, until),), ())
