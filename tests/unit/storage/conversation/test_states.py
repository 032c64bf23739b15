"""Conversations as they go on: whatever is written together is there together, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from sqlalchemy import select
from tests.unit.storage.conversation.talks import AT, DRILL, LEA, TALK, alert, reached, standing

from tutela.errors import Conflict, NotFound
from tutela.storage.conversation.standing import ActorStanding, Key
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.database import Database
from tutela.storage.tables import tallies


@pytest.fixture
def stored(database: Database) -> Conversations:
    """One conversation, whom it shows, and what was raised of it."""
    kept = Conversations(database)
    with kept.changing([TALK], [LEA]) as changing:
        assert not changing.before.conversations
        assert not changing.before.actors
        changing.save(
            Changes(
                conversations=[standing()],
                actors=[ActorStanding(actor="lea", drill=False, touched_at=AT, state=b"f")],
                alerts=[alert(1), alert(2)],
                reached={reached(20787, 0, 10): 2, reached(20787, 12, 10): 1},
                tally={"messages_rated": 12},
            )
        )
    return kept


def test_what_is_written_is_read_again(stored: Conversations) -> None:
    before = stored.read([TALK, DRILL], [LEA, Key("lea", drill=True)])
    assert before.conversations == {TALK: standing(revision=1)}
    assert stored.get(TALK) == standing(revision=1)
    assert before.actors[LEA].state == b"f"
    assert before.revisions_of([TALK, DRILL]) == {TALK: 1, DRILL: 0}
    assert stored.alerts(TALK) == [alert(1), alert(2)]
    assert stored.alert("e2") == alert(2)
    assert stored.alerts(DRILL) == []


def test_what_is_missing_is_said_without_its_name(stored: Conversations) -> None:
    with pytest.raises(NotFound) as refusal:
        stored.get(DRILL)
    assert "talk 1" not in str(refusal.value)
    with pytest.raises(NotFound):
        stored.alert("e3")


def test_a_change_carries_on_from_what_was_read(stored: Conversations) -> None:
    with stored.changing([TALK], [LEA]) as changing:
        known = changing.before.conversations[TALK]
        changing.save(
            Changes(
                conversations=[structs.replace(known, messages=13), standing(DRILL)],
                actors=list(changing.before.actors.values()),
            )
        )
    assert stored.get(TALK).messages == 13
    assert stored.get(TALK).revision == 2
    assert stored.get(DRILL) == standing(DRILL, revision=1)


def test_nothing_of_a_batch_that_fails_is_kept(stored: Conversations) -> None:
    with pytest.raises(Conflict), stored.changing([DRILL], []) as changing:
        # The alert is there already: as where two processes raise the same.
        changing.save(Changes(conversations=[standing(DRILL)], alerts=[alert(1)]))
    with pytest.raises(NotFound):
        stored.get(DRILL)


def test_who_stores_a_conversation_second_is_told(stored: Conversations) -> None:
    with pytest.raises(Conflict), stored.changing([], []) as changing:
        changing.save(Changes(conversations=[standing()]))  # as if it had been new when it was read
    assert stored.get(TALK).revision == 1


def test_alerts_are_owed_until_they_are_told(stored: Conversations) -> None:
    assert [one.event_id for one in stored.owed(timedelta(0))] == ["e1", "e2"]
    assert stored.owed(timedelta(days=36_500)) == []
    assert (stored.owing(timedelta(0)), stored.owing(timedelta(days=36_500))) == (2, 0)
    stored.told([])
    stored.told(["e1", "e9"])
    assert [one.event_id for one in stored.owed(timedelta(0))] == ["e2"]
    told_at = stored.alert("e1").told_at
    stored.told(["e1"])
    assert told_at is not None
    assert stored.alert("e1").told_at == told_at


def test_days_are_counted_over_all_processes(stored: Conversations, database: Database) -> None:
    other = Conversations(database)
    for kept, by in ((other, 3), (stored, 4)):
        with kept.changing([], []) as changing:
            grown = {reached(20787, 12, 10): by, reached(20786, 0, 0, drill=True): 1}
            changing.save(Changes(reached=grown))
    midnight = datetime(2026, 11, 30, tzinfo=UTC)
    assert int(midnight.timestamp() // 86_400) == 20787
    assert stored.days(midnight) == {
        reached(20787, 0, 10): 2,
        reached(20787, 12, 10): 8,
    }
    assert stored.days(midnight, drill=True) == {}
    assert stored.days(midnight - timedelta(days=1), drill=True) == {
        reached(20786, 0, 0, drill=True): 2
    }


def test_counters_grow(stored: Conversations, database: Database) -> None:
    stored.tally({"messages_rated": 2})
    stored.tally({})
    with database.read() as connection:
        assert connection.scalars(select(tallies.c.value)).all() == [14]


def test_many_conversations_are_read_at_once(
    database: Database, leaves: Callable[[], list[object]]
) -> None:
    kept = Conversations(database)
    keys = [Key(f"t{number}", drill=bool(number % 2)) for number in range(1000)]
    with kept.changing(keys, keys) as changing:
        changing.save(Changes(conversations=[standing(key) for key in keys]))
    assert set(kept.read(keys, keys).conversations) == set(keys)
    assert leaves() == []  # states are like signals: no leaf tells of each
