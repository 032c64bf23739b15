from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import NoResultFound

from tutela.errors import InvalidInput, NotFound
from tutela.model import EntryFacts, EntryState, NewEntry, Signal
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage import entries as module
from tutela.storage.banks import Banks
from tutela.storage.custody_tables import audit_head
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.tables import entries as table
from tutela.storage.tables import entry_signals

SIGNALS = (
    Signal(kind="pdq", value="0f" * 32, part="turned", quality=77),
    Signal(kind="md5", value="a1" * 16),
)


@pytest.fixture
def lists(database: Database) -> Entries:
    Banks(database).create("hills")
    return Entries(database)


@pytest.fixture
def banks(database: Database) -> Banks:
    return Banks(database)


def test_what_was_added_is_read_with_its_signals_in_order(lists: Entries) -> None:
    new = NewEntry(
        label="a hill",
        category="1",
        scheme="walkers",
        source="a walk",
        note="ünïcode 山",
        signals=SIGNALS,
    )
    result = lists.add("hills", [new])
    entry = lists.get(result.first_id)
    assert entry.signals == SIGNALS
    assert (entry.label, entry.category, entry.scheme) == ("a hill", "1", "walkers")
    assert (entry.source, entry.note) == ("a walk", "ünïcode 山")
    assert (entry.state, entry.disabled_until, entry.version) == (EntryState.ENABLED, None, 2)
    assert lists.list("hills") == [entry]
    facts = EntryFacts(
        label="a hill", category="1", scheme="walkers", source="a walk", note="ünïcode 山"
    )
    assert lists.facts([entry.id, 10**9]) == {entry.id: facts}


def test_pages_follow_each_other(lists: Entries, hill: Callable[..., NewEntry]) -> None:
    lists.add("hills", [hill() for _ in range(5)])
    first = lists.list("hills", limit=2)
    second = lists.list("hills", after=first[-1].id, limit=2)
    third = lists.list("hills", after=second[-1].id, limit=2)
    assert [entry.id for page in (first, second, third) for entry in page] == [1, 2, 3, 4, 5]


