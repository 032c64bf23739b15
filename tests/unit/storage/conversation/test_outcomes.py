"""What people decided is counted by conversation, once, at its highest value."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert
from tests.unit.storage.conversation.talks import AT, DRILL, TALK, alert, standing

from tutela.detection.conversation.bar.precision import Decided
from tutela.storage.conversation.outcomes import decided
from tutela.storage.conversation.standing import Key
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.database import Database
from tutela.storage.tables import cases, events

OTHER = Key("talk 2", drill=False)


@pytest.fixture
def raised(database: Database) -> Database:
    """One conversation raised at 4.1 and 8.0, another at 6.0, and one of a drill."""
    kept = Conversations(database)
    alerts = [
        alert(1),
        alert(2, peak=80),
        alert(3, OTHER, peak=60),
        alert(4, DRILL, peak=90),
    ]
    with kept.changing([TALK, OTHER, DRILL], []) as changing:
        changing.save(
            Changes(
                conversations=[standing(), standing(OTHER), standing(DRILL)],
                alerts=alerts,
            )
        )
    return database


def put_case(
    database: Database, seq: int, outcome: str, *, state: str = "closed", root: int | None = None
) -> None:
    facts = {"kind": "message", "surface": "", "region": "", "drill": False, "contents": "[]"}
    own = {"drill": False, "principles": "[]", "summary": "", "outcome": outcome, "state": state}
    with database.write() as connection:
        row = {"seq": seq, "id": f"e{seq}", "digest": "", "received_at": AT, **facts}
        connection.execute(insert(events).values(**row))
        closed = {"opened_at": AT, "closed_at": AT + timedelta(hours=seq), "root": root}
        case = {"event_seq": seq, "id": f"case-{seq}", **own, **closed}
        connection.execute(insert(cases).values(**case))


def test_of_nothing_decided_there_is_nothing(raised: Database) -> None:
    assert decided(raised, AT) == []
    put_case(raised, 1, "", state="open")
    put_case(raised, 3, "confirmed", state="decided")
    put_case(raised, 2, "unsure")
    assert decided(raised, AT) == []


def test_a_conversation_counts_once_at_its_highest_value(raised: Database) -> None:
    put_case(raised, 1, "", state="gathered", root=2)
    put_case(raised, 2, "violation")
    put_case(raised, 3, "harmless")
    assert decided(raised, AT) == [Decided(60, 1, 0), Decided(80, 1, 1)]


def test_of_several_decisions_the_latest_counts(raised: Database) -> None:
    put_case(raised, 1, "confirmed")
    put_case(raised, 2, "harmless")
    assert decided(raised, AT) == [Decided(80, 1, 0)]


def test_what_is_older_and_what_is_of_a_drill_does_not_count(raised: Database) -> None:
    put_case(raised, 2, "confirmed")
    put_case(raised, 4, "confirmed")
    assert decided(raised, AT + timedelta(seconds=3)) == []
    assert decided(raised, AT) == [Decided(80, 1, 1)]
    assert decided(raised, AT, drill=True) == [Decided(90, 1, 1)]
