from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tutela.drill.visitor import Visitor
from tutela.errors import Unavailable


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        cookie = self.headers.get("Cookie") or "nobody"
        self.send(200, f"<h1>You &amp; I</h1>\n<p>{cookie}</p>".encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        self.send(500 if self.path == "/broken" else 303, b"")

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 303:
            self.send_header("Set-Cookie", "session=abc; HttpOnly; SameSite=strict")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        server.bodies = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_visitor_signs_in_and_reads_words(pages: HTTPServer) -> None:
    visitor = Visitor("127.0.0.1", pages.server_address[1])
    assert visitor.page("/") == "You & I nobody"
    visitor.sign_in("ada")
    assert visitor.page("/") == "You & I session=abc"


def test_a_form_carries_the_picture(pages: HTTPServer) -> None:
    visitor = Visitor("127.0.0.1", pages.server_address[1])
    visitor.send("/pictures", {"text": "a hill"}, b"\x00\xff\r\n--")
    (body,) = pages.bodies  # type: ignore[attr-defined]
    assert b'name="text"\r\n\r\na hill\r\n' in body
    assert b'name="picture"; filename="p.jpg"\r\n' in body
    assert b"\r\n\r\n\x00\xff\r\n--\r\n--" in body


def test_a_platform_that_fails_is_told_as_such(pages: HTTPServer) -> None:
    visitor = Visitor("127.0.0.1", pages.server_address[1])
    with pytest.raises(Unavailable, match="POST /broken: the platform answered 500"):
        visitor.send("/broken", {})


def test_a_platform_that_is_not_there_is_told_as_such() -> None:
    with pytest.raises(Unavailable, match="GET /: the platform does not answer"):
        Visitor("127.0.0.1", 9).page("/")
