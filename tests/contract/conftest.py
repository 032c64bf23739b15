"""A server that speaks the wire format of `/v1` and misbehaves as it is told to; and a real one.

The fake keeps events by their id, as the real one does: so a test can tell what took effect, and
how often.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from tutela.client import Answer, AsyncTutela, Tutela
from tutela.drill.server import Server, free_port
from tutela.interfaces.access import Role
from tutela.storage.access.keys import Keys
from tutela.storage.database import Database

REASON = {"rule": "clear", "text": "Everything was compared.", "principles": [1]}


@dataclass
class Fault:
    """What the server does with one request instead of answering it as it should.

    Attributes:
        status: answers with this status, and a problem document.
        headers: of that answer.
        after: does it after the event has taken effect, not before.
        cut: sends this share of the right answer and closes.
        hang: says nothing for so many seconds.
        reset: closes at once, with a reset.
        raw: answers 200 with this body.
        edit: changes members of the right answer.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "unavailable"
    after: bool = False
    cut: float = 1.0
    hang: float = 0.0
    reset: bool = False
    raw: bytes | None = None
    edit: dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """What one request said."""

    path: str
    facts: dict[str, Any]
    media: bytes | None
    key: str


class FakeServer:
    """State of the fake: `faults` are used up one for each request."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.seen: list[Seen] = []
        self.stored: dict[str, tuple[str, dict[str, Any]]] = {}
        self.appeals: dict[str, dict[str, Any]] = {}
        self.more: dict[str, Any] = {}
        self.lock = threading.Lock()
        self.url = ""

    def will(self, **fault: Any) -> None:  # noqa: ANN401 - the fields of a fault
        """Misbehave with the next request that has no fault yet."""
        self.faults.append(Fault(**fault))

    def does(self, **fault: Any) -> None:  # noqa: ANN401 - the fields of a fault
        """Misbehave with every request; without a fault, behave from now on."""
        self.always = Fault(**fault) if fault else None

    def next_fault(self) -> Fault:
        with self.lock:
            return self.faults.pop(0) if self.faults else self.always or Fault()

    def answer(self, seen: Seen) -> tuple[int, dict[str, str], Any]:
        """The right answer to a request."""
        match seen.path.split("/"):
            case ["", "v1", "check"]:
                return self._check(seen)
            case ["", "v1", "lookup"]:
                one = {"total": 0, "matches": [], **self.more}
                results = [one for _ in seen.facts["signals"]]
                return 200, {}, {"list_version": 7, "results": results, **self.more}
            case ["", "v1", "events", event_id] if event_id in self.stored:
                outcome = self.stored[event_id][1]
                event = {"id": event_id, "received_at": outcome["received_at"], **self.more}
                return 200, {}, {"event": event, "outcome": outcome, **self.more}
            case ["", "v1", "appeals", *named]:
                return self._appeal(seen, named)
            case ["", "v1", "actions", action, "receipt"]:
                done = "done" if seen.facts["done"] else "sent"
                return 200, {}, {"id": action, "state": done, "attempts": 1, **self.more}
            case ["", "health", "ready"]:
                status, document = 200, {"ready": True, "list_version": 7, **self.more}
            case _:
                status, document = 404, problem(404, "not-found")
        return status, {}, document

    def _appeal(self, seen: Seen, named: list[str]) -> tuple[int, dict[str, str], Any]:
        """Take an appeal, or tell of one."""
        if named and named[0] in self.appeals:
            return 200, {}, self.appeals[named[0]]
        if named or seen.facts["event_id"] not in self.stored:
            return 404, {}, problem(404, "not-found")
        appeal_id = seen.facts["id"]
        said = {"id": appeal_id, "contests": seen.facts["event_id"], "state": "waiting"}
        more = {"outcome": None, "statement": "", "received_at": "2026-01-02T03:04:05Z"}
        return 201, {}, self.appeals.setdefault(appeal_id, said | more | self.more)

    def _check(self, seen: Seen) -> tuple[int, dict[str, str], Any]:
        event_id = seen.facts["event_id"]
        told = {n: v for n, v in seen.facts.items() if n != "media_base64"}
        whole = json.dumps(told, sort_keys=True).encode() + (seen.media or b"")
        digest = hashlib.sha256(whole).hexdigest()
        with self.lock:
            known = event_id in self.stored
            outcome = {
                "event_id": event_id,
                "verdict": "clear",
                "received_at": "2026-01-02T03:04:05Z",
                "drill": seen.facts.get("drill") in (True, "true"),
                "list_version": 7,
                "matches": [],
                "gaps": [],
                "decision": {
                    "policy_version": "default-1",
                    "actions": ["allow"],
                    "reasons": [REASON | self.more],
                    **self.more,
                },
                "case_id": None,
                **self.more,
            }
            stored, outcome = self.stored.setdefault(event_id, (digest, outcome))
        if stored != digest:
            return 409, {}, problem(409, "conflict")
        return 200, {"Tutela-Replayed": "true"} if known else {}, outcome


def problem(status: int, code: str) -> dict[str, Any]:
    return {
        "type": f"urn:tutela:problem:{code}",
        "title": code,
        "status": status,
        "detail": f"this went as {code}",
        "code": code,
        "remedy": "do otherwise",
        "added_by_a_newer_server": {"a": [1]},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeServer

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        fault = self.fake.next_fault()
        if fault.reset and not fault.after:
            self._reset()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        facts, media = read_body(self.headers.get("Content-Type") or "", body)
        seen = Seen(self.path, facts, media, self.headers.get("Authorization") or "")
        with self.fake.lock:
            self.fake.seen.append(seen)
        if fault.status and not fault.after:
            self._send(fault.status, fault.headers, json.dumps(problem(fault.status, fault.code)))
            return
        status, headers, document = self.fake.answer(seen)
        time.sleep(fault.hang)
        if fault.reset:
            self._reset()
        elif fault.status:
            self._send(fault.status, fault.headers, json.dumps(problem(fault.status, fault.code)))
        elif fault.raw is not None:
            self._send(status, headers, fault.raw)
        else:
            edited = document | fault.edit if fault.edit else document
            self._send(status, headers, json.dumps(edited), fault.cut)

    def _send(
        self, status: int, headers: dict[str, str], body: str | bytes, cut: float = 1
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: int(len(data) * cut)])
        self.close_connection = cut < 1

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True
        self.rfile.close()

    def log_message(self, *_: object) -> None:
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """What breaks here was broken on purpose."""


def read_body(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes | None]:
    """The facts and the content that a request carries."""
    if content_type.startswith("multipart/form-data"):
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + body).get_payload()
        found: dict[str, Any] = {}
        for part in parts:
            name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
            found[str(name)] = part.get_payload(decode=True)  # type: ignore[union-attr]
        media = found.pop("media", None)
        return {name: value.decode() for name, value in found.items()}, media
    facts = json.loads(body) if body else {}
    coded = facts.pop("media_base64", None)
    return facts, base64.b64decode(coded) if coded is not None else None


@contextmanager
def fake_server(port: int = 0) -> Iterator[FakeServer]:
    """Run a fake server on a thread."""
    fake = FakeServer()
    handler = type("Bound", (Handler,), {"fake": fake})
    with Listener(("127.0.0.1", port), handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


@pytest.fixture
def fake_at() -> Callable[[int], Any]:
    """Start a fake server at a port, when the test wants it."""
    return fake_server


@dataclass
class Reached:
    """A server that is reached, fake or real."""

    url: str
    key: str


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    """`tutela serve` on an empty folder."""
    folder = tmp_path_factory.mktemp("served")
    port = free_port("127.0.0.1", 0)
    env = environment(folder, port)
    (folder / "data").mkdir()
    database = Database.open(f"sqlite:///{folder / 'data' / 'tutela.db'}")
    try:
        database.migrate()
        key = Keys(database).create("contract", Role.UPLOADER)[1]
    finally:
        database.close()
    command = [sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()", "serve"]
    with Server(command, env, "127.0.0.1", port, folder / "log"):
        yield Reached(f"http://127.0.0.1:{port}", key)


def environment(folder: Path, port: int) -> Mapping[str, str]:
    """An environment of nothing but a data folder; no process but the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    return kept | {
        "TUTELA_DATA_FOLDER": str(folder / "data"),
        "TUTELA_SERVER_HOST": "127.0.0.1",
        "TUTELA_SERVER_PORT": str(port),
        "TUTELA_DECODER_CHILDREN": "1",
        "TUTELA_RESCAN_WORKER": "false",
        "TUTELA_ACTIONS_WORKER": "false",
        "TUTELA_VAULT_WORKER": "false",
        "TUTELA_SERVER_WORKERS": "1",
    }


