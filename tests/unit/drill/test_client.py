from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tutela.drill.client import Client
from tutela.errors import Unavailable


@contextmanager
def answering(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives these answers in turn; yields its port and what it was sent."""
    left = iter(answers)
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers = next(left)
            body = json.dumps({"status": status}).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], bodies
        finally:
            server.shutdown()
            thread.join()


def test_a_busy_server_is_asked_again() -> None:
    busy = (429, {"Retry-After": "0.01"})
    down = (503, {"Retry-After": "0.01"})
    with answering(busy, down, (200, {})) as (port, bodies), Client("127.0.0.1", port) as client:
        assert client.post("/", {"a": 1}) == {"status": 200}
    assert bodies == [b'{"a":1}'] * 3


def test_a_server_that_stays_busy_is_given_up() -> None:
    with (
        answering((503, {"Retry-After": "0.01"})) as (port, _),
        Client("127.0.0.1", port, attempts=1) as client,
        pytest.raises(Unavailable, match="503"),
    ):
        client.post("/", {})


def test_a_refusal_names_the_place() -> None:
    with (
        answering((409, {})) as (port, _),
        Client("127.0.0.1", port) as client,
        pytest.raises(Unavailable, match="POST /v1/check: the server answered 409"),
    ):
        client.post("/v1/check", {})


def test_a_form_carries_the_file_and_its_claims() -> None:
    with answering((200, {})) as (port, bodies), Client("127.0.0.1", port) as client:
        client.upload("/", {"event_id": "drill-1"}, b"\x00\xff\r\n--", "photo.jpg")
    (body,) = bodies
    assert b'name="event_id"\r\n\r\ndrill-1\r\n' in body
    assert b'name="media"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' in body
    assert b"\r\n\r\n\x00\xff\r\n--\r\n--" in body


def test_nobody_there_is_told_as_such() -> None:
    with answering() as (port, _):
        pass
    client = Client("127.0.0.1", port)
    with client, pytest.raises(Unavailable, match="does not answer"):
        client.get("/health/live")
