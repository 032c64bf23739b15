from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.unit.storage.defence.conftest import PERCEPTUAL, match, silenced

from tutela.model import ParkingDecision, Silencing
from tutela.storage.database import Database
from tutela.storage.defence.floods import Flood, Floods
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.tables import flood_watch

if TYPE_CHECKING:
    from tests.unit.storage.defence.conftest import Store

ALLOWED = 3


@pytest.fixture
def floods(database: Database, fill: Callable[..., None]) -> Floods:
    fill("hills", 5)
    return floods_of(database)


def floods_of(database: Database) -> Floods:
    return Floods(
        database, perceptual=PERCEPTUAL, contents_per_hour=ALLOWED, every=timedelta(microseconds=1)
    )


def looked(floods: Floods) -> Flood:
    found = floods.look()
    assert found is not None
    return found


def test_an_entry_over_the_limit_is_parked_once(
    database: Database, floods: Floods, store: Store
) -> None:
    for _ in range(ALLOWED):
        store(match(2))
    assert looked(floods) == Flood()
    last = store(match(2), match(3))
    (parking,) = looked(floods).parked
    assert (parking.entry_id, parking.bank, parking.label) == (2, "hills", "hills 1")
    assert (parking.contents, parking.allowed, parking.decision) == (ALLOWED + 1, ALLOWED, None)
    assert parking.events[0] == last
    assert Parkings(database).ids() == {2}
    store(match(2))
    assert looked(floods) == Flood()
    assert len(Parkings(database).list()) == 1


def test_equal_contents_count_once(floods: Floods, store: Store) -> None:
    for _ in range(ALLOWED * 4):
        store(match(2), match(2, 9), content="the same lake")
    assert looked(floods) == Flood()


def test_what_was_long_ago_does_not_count(floods: Floods, store: Store) -> None:
    for _ in range(ALLOWED):
        store(match(2), ago=timedelta(minutes=61))
    store(match(2))
    assert looked(floods) == Flood()


def test_what_is_silenced_does_not_count(floods: Floods, store: Store) -> None:
    for _ in range(ALLOWED * 2):
        store(silenced=[silenced(match(2), Silencing.ALLOWED)])
    assert looked(floods) == Flood()


def test_drills_do_not_count(floods: Floods, store: Store) -> None:
    for _ in range(ALLOWED * 2):
        store(match(2), drill=True)
    assert looked(floods) == Flood()


def test_looks_add_up_whoever_makes_them(database: Database, floods: Floods, store: Store) -> None:
    for number in range(ALLOWED + 1):
        assert looked(floods if number % 2 else floods_of(database)) == Flood()
        store(match(4))
    assert [one.entry_id for one in looked(floods_of(database)).parked] == [4]


def test_a_look_that_failed_loses_nothing(database: Database, floods: Floods, store: Store) -> None:
    """What had been claimed and was not written is found by the next look."""
    for _ in range(ALLOWED + 1):
        store(match(4))
    with database.write() as connection:
        connection.execute(update(flood_watch).values(looked_at=flood_watch.c.next_at))
    assert [one.entry_id for one in looked(floods).parked] == [4]


def test_many_processes_look_at_once_and_park_once(
    database: Database, floods: Floods, store: Store
) -> None:
    for _ in range(ALLOWED + 1):
        store(match(1))
    found: list[Flood | None] = []
    threads = [Thread(target=lambda: found.append(floods_of(database).look())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(one.parked) for one in found if one) == 1
    assert len(Parkings(database).list()) == 1
    assert floods.look() is not None


def test_only_one_process_looks_in_a_while(database: Database, floods: Floods) -> None:
    patient = Floods(database, perceptual=PERCEPTUAL, contents_per_hour=1)
    assert patient.look() is not None
    assert patient.look() is None
    assert floods.look() is not None


def test_exact_copies_are_noted_and_never_parked(
    database: Database, floods: Floods, store: Store
) -> None:
    for _ in range(ALLOWED + 1):
        store(match(2, 0, kind="md5"), content="viral")
    found = looked(floods)
    assert found.parked == ()
    (noted,) = found.noted
    assert (noted.entry_id, noted.decision) == (2, ParkingDecision.NOTED)
    assert Parkings(database).ids() == frozenset()
    for _ in range(ALLOWED + 1):
        store(match(2, 0, kind="md5"), content="viral")
    assert looked(floods) == Flood()  # once an hour is enough
    for _ in range(ALLOWED + 1):
        store(match(2))
    assert [one.entry_id for one in looked(floods).parked] == [2]


def test_a_released_entry_is_left_alone_for_a_time(
    database: Database, floods: Floods, store: Store
) -> None:
    for _ in range(ALLOWED + 1):
        store(match(2))
    (parking,) = looked(floods).parked
    Parkings(database).release(parking.id, by="curator")
    for _ in range(ALLOWED + 1):
        store(match(2))
    assert looked(floods) == Flood()
    assert Parkings(database).ids() == frozenset()


def test_after_another_decision_counting_starts_anew(
    database: Database, floods: Floods, store: Store
) -> None:
    for _ in range(ALLOWED + 1):
        store(match(2))
    (parking,) = looked(floods).parked
    Parkings(database).tighten(parking.id, by="curator", distance=3)
    for _ in range(ALLOWED):
        store(match(2, 1))
    assert looked(floods) == Flood()
    store(match(2, 1))
    assert [one.entry_id for one in looked(floods).parked] == [2]


def test_the_parking_of_a_deleted_entry_is_closed(
    database: Database, floods: Floods, store: Store
) -> None:
    for _ in range(ALLOWED + 1):
        store(match(2))
    (parking,) = looked(floods).parked
    Entries(database).delete(2)
    assert looked(floods) == Flood()
    assert Parkings(database).get(parking.id).decision is ParkingDecision.DELETED
    assert Parkings(database).ids() == frozenset()