def test_export_streams_every_page(
    lists: Entries, hill: Callable[..., NewEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPORT_PAGE", 2)
    new = [hill(str(number)) for number in range(5)]
    lists.add("hills", new)
    assert [(e.label, e.signals) for e in lists.export("hills")] == [
        (e.label, e.signals) for e in new
    ]


def test_an_unknown_bank_is_refused_at_once(lists: Entries, hill: Callable[..., NewEntry]) -> None:
    with pytest.raises(NotFound):
        lists.export("lakes")
    with pytest.raises(NotFound):
        lists.list("lakes")
    with pytest.raises(NotFound):
        lists.add("lakes", [hill()])


def test_switching_bumps_the_version_of_entry_and_bank(
    lists: Entries, banks: Banks, hill: Callable[..., NewEntry]
) -> None:
    entry_id = lists.add("hills", [hill()]).first_id
    off = lists.disable(entry_id)
    assert (off.state, off.disabled_until, off.version) == (EntryState.DISABLED, None, 3)
    assert banks.get("hills").version == 3
    on = lists.enable(entry_id)
    assert (on.state, on.version) == (EntryState.ENABLED, 4)
    assert (banks.get("hills").version, banks.get("hills").entries) == (4, 1)


def test_an_entry_counts_again_after_its_time(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    entry_id = lists.add("hills", [hill()]).first_id
    until = datetime.now(UTC) + timedelta(hours=1)
    assert lists.disable(entry_id, until).disabled_until == until
    assert lists.get(entry_id).state is EntryState.DISABLED
    with database.write() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(table).values(disabled_until=past))
    entry = lists.get(entry_id)
    assert (entry.state, entry.disabled_until) == (EntryState.ENABLED, None)


def test_a_time_that_is_past_or_has_no_zone_is_refused(
    lists: Entries, hill: Callable[..., NewEntry]
) -> None:
    entry_id = lists.add("hills", [hill()]).first_id
    with pytest.raises(InvalidInput, match="past"):
        lists.disable(entry_id, datetime.now(UTC))
    with pytest.raises(InvalidInput, match="time zone"):
        lists.disable(entry_id, datetime(2999, 1, 1))  # noqa: DTZ001 - the point of the test
    assert lists.version() == 2


def test_a_deleted_entry_is_gone_but_for_its_number(
    lists: Entries, banks: Banks, database: Database, hill: Callable[..., NewEntry]
) -> None:
    lists.add("hills", [hill("first"), hill("second")])
    lists.delete(1)
    assert [entry.label for entry in lists.list("hills")] == ["second"]
    assert [entry.label for entry in lists.export("hills")] == ["second"]
    assert lists.facts([1, 2]).keys() == {2}
    assert banks.get("hills").entries == 1
    with database.read() as connection:
        left = connection.execute(select(table).where(table.c.id == 1)).one()
        signals = connection.scalars(select(entry_signals.c.entry_id)).all()
    assert (left.state, left.label, signals) == ("deleted", "", [2])


@pytest.mark.parametrize("change", ["get", "enable", "disable", "delete"])
@pytest.mark.parametrize("entry_id", [1, 99, -1, 2**63 - 1])
def test_nothing_can_be_done_to_an_entry_that_is_not_there(
    lists: Entries, hill: Callable[..., NewEntry], change: str, entry_id: int
) -> None:
    lists.add("hills", [hill()])
    lists.delete(1)
    before = lists.version()
    with pytest.raises(NotFound):
        getattr(lists, change)(entry_id)
    assert lists.version() == before


def test_a_number_that_no_entry_can_have_is_refused(lists: Entries) -> None:
    with pytest.raises((NotFound, InvalidInput)):
        lists.get(2**70)


def test_erased_signals_leave_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("erase") / "tutela.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    Banks(database).create("hills")
    lists = Entries(database)
    value, label = bytes(range(100, 132)), "a very special hill"
    lists.add("hills", [NewEntry(label=label, signals=(Signal(kind="pdq", value=value.hex()),))])
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert value in path.read_bytes()
    lists.delete(1)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert value not in path.read_bytes()
    assert label.encode() not in path.read_bytes()


def test_an_entry_may_have_a_distance_of_its_own(
    database: Database, hill: Callable[..., NewEntry]
) -> None:
    Banks(database).create("hills")
    entries = Entries(database)
    own = msgspec.structs.replace(hill(), distance=3)
    entries.add("hills", [hill(), own])
    assert [one.distance for one in entries.list("hills")] == [None, 3]
    assert [one.distance for one in entries.export("hills")] == [None, 3]
    version = entries.version()
    assert entries.set_distance(1, 0).distance == 0
    assert entries.version() == version + 1
    assert entries.changed_since(version).distances == ((1, 0),)
    assert entries.disable(1).distance == 0
    assert entries.set_distance(1, None).distance is None
    for bad in (-1, 32):
        with pytest.raises(InvalidInput, match="0 to 31"):
            entries.set_distance(1, bad)
        with pytest.raises(InvalidInput, match="0 to 31"):
            entries.add("hills", [msgspec.structs.replace(hill(), distance=bad)])
    with pytest.raises(NotFound):
        entries.set_distance(77, 3)
    assert entries.version() == version + 3


def test_each_change_of_an_entry_is_told(
    lists: Entries, hill: Callable[..., NewEntry], leaves: Callable[[], list[Leaf]]
) -> None:
    number = lists.add("hills", [hill()], by="key:1").first_id
    until = datetime.now(UTC) + timedelta(hours=1)
    told = len(leaves())
    lists.disable(number, until, by="key:2")
    lists.enable(number, by="key:3")
    lists.enable(number, by="key:4")  # as it is
    lists.set_distance(number, 8, by="key:5")
    lists.set_distance(number, None, by="key:6")
    lists.delete(number, by="key:7")
    found = leaves()[told:]
    assert {(one.kind, one.subject) for one in found} == {(AuditKind.ENTRY, f"entry:{number}")}
    assert [one.by for one in found] == ["key:2", "key:3", "key:5", "key:6", "key:7"]
    off, on, near, far, deleted = (dict(one.data) for one in found)
    lasting = {"until": until.isoformat(timespec="microseconds"), "until_before": None}
    states = {"state": "disabled", "state_before": "enabled"}
    assert off == {"did": "changed", "bank_id": 1, **states, **lasting}
    assert (on["state"], on["state_before"], on["until"]) == ("enabled", "disabled", None)
    assert near == {"did": "changed", "bank_id": 1, "distance": 8, "distance_before": None}
    assert far == {"did": "changed", "bank_id": 1, "distance": None, "distance_before": 8}
    assert deleted == {"did": "deleted", "bank_id": 1}


def test_what_could_not_be_changed_is_not_told(
    lists: Entries, hill: Callable[..., NewEntry], leaves: Callable[[], list[Leaf]]
) -> None:
    number = lists.add("hills", [hill()]).first_id
    told = leaves()
    for wrong in (
        lambda: lists.disable(number, datetime.now(UTC) - timedelta(hours=1)),
        lambda: lists.set_distance(number, 32),
        lambda: lists.enable(10**9),
        lambda: lists.delete(10**9),
    ):
        with pytest.raises((InvalidInput, NotFound)):
            wrong()
    assert leaves() == told


def test_whoever_gets_signals_is_told_first(
    lists: Entries, hill: Callable[..., NewEntry], leaves: Callable[[], list[Leaf]]
) -> None:
    number = lists.add("hills", [hill(), hill(), hill()]).first_id
    told = len(leaves())
    lists.show(number, by="key:1")
    lists.list("hills", after=number, limit=9, by="key:2")
    stream = lists.export("hills", by="key:3", form="csv")
    found = leaves()[told:]  # nothing of the stream was read yet
    assert {one.kind for one in found} == {AuditKind.EXPORT}
    assert [(one.by, one.subject, one.data) for one in found] == [
        ("key:1", f"entry:{number}", {"did": "read"}),
        ("key:2", "bank:1", {"did": "listed", "bank": "hills", "after": number, "limit": 9}),
        (
            "key:3",
            "bank:1",
            {"did": "exported", "bank": "hills", "entries": 3, "format": "csv"},
        ),
    ]
    assert len(list(stream)) == 3
    lists.get(number)
    assert leaves()[told:] == found


def test_nobody_gets_signals_where_it_cannot_be_told(
    lists: Entries, database: Database, hill: Callable[..., NewEntry]
) -> None:
    number = lists.add("hills", [hill()]).first_id
    with database.write() as connection:
        connection.execute(delete(audit_head))
    for ask in (
        lambda: lists.show(number),
        lambda: lists.list("hills"),
        lambda: lists.export("hills"),
    ):
        with pytest.raises(NoResultFound):
            ask()
