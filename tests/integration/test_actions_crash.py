"""`kill -9` in the middle of a thousand decisions: each is made once, and done once in effect."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from sqlalchemy import text

from tutela.client.webhooks import verify
from tutela.model import ActionKind, ActionMessage, DeliveryState
from tutela.response.secrets import Secrets
from tutela.storage.counts import reconcile
from tutela.storage.database import Database
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
EVENTS = 1000
SENDERS = 8
LISTED = "0f" * 16
WORKER_KILLS = 4
END_SECONDS = 120


class Platform:
    """A receiver that keeps ids as it was told to, and whose answers get lost now and then."""

    def __init__(self) -> None:
        self.secret = ""
        self.asked: Counter[str] = Counter()
        self.done: dict[str, ActionMessage] = {}
        self.effects = 0
        self._lock = threading.Lock()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = verify(platform.secret, dict(self.headers.items()), body)
                status, answer = platform.take(message)
                self.send_response_only(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # it was killed
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hooks"

    def take(self, message: ActionMessage) -> tuple[int, bytes]:
        with self._lock:
            self.asked[message.id] += 1
            if message.id not in self.done:
                self.done[message.id] = message
                self.effects += 1
        if self.asked[message.id] == 1 and int(message.id[-2:], 16) < 16:
            return 500, b""
        return 200, json.dumps({"id": message.id, "done": True}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


@contextmanager
def database_of(server: Running) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{server.folder / 'data' / 'tutela.db'}")
    try:
        yield database
    finally:
        database.close()


class Senders:
    """Submit events until each has been answered, however often the server is away meanwhile."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self.answers: dict[str, bytes] = {}

    def send(self, number: int) -> None:
        event_id = f"event-{number}"
        document = listed(event_id)
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            try:
                answer = self._server.post("/v1/check", document)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if answer.status == 200:
                self.answers[event_id] = answer.body
                return
            assert answer.status in {429, 503}
        raise AssertionError(event_id)


def listed(event_id: str) -> dict[str, object]:
    return {"event_id": event_id, "drill": True, "signals": [{"kind": "md5", "value": LISTED}]}


class Workers:
    """A process that sends actions, killed again and again at any point, and started anew."""

    def __init__(self, server: Running, enough: threading.Event) -> None:
        self._server = server
        self._enough = enough
        self.killed = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        chance = random.Random()  # noqa: S311 - when to kill is no secret
        while not self._enough.is_set():
            with (self._server.folder / "worker.log").open("ab") as log:
                worker = subprocess.Popen(
                    [*PROGRAM, "actions", "work"], env=self._server.env, stderr=log
                )
            last = self.killed >= WORKER_KILLS
            self._enough.wait(None if last else 1.5 + chance.random() * 2)
            worker.kill()
            worker.wait()
            self.killed += 1


def test_kill_in_the_middle_of_a_thousand_decisions(start: Start, platform: Platform) -> None:
    server = start()
    _set_up(server, platform)

    senders = Senders(server)
    with (
        Workers(server, threading.Event()) as workers,
        database_of(server) as database,
        ThreadPoolExecutor(SENDERS) as pool,
    ):
        sent = [pool.submit(senders.send, number) for number in range(EVENTS)]
        for share in (0.2, 0.6):
            _until(lambda share=share: len(senders.answers) >= EVENTS * share)
            server.kill()
            server.start()
        for future in sent:
            future.result()
        counts = Deliveries(database).counts
        _until(lambda: workers.killed >= WORKER_KILLS and not (counts().waiting + counts().sent))

    with database_of(server) as database:
        _check(database, senders, platform)
        assert reconcile(database).sound
    assert server.stop() == 0


def _set_up(server: Running, platform: Platform) -> None:
    """Let the server know a bank with one entry, and the platform."""
    bank = {"name": "hills", "drill": True, "trusted": True}
    assert server.post("/v1/banks", bank).status == 201
    entry = {"signals": [{"kind": "md5", "value": LISTED}]}
    assert server.post("/v1/banks/hills/entries", {"entries": [entry]}).status == 201
    platform.secret = Secrets.open(server.folder / "data" / "actions.key").secret("platform", 1)
    with database_of(server) as database:
        Destinations(database).create(
            "platform", platform.url, actions=(ActionKind.BLOCK,), private=True
        )
    time.sleep(1.5)  # until it knows both
    first = server.post("/v1/check", listed("event-0"))
    assert "block" in first.json["decision"]["actions"], first.body


def _sending(server: Running) -> list[int]:
    """Ids of the processes beside the server that send actions."""
    return [
        pid
        for pid in server.children()
        if b"\0actions\0work\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def test_the_server_has_a_process_that_sends_and_replaces_it(
    start: Start, platform: Platform
) -> None:
    server = start(TUTELA_ACTIONS_WORKER="true")
    _set_up(server, platform)
    _until(lambda: len(platform.done) == 1)
    (first,) = _sending(server)
    os.kill(first, signal.SIGKILL)
    assert server.post("/v1/check", listed("event-1")).status == 200
    _until(lambda: len(platform.done) == 2)
    (second,) = _sending(server)
    assert second != first
    assert "a process beside the server ended" in server.log
    assert server.stop() == 0
    _until(lambda: not Path(f"/proc/{second}").exists())
    assert platform.secret not in server.log
    assert platform.url not in server.log


def _check(database: Database, senders: Senders, platform: Platform) -> None:
    """Each event has one outcome, each outcome one action, and each action one effect."""
    with database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT events.id, count(DISTINCT decisions.event_seq),"
                " count(DISTINCT deliveries.id) FROM events"
                " LEFT JOIN decisions ON decisions.event_seq = events.seq"
                " LEFT JOIN deliveries ON deliveries.event_seq = events.seq GROUP BY events.id"
            )
        ).all()
    assert {row[0] for row in rows} == senders.answers.keys()
    assert len(rows) == EVENTS
    assert {tuple(row[1:]) for row in rows} == {(1, 1)}
    deliveries = Deliveries(database)
    done = deliveries.list(state=DeliveryState.DONE, limit=EVENTS + 1)
    assert len(done) == EVENTS
    assert {one.id for one in done} == platform.done.keys()
    assert {one.id: one.message for one in done} == platform.done
    assert platform.effects == EVENTS
    assert sum(platform.asked.values()) > EVENTS, "nothing had to be sent twice: no test of it"


def _until(holds: object) -> None:
    assert callable(holds)
    end = time.monotonic() + END_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)
