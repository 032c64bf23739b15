"""The client for threads, tried against real servers that misbehave."""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.servers.certificate import self_signed

from tutela.outgoing import Answer, Calls, FetchFailed
from tutela.outgoing.guard import CHUNK

BODY = b"a harmless line\n" * 20_000

Say = Callable[[bytes, socket.socket], None]


class Service:
    """An HTTP/1.1 server that keeps connections, and what came over each of them."""

    def __init__(self, say: Say, tls: ssl.SSLContext | None = None) -> None:
        self.say, self.tls = say, tls
        self.connections: list[list[bytes]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _accept(self) -> None:
        self.listener.settimeout(0.02)
        while not self.over.is_set():
            with suppress(TimeoutError):
                connection, _ = self.listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self.threads.append(thread)
                thread.start()
        self.listener.close()

    def _serve(self, connection: socket.socket) -> None:
        requests: list[bytes] = []
        connection.settimeout(5)
        with suppress(OSError), connection:
            wrapped = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            self.connections.append(requests)
            with wrapped:
                while request := self._request(wrapped):
                    requests.append(request)
                    self.say(request, wrapped)

    def _request(self, connection: socket.socket) -> bytes:
        found = b""
        while b"\r\n\r\n" not in found:
            piece = self._piece(connection)
            if not piece:
                return b""
            found += piece
        head, _, body = found.partition(b"\r\n\r\n")
        size = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
        while len(body) < size and (piece := self._piece(connection)):
            body += piece
        return head + b"\r\n\r\n" + body

    def _piece(self, connection: socket.socket) -> bytes:
        connection.settimeout(0.05)
        while not self.over.is_set():
            with suppress(TimeoutError):
                piece = connection.recv(65536)
                connection.settimeout(5)
                return piece
        return b""


@contextmanager
def service(say: Say, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    made = Service(say, tls)
    try:
        yield made
    finally:
        made.over.set()
        for thread in made.threads:
            thread.join()


def says(raw: bytes) -> Say:
    def say(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(raw)

    return say


def answer(status: str = "200 OK", body: bytes = b"done", headers: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"\r\n" + body


def refused(say: Say, method: str = "GET", *, seconds: float = 5, limit: int = 100_000) -> str:
    """What is said about a server that answers so."""
    with service(say) as made:
        calls = Calls(made.url("/secret"), private=True, seconds=seconds, limit=limit)
        with pytest.raises(FetchFailed) as caught:
            calls.call(method, "/path?token=1")
        calls.close()
    text = str(caught.value)
    assert "secret" not in text
    assert "127.0.0.1" not in text
    return text


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_what_is_sent_arrives_whole_and_its_answer_comes_back(method: str) -> None:
    body = None if method in {"GET", "DELETE"} else BODY
    with service(says(answer("201 Created", b"taken", b"ETag: e-1\r\n"))) as made:
        calls = Calls(made.url("/under/"), private=True)
        found = calls.call(method, "/a%20b?c=%2Fd", headers={"X-Facts": "1"}, body=body)
        assert (calls.host, calls.path) == (f"127.0.0.1:{made.port}", "/under")
        calls.close()
    assert found.status == 201
    assert found.body == b"taken"
    assert found.headers["etag"] == "e-1"
    ((request,),) = made.connections
    head, _, sent = request.partition(b"\r\n\r\n")
    assert head.startswith(f"{method} /under/a%20b?c=%2Fd HTTP/1.1\r\n".encode())
    assert sent == (body or b"")
    assert b"x-facts: 1" in head.lower()
    assert b"accept-encoding: identity" in head.lower()


def test_the_answer_to_a_head_has_a_length_and_no_body() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\n\r\n"
    with service(says(raw)) as made:
        calls = Calls(made.url(), private=True, limit=10)
        found = calls.call("HEAD", "/a")
        assert (found.headers["content-length"], found.body) == ("123456789", b"")
        assert calls.call("HEAD", "/b").status == 200
        calls.close()
    assert len(made.connections) == 1


def test_errors_and_redirects_are_answers_too_and_followed_nowhere() -> None:
    for status in ("301 M", "404 N", "503 S"):
        with service(says(answer(status, b"why", b"Location: http://127.0.0.1:1/\r\n"))) as made:
            calls = Calls(made.url(), private=True)
            found = calls.call("GET", "/a")
            assert (found.status, found.body) == (int(status[:3]), b"why")
            calls.close()
        assert sum(map(len, made.connections)) == 1


def test_a_private_address_is_reached_only_where_that_is_said() -> None:
    with service(says(answer())) as made, pytest.raises(FetchFailed, match="private or reserved"):
        Calls(made.url()).call("GET", "/a")
    assert made.connections == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a.example/", "only http and https"),
        ("http://user:word@a.example/", "user name or password"),
        ("nothing", "only http and https"),
        ("", "only http and https"),
        ("http://[::1/", "not a URL"),
    ],
)
def test_no_client_is_made_for_what_is_never_called(url: str, why: str) -> None:
    with pytest.raises(FetchFailed, match=why) as caught:
        Calls(url)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    "found", [[], ["not an address"], ["fe80::1%eth0"], ["1.1.1.1", "10.0.0.1"]]
)
def test_odd_answers_of_the_resolver(found: Sequence[str]) -> None:
    calls = Calls("https://a.example", resolver=lambda _host, _port: found)
    with pytest.raises(FetchFailed, match=r"cannot be resolved|private or reserved"):
        calls.call("GET", "/a")


def test_a_name_that_cannot_be_resolved() -> None:
    def fails(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(FetchFailed, match="cannot be resolved"):
        Calls("https://a.example", resolver=fails).call("GET", "/a")


def test_the_checked_address_is_the_one_connected_to() -> None:
    """A name that changes its address after the check gains nothing, until it is asked again."""
    found = itertools.chain([["127.0.0.1"]], itertools.repeat(["127.0.0.2"]))
    with service(says(answer())) as made:
        name = f"turncoat.example:{made.port}"
        calls = Calls(f"http://{name}", private=True, resolver=lambda _host, _port: next(found))
        for _ in range(3):
            assert calls.call("GET", "/a").status == 200
        calls.close()
    assert f"host: {name}".encode() in made.connections[0][0].lower()


def test_the_next_address_is_tried_and_a_name_that_moved_is_asked_for_again() -> None:
    found = [["127.0.0.2"], ["127.0.0.2", "127.0.0.1"]]
    with service(says(answer())) as made:
        calls = Calls(
            f"http://a.example:{made.port}", private=True, resolver=lambda *_: found.pop(0)
        )
        with pytest.raises(FetchFailed, match="connected"):
            calls.call("GET", "/a")
        assert calls.call("GET", "/a").status == 200
        calls.close()


def test_connections_are_used_again_and_many_threads_have_their_own() -> None:
    with service(says(answer())) as made:
        calls = Calls(made.url(), private=True)
        for _ in range(5):
            calls.call("GET", "/a")
        assert [len(one) for one in made.connections] == [5]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: calls.call("GET", "/a"), range(64)))
        calls.close()
    assert {one.body for one in found} == {b"done"}
    assert sum(map(len, made.connections)) == 69
    assert len(made.connections) <= 9


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    with service(says(answer(headers=b"Connection: close\r\n"))) as made:
        calls = Calls(made.url(), private=True)
        for _ in range(2):
            assert calls.call("GET", "/a").status == 200
        calls.close()
    assert len(made.connections) == 2


