"""What a stored event does not tell is named, so that nobody guesses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import select, update

from tutela.model import AccountSignals, Actor, AgeBand, History, Rating
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.past.origins import Decided, Past
from tutela.storage.past.signals import Span
from tutela.storage.tables import decisions, events

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

PEOPLE = {
    "actor": Actor(id="a", age=AgeBand.ADULT),
    "receivers": (Actor(id="b", age=AgeBand.FROM_13_TO_15),),
    "conversation": "c1",
    "ratings": (Rating(name="grooming", value=3),),
    "account": AccountSignals(age_days=1),
    "history": History(events_30d=7),
}
OLD = {"Event.receivers", "Event.conversation", "Event.ratings", "Event.account"}


@pytest.fixture
def stored(database: Database, make: Callable[..., Made]) -> Callable[..., Decided]:
    """Stores one event, changed, and gives it as the past has it."""

    def store(*, old: bool = False, without: str = "", **changes: object) -> Decided:
        made = make("e1", matched=True)
        event = msgspec.structs.replace(made.event, **changes)
        with Journal(database) as journal:
            journal.record(event, made.outcome, made.case).result(30)
        with database.write() as connection:
            if old:
                connection.execute(update(events).values(about=None))
            if without:
                whole = msgspec.json.decode(connection.scalar(select(decisions.c.outcome)) or "")
                del whole["matches"][0][without]
                text = msgspec.json.encode(whole).decode()
                connection.execute(update(decisions).values(outcome=text))
        (row,) = Past(database).decided(Span(after=0, up_to=9), 10)
        return row

    return store


def test_an_event_that_told_everything_lacks_nothing(stored: Callable[..., Decided]) -> None:
    row = stored(**PEOPLE)
    assert row.missing == frozenset()
    assert {name: getattr(row.file.event, name) for name in PEOPLE} == PEOPLE


def test_a_history_that_no_rule_asked_for_is_missing_where_there_is_an_actor(
    stored: Callable[..., Decided],
) -> None:
    assert stored(**PEOPLE | {"history": None}).missing == {"Event.history"}


def test_nobody_has_no_history(stored: Callable[..., Decided]) -> None:
    assert stored(actor=None).missing == frozenset()


def test_an_older_version_was_told_nothing_of_people(stored: Callable[..., Decided]) -> None:
    row = stored(old=True, actor=Actor(id="a"))
    assert row.missing == OLD | {"Event.actor", "Event.history"}


def test_an_older_version_without_an_actor(stored: Callable[..., Decided]) -> None:
    assert stored(old=True, actor=None).missing == OLD


@pytest.mark.parametrize(
    ("fact", "unknown"),
    [
        ("history", True),
        ("history.blocks_30d", True),
        ("history.*", True),
        ("historical", False),
        ("contact", False),
        ("contact.receivers", False),
        ("contact.adult_to_minor", True),
        ("contact.*", True),
        ("actor.age", True),
        ("event.has_actor", False),
        ("event.*", False),
        ("matches", False),
        ("matches.label", True),
        ("matches.*", True),
        ("matches.bank", False),
    ],
)
def test_what_cannot_be_known_follows_from_what_is_missing(
    stored: Callable[..., Decided], fact: str, *, unknown: bool
) -> None:
    row = stored(**PEOPLE, without="label")
    lacking = Decided(
        seq=row.seq, file=row.file, missing=row.missing | {"Event.history", "Event.actor"}
    )
    assert lacking.unknown([fact, "verdict"]) == ({fact} if unknown else frozenset())
