from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tutela.client.webhooks import NotGenuine, verify
from tutela.model import ActionKind, ActionMessage, Destination
from tutela.response.secrets import Secrets
from tutela.workflows.trying import Tried, try_destination

KEY = Secrets(b"k" * 32)
Answer = tuple[int, bytes]


class Receiver:
    """A small real server that answers as a test says, and keeps what it got."""

    def __init__(self, answer: Callable[[bytes], Answer]) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.date = format_datetime(datetime.now(UTC), usegmt=True)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers.items()), body))
                status, said = answer(body)
                self.send_response_only(status)
                self.send_header("Date", outer.date)
                self.send_header("Content-Length", str(len(said)))
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:  # noqa: ANN401 - of the library
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/t0ken"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


Start = Callable[[Callable[[bytes], Answer]], Receiver]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Receiver] = []

    def begin(answer: Callable[[bytes], Answer]) -> Receiver:
        running.append(Receiver(answer))
        return running[-1]

    yield begin
    for receiver in running:
        receiver.close()


def receipt(**said: object) -> Callable[[bytes], Answer]:
    def answer(body: bytes) -> Answer:
        own = {"id": msgspec.json.decode(body)["id"], "done": True}
        return 200, msgspec.json.encode(own | said)

    return answer


def attempt(url: str, **more: Any) -> Tried:  # noqa: ANN401 - members of a destination
    destination = Destination(name="platform", url=url, actions=(), private=True)

    return asyncio.run(try_destination(replace(destination, **more), KEY, 5))


def test_the_message_is_genuine_and_asks_for_nothing(start: Start) -> None:
    receiver = start(receipt())
    tried = attempt(receiver.url)
    assert (tried.confirmed, tried.destination) == (True, "platform")
    assert "took and confirmed" in tried.text
    ((headers, body),) = receiver.got
    message = verify(KEY.secret("platform", 1), headers, body)
    assert isinstance(message, ActionMessage)
    assert message.id == tried.id
    assert message.id.startswith("test-")
    assert (message.action, message.drill, message.actor) == (ActionKind.NOTIFY, True, None)
    assert headers["Content-Type"] == "application/json"
    assert attempt(receiver.url).id != tried.id


def test_both_secrets_sign_while_one_replaces_the_other(start: Start) -> None:
    receiver = start(receipt())
    later = datetime.now(UTC) + timedelta(hours=1)
    attempt(receiver.url, generation=3, overlap_until=later)
    attempt(receiver.url, generation=3, overlap_until=later - timedelta(hours=2))
    (first, body), (second, other) = receiver.got
    for number in (2, 3):
        verify(KEY.secret("platform", number), first, body)
    verify(KEY.secret("platform", 3), second, other)
    with pytest.raises(NotGenuine):
        verify(KEY.secret("platform", 2), second, other)


@pytest.mark.parametrize(
    ("answer", "confirmed", "text"),
    [
        (receipt(done=False), True, "it took the message; it would confirm an action later"),
        (receipt(more=1), True, "it took and confirmed the message"),
        (receipt(id="act-1"), False, "the receipt of another action"),
        (lambda _: (200, b""), False, "without a receipt; an action would not count as done"),
        (lambda _: (204, b""), False, "without a receipt"),
        (lambda _: (200, b"<html>thank you"), False, "without a receipt"),
        (lambda _: (200, b" " * 70_000), False, "larger than 65,536 bytes"),
        (lambda _: (302, b""), False, "redirects are not followed"),
        (lambda _: (401, b""), False, "status 401; see that it has the secret that is in use"),
        (lambda _: (500, b""), False, "status 500"),
    ],
)
def test_what_comes_back_in_plain_words(
    start: Start, answer: Callable[[bytes], Answer], *, confirmed: bool, text: str
) -> None:
    tried = attempt(start(answer).url)
    assert tried.confirmed is confirmed
    assert text in tried.text
    assert "t0ken" not in tried.text


def test_a_clock_that_is_wrong_is_told_of(start: Start) -> None:
    receiver = start(lambda _: (400, b""))
    late = datetime.now(UTC) - timedelta(minutes=10)
    receiver.date = format_datetime(late, usegmt=True)
    assert "compare both clocks" in attempt(receiver.url).text


def test_nobody_is_there() -> None:
    tried = attempt("http://127.0.0.1:1/t0ken")
    assert not tried.confirmed
    assert tried.text == "no answer came: the address could not be connected to"


def test_a_private_address_is_not_reached_unasked() -> None:
    tried = attempt("https://127.0.0.1/t0ken", private=False)
    assert not tried.confirmed
    assert "private or reserved" in tried.text
    assert "t0ken" not in tried.text
