"""`kill -9` in the middle of the work: what was accepted is there, once, and nothing by half."""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import text

from tutela.drill.photographs import listed, unrelated
from tutela.storage.counts import reconcile
from tutela.storage.database import Database
from tutela.storage.entries import Entries

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

EVENTS = 1000
SENDERS = 16
BANK = "crash"


@contextmanager
def database_of(server: Running) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{server.folder / 'data' / 'tutela.db'}")
    try:
        yield database
    finally:
        database.close()


class Client:
    """Sends events one after another until the server is gone, and remembers every answer."""

    def __init__(self, server: Running, kill_after: int) -> None:
        self._server = server
        self._kill_after = kill_after
        self._lock = threading.Lock()
        self.answers: dict[str, bytes] = {}
        self.entries: list[str] = []
        self.enough = threading.Event()

    def send(self, number: int) -> None:
        event_id = f"event-{number}"
        try:
            answer = self._server.ask(
                "POST",
                "/v1/check",
                body(number),
                KINDS[is_photograph(number)],
                **facts(number, event_id),
            )
        except (OSError, http.client.HTTPException):
            return
        assert answer.status == 200
        with self._lock:
            self.answers[event_id] = answer.body
            if len(self.answers) >= self._kill_after:
                self.enough.set()

    def list_entries(self) -> None:
        """Add entries all the while, one by one."""
        for number in range(10_000):
            value = f"{number:064x}"
            entry = {"signals": [{"kind": "sha256", "value": value}]}
            try:
                answer = self._server.post(f"/v1/banks/{BANK}/entries", {"entries": [entry]})
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 201:
                self.entries.append(value)


KINDS = ({"Content-Type": "application/json"}, {"Content-Type": "image/jpeg"})


def is_photograph(number: int) -> bool:
    return number % 10 == 0


def body(number: int) -> bytes:
    """Every tenth event is a photograph, of which every second is listed; others are signals."""
    if is_photograph(number):
        return (listed()[0] if number % 20 == 0 else unrelated()[0]).data
    event_id = f"event-{number}"
    signals = [{"kind": "md5", "value": f"{number:032x}"}]
    return msgspec.json.encode({"event_id": event_id, "signals": signals})


def facts(number: int, event_id: str) -> dict[str, str]:
    return {"event_id": event_id} if is_photograph(number) else {}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_in_the_middle_of_a_thousand_events(start: Start, workers: str) -> None:
    server = start("--workers", workers)
    server.post("/v1/banks", {"name": BANK, "drill": True, "trusted": True})
    server.ask("POST", f"/v1/banks/{BANK}/media", listed()[0].data)
    client = Client(server, kill_after=random.Random().randrange(50, 300))  # noqa: S311
    with ThreadPoolExecutor(SENDERS + 1) as pool:
        pool.submit(client.list_entries)
        for number in range(EVENTS):
            pool.submit(client.send, number)
        client.enough.wait(120)
        server.kill()
        pool.shutdown(cancel_futures=True)
    assert 50 <= len(client.answers) < EVENTS
    assert client.entries

    check_database(server, client)
    server.start()
    check_answers(server, client)
    check_index(server)
    # The rest is sent again, with what is there already: nothing is stored twice.
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(client.send, range(EVENTS)))
    assert len(client.answers) == EVENTS
    check_database(server, client, whole=True)


def check_database(server: Running, client: Client, *, whole: bool = False) -> None:
    """Each accepted event has exactly one decision, and nothing contradicts anything."""
    with database_of(server) as database, database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT events.id, count(decisions.event_seq) FROM events"
                " LEFT JOIN decisions ON decisions.event_seq = events.seq GROUP BY events.id"
            )
        ).all()
        decisions = {row[0]: row[1] for row in rows}
        assert set(decisions.values()) == {1}
        assert client.answers.keys() <= decisions.keys()
        assert len(decisions) == EVENTS or not whole
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    with database_of(server) as database:
        assert reconcile(database).sound


def check_answers(server: Running, client: Client) -> None:
    """The stored answer is the one that the client got, byte for byte."""
    for event_id, answer in list(client.answers.items())[:50]:
        stored = server.ask("GET", f"/v1/events/{event_id}").json["outcome"]
        assert stored == msgspec.json.decode(answer)
        number = int(event_id.removeprefix("event-"))
        again = server.ask(
            "POST",
            "/v1/check",
            body(number),
            KINDS[is_photograph(number)],
            **facts(number, event_id),
        )
        assert again.body == answer
        assert again.headers["tutela-replayed"] == "true"


def check_index(server: Running) -> None:
    """Every entry in the database is found, and nothing else is."""
    with database_of(server) as database:
        entries = list(Entries(database).export(BANK))
    held = {s.value: entry.id for entry in entries for s in entry.signals if s.kind == "sha256"}
    values = [*held, *(f"{number:064x}" for number in range(20_000, 20_100))]
    for at in range(0, len(values), 5000):
        some = values[at : at + 5000]
        signals = [{"kind": "sha256", "value": value} for value in some]
        results = server.post("/v1/lookup", {"signals": signals}).json["results"]
        found = [[match["entry_id"] for match in result["matches"]] for result in results]
        assert found == [[held[value]] if value in held else [] for value in some]
