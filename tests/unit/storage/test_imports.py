from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tutela.errors import InvalidInput, NotFound, Unavailable
from tutela.model import NewEntry, Signal
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage import imports as module
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.tables import entries, entry_signals, imports


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)


@pytest.fixture
def lists(database: Database) -> Entries:
    Banks(database).create("hills")
    return Entries(database)


def rows_left(database: Database) -> list[int]:
    with database.read() as connection:
        return [
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (imports, entries, entry_signals)
        ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7, 10])
def test_everything_is_added_in_one_version(
    lists: Entries, database: Database, hill: Callable[..., NewEntry], count: int
) -> None:
    new = [hill(str(number)) for number in range(count)]
    result = lists.add("hills", iter(new))
    assert (result.added, result.first_id, result.version) == (count, 1, 2)
    stored = lists.list("hills", limit=100)
    assert [(entry.id, entry.label) for entry in stored] == [
        (number + 1, str(number)) for number in range(count)
    ]
    assert {entry.version for entry in stored} == {2}
    bank = Banks(database).get("hills")
    assert (bank.entries, bank.version) == (count, 2)


def test_adding_nothing_changes_nothing(lists: Entries, database: Database) -> None:
    result = lists.add("hills", [])
    assert (result.added, result.first_id, result.version) == (0, 0, 1)
    assert rows_left(database) == [0, 0, 0]


def test_progress_is_told(lists: Entries, hill: Callable[..., NewEntry]) -> None:
    told: list[int] = []
    lists.add("hills", (hill() for _ in range(7)), progress=told.append)
    assert told == [3, 6, 7]


def test_nothing_is_visible_before_all_is(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    before = lists.version()

    def watched() -> Iterator[NewEntry]:
        for number in range(10):
            if number:
                assert lists.list("hills") == []
                assert list(lists.export("hills")) == []
                assert list(lists.load("pdq")) == []
                assert lists.changed_since(0).added == ()
                assert Banks(database).get("hills").entries == 0
                with pytest.raises(NotFound):
                    lists.get(1)
                with pytest.raises(NotFound):
                    lists.delete(1)
            yield hill()

    lists.add("hills", watched())
    assert lists.version() == before + 1
    assert len(lists.list("hills")) == 10


class BrokenFile(Exception):
    pass


@pytest.mark.parametrize("good", [0, 2, 3, 8])
def test_a_broken_stream_leaves_nothing(
    lists: Entries, database: Database, hill: Callable[..., NewEntry], good: int
) -> None:
    def broken() -> Iterator[NewEntry]:
        for _ in range(good):
            yield hill()
        raise BrokenFile

    with pytest.raises(BrokenFile):
        lists.add("hills", broken())
    assert rows_left(database) == [0, 0, 0]
    assert lists.version() == 1
    assert lists.add("hills", [hill()]).added == 1


@pytest.mark.parametrize(
    "signals",
    [
        (),
        (Signal(kind="pdq", value="AB" * 32),),
        (Signal(kind="pdq", value=""),),
        (Signal(kind="pdq", value="ab" * 16),),
        (Signal(kind="new", value="ab"), Signal(kind="new", value="abab")),
    ],
)
def test_an_unusable_signal_leaves_nothing(
    lists: Entries,
    database: Database,
    hill: Callable[..., NewEntry],
    signals: tuple[Signal, ...],
) -> None:
    wrong = NewEntry(signals=signals)
    with pytest.raises(InvalidInput, match="signal"):
        lists.add("hills", [*(hill() for _ in range(5)), wrong])
    assert rows_left(database) == [0, 0, 0]


def test_the_first_signal_of_a_kind_sets_its_length(lists: Entries) -> None:
    lists.add("hills", [NewEntry(signals=(Signal(kind="new", value="abab"),))])
    with pytest.raises(InvalidInput, match="8 bits, not 16"):
        lists.add("hills", [NewEntry(signals=(Signal(kind="new", value="ab"),))])
    assert lists.lengths()["new"] == 2


def test_a_bank_that_goes_away_takes_the_import_with_it(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    def going() -> Iterator[NewEntry]:
        for number in range(8):
            if number == 5:
                Banks(database).delete("hills")
            yield hill()

    with pytest.raises(NotFound, match="deleted during"):
        lists.add("hills", going())
    assert rows_left(database)[0] == 0
    assert rows_left(database)[2] == 0


def test_tidying_removes_what_was_given_up_and_only_that(
    lists: Entries,
    database: Database,
    hill: Callable[..., NewEntry],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists.add("hills", [hill()])

    def slow() -> Iterator[NewEntry]:
        for number in range(8):
            if number == 4:
                lists.tidy()  # not stale yet
                assert rows_left(database) == [2, 4, 4]
            if number == 7:
                monkeypatch.setattr(module, "ABANDONED_AFTER", timedelta(0))
                lists.tidy()
                assert rows_left(database) == [1, 1, 1]
            yield hill()

    with pytest.raises(Unavailable, match="given up"):
        lists.add("hills", slow())
    assert rows_left(database) == [1, 1, 1]
    assert len(lists.list("hills")) == 1


def test_imports_at_the_same_time_do_not_mix(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    Banks(database).create("lakes")
    new = {name: [hill(name) for _ in range(50)] for name in ("hills", "lakes")}
    results = {}

    def add(name: str) -> None:
        results[name] = lists.add(name, new[name])

    threads = [threading.Thread(target=add, args=[name]) for name in new]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {result.version for result in results.values()} == {3, 4}
    for name, own in new.items():
        stored = list(lists.export(name))
        assert [entry.signals for entry in stored] == [entry.signals for entry in own]
        assert {entry.version for entry in stored} == {results[name].version}


def test_one_import_is_told_once_however_large(
    lists: Entries, hill: Callable[..., NewEntry], leaves: Callable[[], list[Leaf]]
) -> None:
    told = len(leaves())
    new = [hill() for _ in range(5)]
    result = lists.add("hills", new, by="key:1", file="0f" * 32)
    (one,) = leaves()[told:]
    assert (one.kind, one.by, one.subject) == (AuditKind.ENTRY, "key:1", "bank:1")
    assert one.data == {
        "did": "added",
        "bank": "hills",
        "entries": 5,
        "first": result.first_id,
        "last": result.first_id + 4,
        "version": result.version,
        "file": "0f" * 32,
    }
    assert not [signal for entry in new for signal in entry.signals if signal.value in str(one)]


def test_an_import_that_adds_nothing_is_not_told(
    lists: Entries, hill: Callable[..., NewEntry], leaves: Callable[[], list[Leaf]]
) -> None:
    told = leaves()
    lists.add("hills", [])

    def broken() -> Iterator[NewEntry]:
        yield from (hill() for _ in range(5))
        raise InvalidInput("the file ends in the middle")

    with pytest.raises(InvalidInput):
        lists.add("hills", broken())
    with pytest.raises(NotFound):
        lists.add("lakes", [hill()])
    lists.tidy()
    assert leaves() == told
