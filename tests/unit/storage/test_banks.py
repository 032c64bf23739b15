from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import NewEntry
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage import banks as module
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.tables import entries, entry_signals


@pytest.fixture
def banks(database: Database) -> Banks:
    return Banks(database)


def test_what_was_created_is_read(banks: Banks) -> None:
    made = banks.create(
        "hills",
        source="a walk",
        trusted=True,
        enabled=False,
        distance=12,
        drill=True,
        exchange="walkers",
    )
    assert (made.name, made.source, made.exchange) == ("hills", "a walk", "walkers")
    assert (made.trusted, made.enabled, made.drill) == (True, False, True)
    assert (made.distance, made.entries, made.version) == (12, 0, 1)
    assert banks.get("hills") == made
    assert banks.list() == [made]


def test_banks_are_listed_by_name(banks: Banks) -> None:
    for name in ("lakes", "Hills", "hills"):
        banks.create(name)
    assert [bank.name for bank in banks.list()] == ["Hills", "hills", "lakes"]


def test_only_what_is_given_changes(banks: Banks) -> None:
    made = banks.create("hills", source="a walk", distance=12)
    changed = banks.change("hills", enabled=False)
    assert (changed.id, changed.source, changed.distance) == (made.id, "a walk", 12)
    assert (changed.enabled, changed.version) == (False, 2)
    assert banks.change("hills", new_name="lakes", distance=0, trusted=True, source="") == (
        banks.get("lakes")
    )
    with pytest.raises(NotFound):
        banks.get("hills")


def test_names_are_unique_and_a_refused_change_bumps_nothing(
    banks: Banks, database: Database
) -> None:
    banks.create("hills")
    banks.create("lakes")
    with pytest.raises(Conflict, match="name"):
        banks.create("hills")
    with pytest.raises(Conflict, match="name"):
        banks.change("lakes", new_name="hills")
    with pytest.raises(NotFound):
        banks.change("seas", enabled=False)
    assert Entries(database).version() == 2


@pytest.mark.parametrize("name", ["", "a b", ".hills", "-hills", "x" * 65, "hills\n", "hïlls"])
def test_a_name_that_no_bank_can_have_is_refused(banks: Banks, name: str) -> None:
    banks.create("lakes")
    with pytest.raises(InvalidInput, match="name"):
        banks.create(name)
    with pytest.raises(InvalidInput, match="name"):
        banks.change("lakes", new_name=name)


@pytest.mark.parametrize("distance", [-1, 32])
def test_a_distance_out_of_range_is_refused(banks: Banks, distance: int) -> None:
    banks.create("lakes")
    with pytest.raises(InvalidInput, match="31"):
        banks.create("hills", distance=distance)
    with pytest.raises(InvalidInput, match="31"):
        banks.change("lakes", distance=distance)


