from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.errors import NotFound
from tutela.storage.database import Database
from tutela.storage.events import Events
from tutela.storage.journal import Journal

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made


@pytest.fixture
def events(database: Database, make: Callable[..., Made]) -> Events:
    with Journal(database) as journal:
        for number in range(5):
            made = make(f"e{number}", matched=number == 3)
            journal.record(made.event, made.outcome, made.case).result(30)
    return Events(database)


def test_an_event_is_read_as_it_was_with_its_signals(
    events: Events, make: Callable[..., Made]
) -> None:
    file = events.get("e3")
    made = make("e3", matched=True)
    assert (file.event, file.outcome) == (made.event, made.outcome)


def test_an_event_without_an_actor_has_none(database: Database, make: Callable[..., Made]) -> None:
    made = make("e1")
    nobody = msgspec.structs.replace(made.event, actor=None, contents=())
    with Journal(database) as journal:
        journal.record(nobody, made.outcome).result(30)
    assert Events(database).get("e1").event == nobody


def test_an_unknown_event_is_not_found(events: Events) -> None:
    with pytest.raises(NotFound):
        events.get("e9")
    with pytest.raises(NotFound):
        events.list(after="e9")


def test_pages_go_back_in_time_and_hold_no_signals(events: Events) -> None:
    first = events.list(limit=2)
    second = events.list(after=first[-1].event.id, limit=2)
    third = events.list(after=second[-1].event.id, limit=2)
    ids = [file.event.id for page in (first, second, third) for file in page]
    assert ids == ["e4", "e3", "e2", "e1", "e0"]
    assert all(content.signals == () for file in first for content in file.event.contents)
    assert [content.media_type for content in first[0].event.contents] == [
        "application/zip",
        "image/png",
    ]
