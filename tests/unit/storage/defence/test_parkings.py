from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.unit.storage.defence.conftest import PERCEPTUAL, match, silenced

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import EntryState, Parking, ParkingDecision, Silencing
from tutela.model.custody.leaf import PROGRAM, AuditKind, Leaf
from tutela.storage.database import Database
from tutela.storage.defence.floods import Floods
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.tables import flood_watch
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.storage.defence.conftest import Store


@pytest.fixture
def parkings(database: Database) -> Parkings:
    return Parkings(database)


@pytest.fixture
def parking(database: Database, fill: Callable[..., None], store: Store) -> Parking:
    """Entry 2 is parked."""
    fill("hills", 3, distance=20)
    for _ in range(2):
        store(match(2))
    flood = Floods(database, perceptual=PERCEPTUAL, contents_per_hour=1).look()
    assert flood is not None
    return flood.parked[0]


def test_what_waits_and_what_was_decided(parkings: Parkings, parking: Parking) -> None:
    assert [one.id for one in parkings.list()] == [parking.id]
    assert list(parkings.list(decided=True)) == []
    parkings.release(parking.id, by="key 7", hours=2, note="It is right.")
    assert list(parkings.list()) == []
    (released,) = parkings.list(decided=True)
    assert released == parkings.get(parking.id)
    assert released.decision is ParkingDecision.RELEASED
    assert (released.decided_by, released.note) == ("key 7", "It is right.")
    assert released.decided_at is not None
    assert released.exempt_until is not None
    left = released.exempt_until - now()
    assert timedelta(hours=1) < left <= timedelta(hours=2)
    assert parkings.ids() == frozenset()


def test_tightening_gives_the_entry_a_distance_of_its_own(
    database: Database, parkings: Parkings, parking: Parking
) -> None:
    tightened = parkings.tighten(parking.id, by="key 7", distance=8)
    assert (tightened.decision, tightened.distance) == (ParkingDecision.TIGHTENED, 8)
    entry = Entries(database).get(2)
    assert (entry.distance, entry.state) == (8, EntryState.ENABLED)
    assert Entries(database).get(1).distance is None


@pytest.mark.parametrize("distance", [-1, 20, 21, 32])
def test_tightening_needs_a_smaller_distance(
    parkings: Parkings, parking: Parking, distance: int
) -> None:
    with pytest.raises(InvalidInput, match="within 20 bits now"):
        parkings.tighten(parking.id, by="key 7", distance=distance)
    assert parkings.ids() == {2}


def test_an_entry_at_its_own_distance_is_tightened_from_there(
    database: Database, parkings: Parkings, parking: Parking
) -> None:
    Entries(database).set_distance(2, 0)
    with pytest.raises(InvalidInput, match="release or disable it"):
        parkings.tighten(parking.id, by="key 7", distance=0)


def test_disabling_takes_the_entry_out(
    database: Database, parkings: Parkings, parking: Parking
) -> None:
    version = Entries(database).version()
    parkings.disable(parking.id, by="key 7", note="A logo.")
    entry = Entries(database).get(2)
    assert (entry.state, entry.disabled_until) == (EntryState.DISABLED, None)
    assert Entries(database).version() > version


def every_way(parkings: Parkings, parking: Parking) -> tuple[Callable[[], object], ...]:
    return (
        lambda: parkings.release(parking.id, by="key 8"),
        lambda: parkings.disable(parking.id, by="key 8"),
        lambda: parkings.tighten(parking.id, by="key 8", distance=3),
    )


def test_nothing_is_decided_twice(parkings: Parkings, parking: Parking) -> None:
    parkings.release(parking.id, by="key 7")
    for again in every_way(parkings, parking):
        with pytest.raises(Conflict, match="decided already: released by key 7"):
            again()
    assert parkings.get(parking.id).decided_by == "key 7"


