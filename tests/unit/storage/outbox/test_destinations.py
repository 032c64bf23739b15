from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tutela.errors import Conflict, NotFound
from tutela.model import ActionKind, DeliveryState, Destination
from tutela.model.custody.leaf import AuditKind, Leaf
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


def test_each_change_of_a_destination_is_told_without_its_address(
    destinations: Destinations, leaves: Callable[[], list[Leaf]]
) -> None:
    actions = (ActionKind.BLOCK, ActionKind.SLOW)
    destinations.create("platform", URL, actions=actions, by="key:1")
    destinations.change("platform", confirm_seconds=9, enabled=False, by="key:2")
    destinations.change("platform", url="https://b.example/", by="key:3")
    destinations.change("platform", enabled=False, by="key:4")  # it is already
    rotated = destinations.rotate("platform", timedelta(hours=1), by="key:5")
    destinations.delete("platform", by="key:6")
    found = leaves()
    assert {(one.kind, one.subject) for one in found} == {
        (AuditKind.DESTINATION, "destination:platform")
    }
    assert [one.by for one in found] == ["key:1", "key:2", "key:3", "key:5", "key:6"]
    made, off, moved, secret, deleted = (one.data for one in found)
    assert made == {
        "did": "made",
        "actions": "block,slow",
        "confirm_seconds": 300,
        "private": False,
        "enabled": True,
    }
    assert off == {
        "did": "changed",
        "confirm_seconds": 9,
        "confirm_seconds_before": 300,
        "enabled": False,
        "enabled_before": True,
    }
    assert moved == {"did": "changed", "url_changed": True}
    assert rotated.overlap_until is not None
    assert secret == {
        "did": "new secret",
        "generation": 2,
        "old_until": rotated.overlap_until.isoformat(),
    }
    assert deleted == {"did": "deleted", "failed": 0}
    assert "example" not in str(found)


def test_a_destination_that_could_not_be_changed_is_not_told(
    destinations: Destinations, leaves: Callable[[], list[Leaf]]
) -> None:
    destinations.create("platform", URL, actions=())
    told = leaves()
    for wrong in (
        lambda: destinations.create("platform", URL, actions=()),
        lambda: destinations.change("nowhere", enabled=True),
        lambda: destinations.rotate("nowhere", timedelta()),
        lambda: destinations.delete("nowhere"),
    ):
        with pytest.raises((Conflict, NotFound)):
            wrong()
    assert leaves() == told
