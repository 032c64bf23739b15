from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import delete, insert

from tutela.errors import Unavailable
from tutela.lists.quarantine import Quarantine
from tutela.model import NewEntry, Parking, ParkingDecision, Signal
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.defence.floods import Flood, Floods
from tutela.storage.defence.parkings import Parkings
from tutela.storage.entries import Entries
from tutela.storage.tables import parkings

SECONDS = 60
LOG = structlog.get_logger()


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.migrate()
    Banks(database).create("hills")
    Entries(database).add("hills", [NewEntry(signals=(Signal(kind="md5", value="0f" * 16),))])
    yield database
    database.close()


def park(database: Database) -> None:
    """As a look at a flood would."""
    row = {"entry_id": 1, "bank_id": 1, "contents": 9, "allowed": 3, "note": ""}
    with database.write() as connection:
        connection.execute(insert(parkings), row | {"parked_at": datetime.now(UTC)})


def test_what_is_parked_and_decided_elsewhere_is_followed(lists: Database) -> None:
    counts: list[int] = []
    changed = threading.Condition()

    def counted(count: int) -> None:
        with changed:
            counts.append(count)
            changed.notify_all()

    quarantine = Quarantine(Parkings(lists), None, LOG, counted=counted, refresh_seconds=0.01)
    quarantine.start()
    assert quarantine.parked() == frozenset()
    try:
        park(lists)
        with changed:
            assert changed.wait_for(lambda: counts[-1] == 1, SECONDS)
        assert quarantine.parked() == {1}
        Parkings(lists).release(1, by="somebody else")
        with changed:
            assert changed.wait_for(lambda: counts[-1] == 0, SECONDS)
        assert quarantine.parked() == frozenset()
    finally:
        quarantine.stop()


class Found(Floods):
    """A watch that has just found something."""

    def __init__(self, database: Database, flood: Flood | None) -> None:
        super().__init__(database, perceptual=["pdq"], contents_per_hour=3)
        self._found = flood

    def look(self) -> Flood | None:
        return self._found


def parking(decision: ParkingDecision | None) -> Parking:
    return Parking(
        id=4,
        entry_id=1,
        bank_id=1,
        bank="hills",
        parked_at=datetime.now(UTC),
        contents=9,
        allowed=3,
        decision=decision,
    )


def test_a_flood_raises_an_alarm(lists: Database) -> None:
    flood = Flood(parked=(parking(None),), noted=(parking(ParkingDecision.NOTED),))
    told: list[Flood] = []
    with structlog.testing.capture_logs() as logs:
        Quarantine(Parkings(lists), Found(lists, flood), LOG, flooded=told.append).look()
    assert told == [flood]
    assert [one["log_level"] for one in logs] == ["error", "error"]
    assert (logs[0]["entry"], logs[0]["bank"], logs[0]["parking"]) == (1, "hills", 4)
    assert "parked until a curator decides" in logs[0]["event"]
    assert "go on matching" in logs[1]["event"]


@pytest.mark.parametrize("flood", [None, Flood()])
def test_a_quiet_look_says_nothing(lists: Database, flood: Flood | None) -> None:
    told: list[Flood] = []
    with structlog.testing.capture_logs() as logs:
        Quarantine(Parkings(lists), Found(lists, flood), LOG, flooded=told.append).look()
    assert (told, logs) == ([], [])


def test_a_database_that_is_down_changes_nothing(lists: Database) -> None:
    park(lists)
    quarantine = Quarantine(Parkings(lists), None, LOG, refresh_seconds=0.01)
    quarantine.refresh()
    with lists.write() as connection:
        connection.execute(delete(parkings))
    broken = Quarantine(Parkings(_gone()), None, LOG)
    with pytest.raises(Unavailable):
        broken.start()
    assert quarantine.parked() == {1}


def _gone() -> Database:
    return Database.open("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1")