@pytest.fixture(params=["fake", "real"])
def server(request: pytest.FixtureRequest) -> Reached:
    """A server that behaves: the fake one, and a real one."""
    if request.param == "real":
        found: Reached = request.getfixturevalue("real_server")
        return found
    return Reached(request.getfixturevalue("fake").url, "tut_key")


class Awaited:
    """The asynchronous client, called as if it were the other one."""

    def __init__(self, client: AsyncTutela, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)

        def run(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - of any call
            return self._runner.run(call(*args, **named))

        return run

    def flush(self, told: Callable[[Answer], object] = lambda _: None) -> Any:  # noqa: ANN401
        async def tell(answer: Answer) -> None:
            told(answer)

        return self._runner.run(self._client.flush(tell))


@pytest.fixture(params=["threads", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Tutela]]:
    """Make clients, such as `connect(url, key, retries=1)`: of threads, and of asyncio."""
    clients: list[Tutela] = []
    with asyncio.Runner() as runner:

        def make(url: str, key: str = "tut_key", **more: Any) -> Tutela:  # noqa: ANN401
            if request.param == "threads":
                client = Tutela(url, key, **more)
            else:
                client = cast("Tutela", Awaited(AsyncTutela(url, key, **more), runner))
            clients.append(client)
            return client

        yield make
        for client in clients:
            client.close()
