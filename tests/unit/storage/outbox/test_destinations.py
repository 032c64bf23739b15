from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tutela.errors import Conflict, NotFound
from tutela.model import ActionKind, DeliveryState, Destination
from tutela.storage.database import Database
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import DELETED, Destinations
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.storage.outbox.conftest import Put

URL = "https://platform.example/hooks/token-1"


@pytest.fixture
def destinations(database: Database) -> Destinations:
    return Destinations(database)


def test_a_destination_is_what_was_asked_for(destinations: Destinations) -> None:
    made = destinations.create("platform", URL, actions=(ActionKind.BLOCK, ActionKind.SLOW))
    assert made == Destination(
        name="platform", url=URL, actions=(ActionKind.BLOCK, ActionKind.SLOW), confirm_seconds=300
    )
    assert destinations.get("platform") == made
    destinations.create("ab", URL, actions=(), confirm_seconds=9, private=True)
    assert [one.name for one in destinations.list()] == ["ab", "platform"]


def test_a_name_is_given_once(destinations: Destinations) -> None:
    destinations.create("platform", URL, actions=())
    with pytest.raises(Conflict, match="already"):
        destinations.create("platform", URL, actions=())


def test_what_is_not_given_stays_as_it_was(destinations: Destinations) -> None:
    made = destinations.create("platform", URL, actions=(ActionKind.BLOCK,))
    assert destinations.change("platform") == made
    changed = destinations.change("platform", enabled=False, actions=(), confirm_seconds=5)
    assert (changed.enabled, changed.actions, changed.confirm_seconds) == (False, (), 5)
    assert (changed.url, changed.generation) == (URL, 1)
    assert destinations.change("platform", url="https://b.example/", private=True).private


def test_a_rotation_counts_on_and_overlaps(destinations: Destinations) -> None:
    destinations.create("platform", URL, actions=())
    rotated = destinations.rotate("platform", timedelta(hours=1))
    assert rotated.generation == 2
    assert rotated.overlap_until is not None
    assert timedelta(minutes=59) < rotated.overlap_until - now() <= timedelta(hours=1)
    again = destinations.rotate("platform", timedelta())
    assert (again.generation, again.overlap_until) == (3, None)


def test_unknown_names_are_refused(destinations: Destinations) -> None:
    destinations.create("gone", URL, actions=())
    destinations.delete("gone")
    for name in ("nobody", "gone"):
        for use in (
            lambda name=name: destinations.get(name),
            lambda name=name: destinations.change(name, enabled=True),
            lambda name=name: destinations.rotate(name, timedelta()),
            lambda name=name: destinations.delete(name),
        ):
            with pytest.raises(NotFound, match="no destination"):
                use()
    assert destinations.list() == []


def test_one_that_comes_back_has_another_secret(
    destinations: Destinations, database: Database
) -> None:
    destinations.create("platform", URL, actions=(ActionKind.BLOCK,))
    destinations.rotate("platform", timedelta(hours=9))
    destinations.delete("platform")
    with database.read() as connection:
        assert connection.execute(text("SELECT url FROM destinations")).scalar_one() == ""
    back = destinations.create("platform", "https://b.example/", actions=())
    assert back == Destination(
        name="platform", url="https://b.example/", actions=(), generation=3, overlap_until=None
    )


def test_what_is_open_fails_when_its_destination_is_deleted(
    destinations: Destinations, database: Database, put: Put
) -> None:
    destinations.create("platform", URL, actions=(ActionKind.BLOCK,))
    destinations.create("other", URL, actions=(ActionKind.BLOCK,))
    mine, others = put("e1"), put("e2", "other")
    destinations.delete("platform")
    deliveries = Deliveries(database)
    failed = deliveries.get(mine.id)
    assert (failed.state, failed.problem) == (DeliveryState.FAILED, DELETED)
    assert failed.ended_at is not None
    assert failed.next_at is None
    assert deliveries.get(others.id).state is DeliveryState.WAITING
