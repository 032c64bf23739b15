"""An actor's history is counted as it is stored, with bounded work, and never across drills."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from tutela.errors import Unavailable
from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Decision,
    Event,
    History,
    Match,
    Outcome,
    Reason,
    Verdict,
)
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.migrations import migrate
from tutela.storage.past.history import DAY, MONTH, MOST, Histories

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FOUND = Match(
    bank="hills", bank_id=1, entry_id=1, kind="md5", distance=0, exact=True, list_version=1
)


class Did(Record, frozen=True, kw_only=True):
    """What one event of an actor came to."""

    actor: str | None = "a"
    ago: timedelta = timedelta()
    drill: bool = False
    matched: bool = False
    blocked: bool = False
    cased: bool = False


def store(journal: Journal, done: Sequence[Did], tag: str = "") -> None:
    """Store events in one go; their ids and actors begin with the tag."""
    futures = []
    for number, did in enumerate(done):
        at, name = NOW - did.ago, f"{tag}e{number}"
        event = Event(
            id=name,
            digest=name,
            received_at=at,
            actor=Actor(id=tag + did.actor) if did.actor is not None else None,
            drill=did.drill,
        )
        case = Case(id=f"case-{name}", event_id=name, opened_at=at) if did.cased else None
        action = ActionKind.BLOCK if did.blocked else ActionKind.ALLOW
        outcome = Outcome(
            event_id=name,
            verdict=Verdict.MATCH if did.matched else Verdict.CLEAR,
            received_at=at,
            drill=did.drill,
            list_version=1,
            matches=(FOUND,) if did.matched else (),
            gaps=(),
            decision=Decision(
                policy_version="v",
                actions=(action, ActionKind.OPEN_CASE) if did.cased else (action,),
                reasons=(Reason(rule="r", text="t"),),
            ),
            case_id=case.id if case else None,
        )
        futures.append(journal.record(event, outcome, case))
    for future in futures:
        future.result(30)


def counted(done: Sequence[Did], actor: str, *, drill: bool) -> History:
    """The specification: count one by one."""
    own = [did for did in done if did.actor == actor and did.drill == drill and did.ago < MONTH]
    return History(
        events_1d=sum(did.ago < DAY for did in own),
        events_30d=len(own),
        matches_30d=sum(did.matched for did in own),
        blocks_30d=sum(did.blocked for did in own),
        cases_30d=sum(did.cased for did in own),
    )


dids = st.builds(
    Did,
    actor=st.sampled_from(["a", "b", None]),
    ago=st.sampled_from([timedelta(), DAY - timedelta(seconds=1), DAY, MONTH, 2 * MONTH, 2 * DAY]),
    drill=st.booleans(),
    matched=st.booleans(),
    blocked=st.booleans(),
    cased=st.booleans(),
)


tags = (f"t{number}-" for number in itertools.count())


# The database may stay as it is: each list of events has actors of its own.
@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(dids, max_size=12))
def test_a_history_is_what_one_would_count(database: Database, done: list[Did]) -> None:
    tag = next(tags)
    with Journal(database) as journal:
        store(journal, done, tag)
    for actor in ("a", "b", "nobody"):
        for drill in (False, True):
            found = Histories(database).of(tag + actor, drill=drill, at=NOW)
            assert found == counted(done, actor, drill=drill)


def test_a_flood_of_events_ends_the_count_and_hides_nothing(database: Database) -> None:
    done = [
        Did(ago=2 * DAY, matched=True, blocked=True, cased=True),
        *[Did(ago=timedelta(hours=1))] * (MOST + 5),
        *[Did(actor="b", matched=True, cased=True)] * (MOST + 5),
    ]
    with Journal(database) as journal:
        store(journal, done)
    histories = Histories(database)
    assert histories.of("a", drill=False, at=NOW) == History(
        events_1d=MOST, events_30d=MOST, matches_30d=1, blocks_30d=1, cases_30d=1
    )
    assert histories.of("b", drill=False, at=NOW) == History(
        events_1d=MOST, events_30d=MOST, matches_30d=MOST, blocks_30d=0, cases_30d=MOST
    )


def test_without_a_database_there_is_no_history() -> None:
    nowhere = Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable):
        Histories(nowhere).of("a", drill=False, at=NOW)
    nowhere.close()


def put(connection: Connection, table: str, *values: object) -> None:
    """Insert a row in the order of its columns."""
    named = {f"v{number}": value for number, value in enumerate(values)}
    marks = ", ".join(f":{name}" for name in named)
    row = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names of our own
    connection.execute(text(row), named)


def test_histories_begin_with_what_older_versions_stored(empty_database_url: str) -> None:
    database = Database.open(empty_database_url)
    at = round(NOW.timestamp() * 1_000_000)
    with database.write() as connection:
        migrate(connection, "0004")
        for seq, actor in enumerate(["a", "a", None, "b"], start=1):
            row = (seq, f"e{seq}", "d", at, "upload", "", "", actor, False, "[]")
            put(connection, "events", *row)
            put(connection, "decisions", seq, "clear" if seq == 4 else "match", "v", "")
            put(connection, "actions", seq, "block" if seq == 1 else "hold")
            if seq != 2:
                put(connection, "cases", *(seq, f"c{seq}", at, "open", False, "[]", ""))
    database.migrate()
    found = [Histories(database).of(actor, drill=False, at=NOW) for actor in ("a", "b")]
    database.close()
    assert found == [
        History(events_1d=2, events_30d=2, matches_30d=2, blocks_30d=1, cases_30d=1),
        History(events_1d=1, events_30d=1, cases_30d=1),
    ]
