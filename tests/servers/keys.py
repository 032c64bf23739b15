"""A key service behind HTTP that really wraps, and misbehaves as it is told to."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tutela.errors import Conflict, NotFound
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.service import Wrapped, WrongKey

TOKEN = "token-of-a-drill"  # noqa: S105 - of a server that ends with its test


@dataclass
class Fault:
    """What it does with a request instead of answering it as it should."""

    on: str
    times: int = 1
    status: int = 0
    hang: float = 0.0
    cut: float = 1.0
    raw: bytes | None = None
    edit: dict[str, Any] = field(default_factory=dict)


class KeyServer:
    """State of the server."""

    def __init__(self) -> None:
        self.keys = MemoryKeys()
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self.url = ""

    def will(self, on: str, times: int = 1, **fault: Any) -> None:  # noqa: ANN401
        """Misbehave with the next requests to a path."""
        self.faults.append(Fault(on, times, **fault))

    def next_fault(self, path: str) -> Fault:
        for fault in self.faults:
            if fault.on == path and fault.times:
                fault.times -= 1
                return fault
        return Fault(path)

    def answer(self, path: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            return 200, self._routes()[path](asked)
        except WrongKey:
            known = asked["key_id"] in self.keys.key_ids()
            return (422, {"code": "altered"}) if known else (404, {"code": "unknown-key"})
        except NotFound:
            return 404, {"code": "unknown-key"}
        except Conflict:
            return 409, {"code": "current-key"}

    def _routes(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "/keys": lambda _: {"current": self.keys.current(), "keys": self.keys.key_ids()},
            "/keys/wrap": self._wrap,
            "/keys/unwrap": self._unwrap,
            "/keys/derive": lambda asked: {"key": text(self.keys.derive(asked["purpose"]))},
            "/keys/rotate": lambda _: {"key_id": self.keys.rotate()},
            "/keys/retire": self._retire,
        }

    def _wrap(self, asked: dict[str, Any]) -> dict[str, Any]:
        wrapped = self.keys.wrap(data(asked["key"]), data(asked["context"]))
        return {"key_id": wrapped.key_id, "data": text(wrapped.data)}

    def _unwrap(self, asked: dict[str, Any]) -> dict[str, Any]:
        wrapped = Wrapped(key_id=asked["key_id"], data=data(asked["data"]))
        key = self.keys.unwrap(wrapped, data(asked["context"]))
        return {"key_id": wrapped.key_id, "key": text(key)}

    def _retire(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.keys.retire(asked["key_id"])
        return {"retired": asked["key_id"]}


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def data(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_state: KeyServer

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        state = self.server_state
        state.seen.append(f"{self.command} {self.path}")
        fault = state.next_fault(self.path)
        time.sleep(fault.hang)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._send(401, b"{}", fault)
        elif fault.status:
            self._send(fault.status, b'{"code": "not-now"}', fault)
        else:
            status, answer = state.answer(self.path, json.loads(body) if body else {})
            self._send(status, json.dumps(answer | fault.edit).encode(), fault)

    do_GET = do_POST = handle_any  # noqa: N815 - as the library has it

    def _send(self, status: int, body: bytes, fault: Fault) -> None:
        body = body if fault.raw is None else fault.raw
        self.send_response(status)
        self.send_header("Content-Length", str(int(len(body) * fault.cut)))
        self.end_headers()
        self.wfile.write(body[: int(len(body) * fault.cut)])

    def log_message(self, *_: object) -> None:
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """What breaks here was broken on purpose, or is seen by the test."""


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """Run one on a thread."""
    state = KeyServer()
    handler = type("Bound", (Handler,), {"server_state": state})
    with Listener(("127.0.0.1", 0), handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