def test_a_failed_call_leaves_the_client_usable() -> None:
    raws = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", answer()])

    def say(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(next(raws))

    with service(say) as made:
        calls = Calls(made.url(), private=True, seconds=0.3)
        with pytest.raises(FetchFailed, match="in time"):
            calls.call("GET", "/a")
        assert calls.call("GET", "/a").body == b"done"
        calls.close()


def test_pieces_out_and_pieces_in() -> None:
    def say(request: bytes, connection: socket.socket) -> None:
        connection.sendall(answer(body=request.partition(b"\r\n\r\n")[2]))

    with service(say) as made:
        calls = Calls(made.url(), private=True, limit=10)
        pieces = (BODY[at : at + 1000] for at in range(0, len(BODY), 1000))
        headers = {"Content-Length": str(len(BODY))}
        with calls.open("PUT", "/a", headers=headers, body=pieces) as reading:
            assert (reading.status, reading.headers["content-length"]) == (200, str(len(BODY)))
            found = list(reading.pieces())
        calls.close()
    assert b"".join(found) == BODY
    assert max(map(len, found)) <= CHUNK


def test_an_answer_that_is_not_read_to_its_end_disturbs_no_other() -> None:
    with service(says(answer(body=BODY))) as made:
        calls = Calls(made.url(), private=True, limit=len(BODY))
        with calls.open("GET", "/a") as reading:
            next(reading.pieces())
        assert calls.call("GET", "/a").body == BODY
        calls.close()


def test_large_by_its_own_word_is_refused_unread() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
    assert "larger than 100,000 bytes" in refused(says(raw))


def test_endless_body() -> None:
    def say(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    assert "larger than 100,000 bytes" in refused(say)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\n"])
def test_a_slow_drip_is_waited_for_so_long_and_no_longer(start: bytes) -> None:
    def say(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(start)
        for number in itertools.count():
            connection.sendall(b"X-A%d: 1\r\n" % number)
            time.sleep(0.02)

    assert "in time" in refused(say, seconds=0.4)


def test_each_piece_that_is_read_as_it_comes_has_its_time() -> None:
    """An object may take long, as long as it keeps coming; a drip is no coming."""

    def say(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        for _ in range(6):
            connection.sendall(b"x" * CHUNK)
            time.sleep(0.3)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    found: list[bytes] = []
    with service(say) as made:
        calls = Calls(made.url(), private=True, seconds=1.5)
        with pytest.raises(FetchFailed, match="in time"), calls.open("GET", "/a") as reading:
            found.extend(reading.pieces())
        calls.close()
    assert len(b"".join(found)) == 6 * CHUNK


def test_a_reset_in_the_middle() -> None:
    def say(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    assert "connection failed" in refused(say) or "broke off" in refused(say)


@pytest.mark.parametrize("raw", [b"\0\1\2 SSH-2.0-hello\r\n\r\n", b"HTTP/1.1 99 X\r\n\r\n"])
def test_not_http_at_all(raw: bytes) -> None:
    assert "broke off or was not HTTP" in refused(says(raw))


def test_packed_content_is_refused() -> None:
    bomb = gzip.compress(bytes(1_000_000))
    raw = answer(body=bomb, headers=b"Content-Encoding: gzip\r\n")
    assert "packed" in refused(says(raw))


def test_a_closed_port() -> None:
    with service(says(answer())) as made:
        pass
    with pytest.raises(FetchFailed, match="connected"):
        Calls(made.url(), private=True).call("GET", "/a")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `good.example`, with its key in the same file."""
    return self_signed(tmp_path)


@pytest.mark.parametrize("name", ["good.example", "evil.example"])
def test_the_certificate_is_verified_against_the_name(certificate: Path, name: str) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)

    def called(made: Service) -> Answer:
        calls = Calls(
            f"https://{name}:{made.port}",
            private=True,
            resolver=lambda _host, _port: ["127.0.0.1"],
            tls=ssl.create_default_context(cafile=str(certificate)),
        )
        try:
            return calls.call("GET", "/a")
        finally:
            calls.close()

    with service(says(answer()), server_side) as made:
        if name == "good.example":
            assert called(made).body == b"done"
        else:
            with pytest.raises(FetchFailed, match="connected"):
                called(made)