def test_an_entry_that_was_deleted_meanwhile(
    database: Database, parkings: Parkings, parking: Parking
) -> None:
    Entries(database).delete(2)
    for decide in every_way(parkings, parking):
        with pytest.raises(Conflict, match="deleted meanwhile"):
            decide()


@pytest.mark.parametrize("hours", [0, -1, 8761])
def test_an_exemption_has_an_end(parkings: Parkings, parking: Parking, hours: int) -> None:
    with pytest.raises(InvalidInput, match="number of hours"):
        parkings.release(parking.id, by="key 7", hours=hours)


def test_a_note_has_a_length(parkings: Parkings, parking: Parking) -> None:
    with pytest.raises(InvalidInput, match="a note may have"):
        parkings.disable(parking.id, by="key 7", note="x" * 2001)
    assert parkings.ids() == {2}


def test_there_is_no_such_parking(parkings: Parkings) -> None:
    for ask in (parkings.get, lambda number: parkings.release(number, by="x")):
        with pytest.raises(NotFound, match="no such parking"):
            ask(77)


def test_samples_are_the_latest_events_silenced_ones_included(
    parkings: Parkings, parking: Parking, store: Store
) -> None:
    latest = [store(silenced=[silenced(match(2), Silencing.PARKED)]) for _ in range(4)]
    samples = parkings.get(parking.id).events
    assert samples[:4] == tuple(reversed(latest))
    assert len(samples) == 5


def test_who_decided_is_told_with_the_entry(
    database: Database, parkings: Parkings, parking: Parking, leaves: Callable[[], list[Leaf]]
) -> None:
    parked = leaves()[-1]
    assert (parked.kind, parked.by) == (AuditKind.PARKING, PROGRAM)
    assert parked.subject == f"parking:{parking.id}"
    assert parked.data == {"did": "parked", "entry": "entry:2", "contents": 2, "allowed": 1}
    told = len(leaves())
    parkings.tighten(parking.id, by="key:7", distance=8, note="a note of mine")
    entry, decided = leaves()[told:]
    assert (entry.kind, entry.by, entry.subject) == (AuditKind.ENTRY, "key:7", "entry:2")
    assert (decided.kind, decided.by) == (AuditKind.PARKING, "key:7")
    assert decided.data == {
        "did": "tightened",
        "entry": "entry:2",
        "distance": 8,
        "distance_before": 20,
    }
    assert "a note of mine" not in str(leaves())
    with pytest.raises(Conflict):
        parkings.release(parking.id, by="key:8")
    assert leaves()[-1] == decided
    assert Entries(database).get(2).distance == 8


def test_a_release_is_told_with_its_end(
    parkings: Parkings, parking: Parking, leaves: Callable[[], list[Leaf]]
) -> None:
    released = parkings.release(parking.id, by="key:7", hours=2)
    assert released.exempt_until is not None
    data = leaves()[-1].data
    assert (data["did"], data["entry"]) == ("released", "entry:2")
    assert data["exempt_until"] == released.exempt_until.isoformat()


def test_disabling_is_told_of_entry_and_parking(
    parkings: Parkings, parking: Parking, leaves: Callable[[], list[Leaf]]
) -> None:
    parkings.disable(parking.id, by="key:7")
    entry, decided = leaves()[-2:]
    assert (entry.subject, entry.data["state"]) == ("entry:2", "disabled")
    assert (decided.subject, decided.data["did"]) == (f"parking:{parking.id}", "disabled")


def test_a_parking_that_ends_with_its_entry_is_told(
    database: Database, parking: Parking, leaves: Callable[[], list[Leaf]]
) -> None:
    Entries(database).delete(2, by="key:7")
    watch = Floods(database, perceptual=PERCEPTUAL, contents_per_hour=1, every=timedelta())
    with database.write() as connection:
        connection.execute(update(flood_watch).values(next_at=now() - timedelta(hours=1)))
    watch.look()
    closed = leaves()[-1]
    assert (closed.by, closed.subject) == (PROGRAM, f"parking:{parking.id}")
    assert closed.data == {"did": "deleted", "entry": "entry:2"}
