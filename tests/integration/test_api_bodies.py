"""Large, slow and simultaneous requests against a real server."""

from __future__ import annotations

import itertools
import re
import selectors
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tutela.drill.photographs import listed, unrelated

if TYPE_CHECKING:
    from tests.integration.conftest import Start

MEGABYTE = 1_000_000
TOGETHER = 12


def peak_memory(pid: int) -> int:
    """Most memory that a process ever held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def pieces(size: int) -> Iterator[bytes]:
    piece = bytes(range(256)) * 256
    for _ in range(size // len(piece)):
        yield piece


def test_two_hundred_megabytes_do_not_go_through_memory(start: Start) -> None:
    server = start()
    server.ask("POST", "/v1/check", next(pieces(65_536)))
    before = peak_memory(server.process.pid)
    answer = server.ask("POST", "/v1/check", pieces(200 * MEGABYTE))
    assert answer.status == 200
    assert answer.json["verdict"] == "not_checked"
    assert peak_memory(server.process.pid) - before < 40 * MEGABYTE


def test_a_form_of_two_hundred_megabytes(start: Start) -> None:
    server = start()
    head = b'--f\r\nContent-Disposition: form-data; name="media"; filename="x"\r\n\r\n'
    body = itertools.chain([head], pieces(200 * MEGABYTE), [b"\r\n--f--\r\n"])
    server.ask("POST", "/v1/check", b"x")
    before = peak_memory(server.process.pid)
    kind = {"Content-Type": "multipart/form-data; boundary=f"}
    answer = server.ask("POST", "/v1/check", body, kind)
    assert (answer.status, answer.json["verdict"]) == (200, "not_checked")
    assert peak_memory(server.process.pid) - before < 40 * MEGABYTE


def test_too_much_is_refused_by_its_own_word_and_in_truth(start: Start) -> None:
    server = start(TUTELA_SERVER_BODY_BYTES="1000000")
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as client:
        head = (
            f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
            "Expect: 100-continue\r\nContent-Length: 1000001\r\n\r\n"
        )
        client.sendall(head.encode())
        # Refused without asking for the body.
        assert client.recv(65_536).startswith(b"HTTP/1.1 413 ")
    answer = server.ask("POST", "/v1/check", pieces(3 * MEGABYTE))
    assert (answer.status, answer.json["code"]) == (413, "too-large")
    assert server.ask("POST", "/v1/check", bytes(1_000_000)).status == 200


def test_too_many_large_uploads_at_once_are_told_to_wait(start: Start) -> None:
    """There is room for four of the largest size: of six, two are refused, and four go on."""
    server = start(TUTELA_SERVER_BODY_BYTES="2000000")
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for number in range(6):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            stack.enter_context(closing(client))
            head = (
                f"POST /v1/check?event_id=e{number} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {server.key}\r\nContent-Length: 1900000\r\n\r\n"
            )
            client.sendall(head.encode() + bytes(1_890_000))
            selector.register(client, selectors.EVENT_READ)
        refused: list[bytes] = []
        while len(refused) < 2:
            for key, _ in selector.select():
                refused.append(answer_on(key.fileobj))
                selector.unregister(key.fileobj)
        assert all(b"HTTP/1.1 503 " in answer for answer in refused)
        assert all(b"retry-after: 1\r\n" in answer for answer in refused)
        assert server.ask("POST", "/v1/check", b"small").status == 200
        waiting: list[Any] = [key.fileobj for key in selector.get_map().values()]
        assert len(waiting) == 4
        for one in waiting:
            one.sendall(bytes(10_000))
        assert all(b"HTTP/1.1 200 " in answer_on(one) for one in waiting)
    assert server.ask("POST", "/v1/check", bytes(1_900_000)).status == 200


def answer_on(client: Any) -> bytes:  # noqa: ANN401 - a socket, as selectors hand it back
    answer: bytes = client.recv(65_536)
    return answer


def test_slow_clients_hold_up_nobody_and_are_sent_away(start: Start) -> None:
    server = start(TUTELA_SERVER_REQUEST_SECONDS="2")
    with ExitStack() as stack:
        slow = [
            stack.enter_context(
                closing(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            )
            for _ in range(50)
        ]
        for client in slow:
            head = (
                f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
                "Content-Length: 1000\r\n\r\nx"
            )
            client.sendall(head.encode())
        for _ in range(20):
            assert server.ask("POST", "/v1/check", listed()[0].data).json["verdict"] == "clear"
        for client in slow:
            # The connection is closed after it; head and body may come one after the other.
            answer = b"".join(iter(lambda: client.recv(65_536), b""))  # noqa: B023 - read at once
            assert answer.startswith(b"HTTP/1.1 408 "), answer
            assert b'"code":"request-timeout"' in answer


@pytest.mark.parametrize("workers", ["1", "2"])
def test_two_clients_with_the_same_event_at_once(start: Start, workers: str) -> None:
    server = start("--workers", workers)
    photo, other = listed()[0].data, unrelated()[0].data

    def send(number: int) -> tuple[int, bytes]:
        answer = server.ask("POST", "/v1/check", photo, event_id=f"same-{number // TOGETHER}")
        return answer.status, answer.body

    def clash(number: int) -> tuple[int, bytes]:
        body = photo if number % 2 else other
        answer = server.ask("POST", "/v1/check", body, event_id="clash")
        return answer.status, answer.body

    with ThreadPoolExecutor(TOGETHER) as pool:
        same = list(pool.map(send, range(2 * TOGETHER)))
        both = list(pool.map(clash, range(TOGETHER)))
    assert {status for status, _ in same} == {200}
    for event in range(2):
        assert len({body for _, body in same[event * TOGETHER : (event + 1) * TOGETHER]}) == 1
    # One of the two bodies came first; all who sent it have its answer, all others a conflict.
    assert sorted(status for status, _ in both) == [200] * 6 + [409] * 6
    assert len({body for status, body in both if status == 200}) == 1
    counts = server.ask("GET", "/v1/principles").json["principles"][0]["measures"]
    assert next(m["count"] for m in counts if m["counter"] == "events") == 3


def test_clients_that_go_away_are_no_errors(start: Start) -> None:
    server = start(TUTELA_LOG_LEVEL="debug")
    for path, kind in (("/v1/check", "image/jpeg"), ("/v1/events", "application/json")):
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as client:
            head = (
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
                f"Content-Type: {kind}\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
            )
            client.sendall(head.encode())
            assert b" 100 " in client.recv(65_536)
            client.sendall(b"x")
    server.stop()
    assert len(re.findall(r"status=499", server.log)) == 2
    assert "error" not in server.log


def test_a_rate_limit_holds_one_key_and_not_the_other(start: Start) -> None:
    server = start(TUTELA_SERVER_RATE_PER_SECOND="0.01", TUTELA_SERVER_RATE_BURST="5")
    statuses = [server.ask("GET", "/v1/banks").status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refused = server.ask("GET", "/v1/banks")
    assert refused.json["code"] == "too-many-requests"
    assert 50 < int(refused.headers["retry-after"]) <= 100
    assert server.ask("GET", "/health/live").status == 200
    server.key = server.new_key()
    assert server.ask("GET", "/v1/banks").status == 200
