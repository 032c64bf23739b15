"""`kill -9` while messages come in: none is lost or counts twice, and each rise is one event."""

from __future__ import annotations

import http.client
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from tests.unit.conversations.lines import HARMLESS, LINES

from tutela.interfaces.access import Role
from tutela.settings import Settings
from tutela.storage.access.keys import Keys
from tutela.storage.conversation.standing import Key, Standing
from tutela.storage.conversation.states import Conversations
from tutela.storage.conversation.tables import conversation_alerts
from tutela.storage.counts import reconcile
from tutela.storage.database import Database
from tutela.storage.tables import events

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

TALKS = 6
SENDERS = 6
TURNS = 3
"""How often the lines are gone through in each conversation."""
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def said(talk: str) -> list[dict[str, Any]]:
    """All messages of a conversation: the lines of the leaflets among chatter."""
    pairs = list(zip(HARMLESS, LINES, strict=False)) * TURNS
    return [
        {
            "conversation": talk,
            "number": number,
            "author": {"id": f"actor of {talk}", "age": 34},
            "receivers": [{"id": f"child of {talk}", "age": 13}],
            "text": text,
            "language": "en",
            "drill": True,
        }
        for number, text in enumerate(text for pair in pairs for text in pair)
    ]


class Platform:
    """Hands messages in, a few at a time, and counts what was answered."""

    def __init__(self, server: Running, enough: int) -> None:
        self._server = server
        self._enough = enough
        self._lock = threading.Lock()
        self.answered = 0
        self.counted: dict[str, int] = {}
        self.enough = threading.Event()

    def send(self, talk: str) -> None:
        """Send a conversation from its start, until the server is gone."""
        messages, chance = said(talk), random.Random(talk)  # noqa: S311 - no secret
        while messages:
            size = chance.randrange(1, 4)
            try:
                answer = self._server.post("/v1/messages", {"messages": messages[:size]})
            except (OSError, http.client.HTTPException):
                return
            assert answer.status == 200, answer.body
            assert {one["status"] for one in answer.json["results"]} <= {"rated", "duplicate"}
            messages = messages[size:]
            with self._lock:
                self.answered += 1
                (found,) = answer.json["conversations"]
                self.counted[talk] = found["messages"]
            if self.answered >= self._enough:
                self.enough.set()


@pytest.mark.parametrize("kind", KINDS)
def test_kill_while_messages_come_in(
    start: Start, environment: dict[str, str], request: pytest.FixtureRequest, kind: str
) -> None:
    settings = {}
    if kind == "postgres":
        settings["TUTELA_STORAGE_URL"] = request.getfixturevalue("postgres").create()
    server = start(**settings)
    url = Settings.load(None, environment | settings).database_url
    with closing(Database.open(url)) as database:
        server.key = Keys(database).create("platform", Role.UPLOADER)[1]
    talks = [f"talk {number}" for number in range(TALKS)]

    platform = Platform(server, random.Random().randrange(10, 40))  # noqa: S311 - no secret
    with ThreadPoolExecutor(SENDERS) as pool:
        for talk in talks:
            pool.submit(platform.send, talk)
        assert platform.enough.wait(120)
        server.kill()
    answered = dict(platform.counted)
    with closing(Database.open(url)) as database:
        keys = [Key(talk, drill=True) for talk in answered]
        kept = Conversations(database).read(keys).conversations
        assert all(kept[key].messages >= answered[key.id] for key in keys)

    server.start()
    with ThreadPoolExecutor(SENDERS) as pool:  # when in doubt, everything is sent again
        list(pool.map(platform.send, [*talks, "never killed"]))
    server.stop()
    check(url, talks)


def check(url: str, talks: list[str]) -> None:
    """Each conversation is as one that saw no crash, and each rise is one event."""
    with closing(Database.open(url)) as database:
        store, whole = Conversations(database), len(said(""))
        control = store.get(Key("never killed", drill=True))
        for talk in talks:
            found = store.get(Key(talk, drill=True))
            assert (found.messages, found.numbers) == (whole, ((0, whole - 1),))
            assert (found.peak, found.lanes) == (control.peak, control.lanes)
            assert rises(found) == rises(control)
        with database.read() as connection:
            raised = connection.execute(select(conversation_alerts)).all()
            stored = connection.scalars(select(events.c.id)).all()
        # What the crash left untold is told by the server when it has waited for a while.
        told = {one.event_id for one in raised if one.told_at is not None}
        assert told <= set(stored) <= {one.event_id for one in raised}
        assert len(stored) == len(set(stored))
        assert {one.conversation for one in raised} == {*talks, "never killed"}
        assert reconcile(database).sound


def rises(standing: Standing) -> list[tuple[int, int]]:
    return [(step.peak, step.turn) for step in standing.steps]
