"""Receivers that misbehave on real sockets, and an outbox with workers that sends to them."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from tutela.client.webhooks import NotGenuine, verify
from tutela.model import (
    ActionKind,
    ActionMessage,
    Decision,
    Delivery,
    DeliveryState,
    Event,
    Outcome,
    Reason,
    Verdict,
)
from tutela.outgoing import Outgoing, Reach
from tutela.response.routing import Routes
from tutela.response.secrets import Secrets
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.outbox.work import Outbox
from tutela.workflows.sending.circuit import Patience
from tutela.workflows.sending.delivering import LEASE, Delivering

SECRETS = Secrets(bytes(range(32)))
QUICK = Patience(first=0.02, longest=0.05, attempts=60)
WAIT_SECONDS = 60


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the receiver, whose behaviour may write whatever it likes."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = dict(self.headers.items())
        with suppress(OSError):
            self.receiver.take(self, headers, body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass

    def say(self, status: int, document: object = None, **headers: str) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


Behaviour = Callable[[Handler, ActionMessage], None]


class Receiver:
    """A platform's webhook. It checks every signature, and does each action once, by its id."""

    def __init__(self) -> None:
        handler = type("Bound", (Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.behave: Behaviour = self.confirm
        self.secrets = [SECRETS.secret("platform", 1)]
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.messages: list[ActionMessage] = []
        self.headers: list[dict[str, str]] = []
        self.refused: list[str] = []
        self.done: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/token-1"

    def take(self, handler: Handler, headers: dict[str, str], body: bytes) -> None:
        self.headers.append(headers)
        try:
            message = verify(self.secrets, headers, body, now=self.clock())
        except NotGenuine as problem:
            self.refused.append(problem.what)
            handler.say(400, {}, Date=format_datetime(self.clock(), usegmt=True))
            return
        with self._lock:
            self.messages.append(message)
        self.behave(handler, message)

    def do(self, message: ActionMessage) -> None:
        """Carry out an action, unless that was done before."""
        with self._lock:
            if message.id not in self.done:
                self.done[message.id] += 1

    def confirm(self, handler: Handler, message: ActionMessage) -> None:
        """Behave as told."""
        self.do(message)
        handler.say(200, {"id": message.id, "done": True, "reference": "case 7"})

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class World:
    """An outbox with its destinations, and workers for it."""

    secrets = SECRETS

    def __init__(self, database: Database) -> None:
        self.database = database
        self.destinations = Destinations(database)
        self.deliveries = Deliveries(database)
        self.log = LogCapture()
        self.receivers: list[Receiver] = []

    def receiver(self, name: str = "platform", confirm_seconds: int = 300) -> Receiver:
        receiver = Receiver()
        self.receivers.append(receiver)
        receiver.secrets = [SECRETS.secret(name, 1)]
        actions = (ActionKind.BLOCK,)
        self.destinations.create(
            name, receiver.url, actions=actions, private=True, confirm_seconds=confirm_seconds
        )
        return receiver

    def bystander(self) -> Receiver:
        """A receiver that nobody has named as a destination."""
        self.receivers.append(Receiver())
        return self.receivers[-1]

    def decide(self, *event_ids: str, at: datetime | None = None) -> list[Delivery]:
        """Let a rule block some events; what is to be sent."""
        routes = Routes(tuple(self.destinations.list()))
        sent: list[Delivery] = []
        with Journal(self.database) as journal:
            for event_id in event_ids:
                event, outcome = _blocked(event_id, at or datetime.now(UTC))
                made = routes.deliveries(event, outcome.decision, None, event.received_at)
                journal.record(event, outcome, None, made).result(30)
                sent += made
        return sent

    @contextmanager
    def work(
        self,
        *,
        outbox: type[Outbox] = Outbox,
        **about: Any,  # noqa: ANN401 - any argument of its
    ) -> Iterator[Delivering]:
        stop = threading.Event()
        reach = Reach(seconds=about.pop("seconds", 10.0), bytes=10_000)
        about.setdefault("patience", QUICK)
        delivering = Delivering(
            outbox(self.database, f"holder {time.monotonic_ns()}", about.pop("lease", LEASE)),
            Outgoing(reach),
            SECRETS,
            structlog.wrap_logger(None, processors=[self.log]),
            stop=stop,
            **about,
        )
        thread = threading.Thread(target=delivering.run)
        thread.start()
        try:
            yield delivering
        finally:
            stop.set()
            thread.join(WAIT_SECONDS)
        assert not thread.is_alive()

    def state(self, delivery: Delivery) -> Delivery:
        return self.deliveries.get(delivery.id)

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not holds():
            assert time.monotonic() < end, "it never came to that"
            time.sleep(0.01)

    def until_done(self, *sent: Delivery) -> None:
        self.until(lambda: all(self.state(one).state is DeliveryState.DONE for one in sent))

    def alarms(self) -> list[dict[str, Any]]:
        return [dict(entry) for entry in self.log.entries if entry["log_level"] == "error"]


def _blocked(event_id: str, at: datetime) -> tuple[Event, Outcome]:
    digest = hashlib.sha256(event_id.encode()).hexdigest()
    event = Event(id=event_id, digest=digest, received_at=at)
    reason = Reason(rule="rule", text="Because of the rule", notice="It cannot be shown.")
    decision = Decision(policy_version="policy-1", actions=(ActionKind.BLOCK,), reasons=(reason,))
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.CLEAR,
        received_at=at,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decision,
    )
    return event, outcome


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    world = World(database)
    yield world
    for receiver in world.receivers:
        receiver.close()


@pytest.fixture
def small_world(migrated_file: Path, tmp_path: Path) -> Iterator[World]:
    """A world on the one kind of database, where it is all the same which."""
    database = Database.open(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'small.db')}")
    world = World(database)
    yield world
    for receiver in world.receivers:
        receiver.close()
    database.close()