def test_deleting_erases_the_entries_of_this_bank_only(
    banks: Banks, database: Database, hill: Callable[..., NewEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ERASE_CHUNK", 2)
    lists = Entries(database)
    for name in ("hills", "lakes"):
        banks.create(name)
        lists.add(name, [hill("a label") for _ in range(5)])
    gone = [entry.id for entry in lists.list("hills")]
    before = lists.version()
    banks.delete("hills")
    assert [bank.name for bank in banks.list()] == ["lakes"]
    assert len(lists.list("lakes")) == 5
    assert set(lists.changed_since(before).removed) == set(gone)
    with database.read() as connection:
        erased = connection.execute(select(entries).where(entries.c.id.in_(gone))).all()
        signals = select(entry_signals).where(entry_signals.c.entry_id.in_(gone))
        assert connection.execute(signals).all() == []
    assert {(row.state, row.label) for row in erased} == {("deleted", "")}


def test_a_name_is_free_again_after_deletion(banks: Banks) -> None:
    first = banks.create("hills")
    banks.delete("hills")
    with pytest.raises(NotFound):
        banks.delete("hills")
    assert banks.create("hills").id != first.id


def test_tidying_finishes_a_deletion_that_was_cut_short(
    banks: Banks, database: Database, hill: Callable[..., NewEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    banks.create("hills")
    lists = Entries(database)
    lists.add("hills", [hill() for _ in range(5)])
    with monkeypatch.context() as cut:
        cut.setattr(Banks, "_erase", lambda *_: None)
        banks.delete("hills")
    before = lists.version()
    with pytest.raises(NotFound):
        lists.get(1)
    banks.tidy()
    assert len(lists.changed_since(before).removed) == 5
    tidied = lists.version()
    banks.tidy()
    assert lists.version() == tidied


def test_an_allow_bank_is_one_for_ever_and_never_trusted(database: Database) -> None:
    banks = Banks(database)
    made = banks.create("logos", allow=True)
    assert (made.allow, made.trusted, made.distance) == (True, False, 10)
    assert banks.create("wide", allow=True, distance=31).distance == 31
    assert (banks.create("hills").allow, banks.get("hills").distance) == (False, 31)
    with pytest.raises(InvalidInput, match="never trusted"):
        banks.create("both", allow=True, trusted=True)
    version = Entries(database).version()
    with pytest.raises(InvalidInput, match="never trusted"):
        banks.change("logos", trusted=True)
    assert banks.get("logos") == made
    assert Entries(database).version() == version
    assert banks.change("logos", enabled=False).allow


def test_each_change_is_told_with_what_was_before(
    banks: Banks, leaves: Callable[[], list[Leaf]]
) -> None:
    bank = banks.create("hills", source="a walk", distance=12, trusted=True, by="key:1")
    banks.change("hills", new_name="lakes", distance=9, by="key:2")
    banks.change("lakes", enabled=False, trusted=False, by="key:3")
    banks.change("lakes", source="another walk", by="key:4")
    banks.change("lakes", source="another walk", distance=9, by="key:5")  # as it is
    banks.delete("lakes", by="key:6")
    made, renamed, off, other, deleted = leaves()
    assert {one.kind for one in leaves()} == {AuditKind.BANK}
    assert {one.subject for one in leaves()} == {f"bank:{bank.id}"}
    assert [one.by for one in leaves()] == ["key:1", "key:2", "key:3", "key:4", "key:6"]
    assert made.data == {
        "did": "made",
        "bank": "hills",
        "allow": False,
        "drill": False,
        "distance": 12,
        "enabled": True,
        "trusted": True,
    }
    assert renamed.data == {
        "did": "changed",
        "bank": "lakes",
        "bank_before": "hills",
        "distance": 9,
        "distance_before": 12,
    }
    assert off.data == {
        "did": "changed",
        "bank": "lakes",
        "enabled": False,
        "enabled_before": True,
        "trusted": False,
        "trusted_before": True,
    }
    assert other.data == {"did": "changed", "bank": "lakes", "source_changed": True}
    assert deleted.data == {"did": "deleted", "bank": "lakes", "entries": 0}
    assert "walk" not in str(leaves())


def test_a_bank_that_could_not_be_changed_is_not_told(
    banks: Banks, leaves: Callable[[], list[Leaf]]
) -> None:
    banks.create("hills")
    banks.create("white", allow=True)
    for wrong in (
        lambda: banks.create("hills"),
        lambda: banks.create("white hills", allow=True),
        lambda: banks.change("hills", new_name="white"),
        lambda: banks.change("white", trusted=True),
        lambda: banks.change("lakes", distance=3),
        lambda: banks.delete("lakes"),
    ):
        with pytest.raises((Conflict, InvalidInput, NotFound)):
            wrong()
    assert [one.data["did"] for one in leaves()] == ["made", "made"]


def test_a_large_bank_is_told_once_when_it_stops_matching(
    banks: Banks,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    hill: Callable[..., NewEntry],
    leaves: Callable[[], list[Leaf]],
) -> None:
    monkeypatch.setattr(module, "ERASE_CHUNK", 2)
    banks.create("hills")
    Entries(database).add("hills", [hill() for _ in range(5)])
    told = len(leaves())
    banks.delete("hills", by="key:6")
    (deleted,) = leaves()[told:]
    assert (deleted.by, deleted.data["entries"]) == ("key:6", 5)
