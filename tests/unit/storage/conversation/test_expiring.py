"""States go when their time is over, alerts when nobody has to decide about them any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from tests.unit.storage.conversation.talks import AT, DRILL, LEA, TALK, alert, standing

from tutela.model.conversation.message import Participant
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.conversation.accounts import AccountBook, Contact
from tutela.storage.conversation.expiring import Gone, expire
from tutela.storage.conversation.standing import ActorStanding
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.database import Database
from tutela.storage.tables import cases, events

LATER, DAY = AT + timedelta(days=9), timedelta(days=1)


@pytest.fixture
def kept(database: Database) -> Conversations:
    """Two conversations, an actor and two accounts, idle for a day or more; one alert is owed."""
    kept = Conversations(database)
    with kept.changing([TALK, DRILL], [LEA]) as changing:
        changing.save(
            Changes(
                conversations=[standing(), standing(DRILL, touched_at=AT + DAY)],
                actors=[ActorStanding(actor="lea", drill=False, touched_at=AT, state=b"f")],
                alerts=[alert(1), alert(2), alert(3)],
            )
        )
        counted = [Contact(Participant(id="lea"), [Participant(id="tom")], AT)]
        AccountBook(database).of_batch(changing.connection, counted, drill=False, at=AT)
    kept.told(["e1", "e2"])
    return kept


def put_case(database: Database, seq: int, event_id: str, state: str, root: int | None) -> None:
    with database.write() as connection:
        facts = {"kind": "message", "surface": "", "region": "", "drill": False, "contents": "[]"}
        row = {"seq": seq, "id": event_id, "digest": "", "received_at": AT, **facts}
        connection.execute(insert(events).values(**row))
        own = {"opened_at": AT, "drill": False, "principles": "[]", "summary": ""}
        case = {"event_seq": seq, "id": f"case-{seq}", "state": state, "root": root, **own}
        connection.execute(insert(cases).values(**case))


def test_what_is_idle_goes_and_the_log_says_how_much(
    kept: Conversations, database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    assert expire(database, AT, AT) == Gone()
    assert leaves() == []
    gone = expire(database, AT + DAY, AT, by="cli:root")
    assert gone == Gone(conversations=1, actors=1, accounts=2)
    assert set(kept.read([TALK, DRILL], [LEA]).conversations) == {DRILL}
    (leaf,) = leaves()
    assert (leaf.kind, leaf.by, leaf.subject) == (
        AuditKind.CONVERSATION,
        "cli:root",
        "conversations",
    )
    facts = {"conversations": 1, "actors": 1, "accounts": 2, "alerts": 0}
    assert leaf.data == {"did": "expired", **facts}
    assert not AccountBook(database).signals("lea", drill=False, at=AT).known


def test_alerts_stay_while_their_case_waits_or_they_are_owed(
    kept: Conversations, database: Database
) -> None:
    put_case(database, 1, "e1", "gathered", root=2)
    put_case(database, 2, "e2", "second", root=None)
    assert expire(database, AT, LATER).alerts == 0
    with database.write() as connection:
        connection.execute(update(cases).where(cases.c.event_seq == 2).values(state="closed"))
    assert expire(database, AT, LATER).alerts == 2
    assert [one.event_id for one in kept.alerts(TALK)] == ["e3"]
