"""The client for threads: calls one server that an admin of ours has named in the settings.

The library bounds each single wait; a server that sends a byte now and then would hold a call for
ever. So every connection carries a deadline that all its waits look at.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import httpcore2
import httpx2

from tutela.model.record import Record
from tutela.outgoing.guard import (
    CHUNK,
    IDLE_SECONDS,
    ONE,
    PORTS,
    RESOLVED_SECONDS,
    Address,
    FetchFailed,
    Request,
    check_length,
    check_packing,
    parse,
    plain,
    too_large,
    vet,
)

SLOWEST = 100_000
"""Bytes in a second: a large body has so much more time to be sent."""

Lookup = Callable[[str, int], Sequence[str]]
"""Turns a host name and a port into addresses in text form; raises OSError where it cannot."""


def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system for all addresses of a host name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class Answer(Record, frozen=True, kw_only=True):
    """What a server answered.

    Attributes:
        status: the HTTP status, whichever it is: redirects are answers too.
        headers: by their names in lower case.
        body: within the limit of the client.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reading:
    """An answer whose body is read as it comes.

    Attributes:
        status: the HTTP status, whichever it is.
        headers: by their names in lower case.
    """

    def __init__(self, response: httpx2.Response, renew: Callable[[], None]) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.headers.items()
        }
        self._response = response
        self._renew = renew

    def pieces(self) -> Iterator[bytes]:
        """The body, at most `CHUNK` bytes at a time; each piece may take the client's seconds.

        Raises:
            FetchFailed: it broke off, or was too slow.
        """
        with _plainly():
            pieces = self._response.iter_raw(CHUNK)
            while piece := next(pieces, b""):
                yield piece
                self._renew()

    def whole(self, limit: int) -> bytes:
        """The whole body of at most so many bytes, in the time that the call has left."""
        with _plainly():
            found = bytearray()
            for piece in self._response.iter_raw(CHUNK):
                found += piece
                if len(found) > limit:
                    raise too_large(limit)
        return bytes(found)


class Calls:
    """Calls one server. Thread-safe; connections are kept for a moment and used again.

    Redirects are never followed, and packed answers are refused.

    Args:
        url: the server, `http` or `https`, without credentials, on any port; a path in it stands
            before that of each call.
        private: whether its addresses may be private or reserved.
        seconds: longest time of a call, without that of looking its name up, which the system
            bounds; what is sent has more, at `SLOWEST`, and what is read as it comes has it for
            each piece.
        limit: longest answer that is read as a whole, in bytes.
        resolver: how names are resolved; tests inject one that lies.
        tls: certificate authorities to trust; None means the system's.

    Raises:
        FetchFailed: the URL is none that may be called.
    """

    def __init__(
        self,
        url: str,
        *,
        private: bool = False,
        seconds: float = 30.0,
        limit: int = 1_000_000,
        resolver: Lookup = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = parse(url)
        self._path = self._url.raw_path.decode("ascii").partition("?")[0].rstrip("/")
        self._private = private
        self._seconds = seconds
        self._limit = limit
        self._resolve = resolver
        # The library's client logs whole URLs; its transport, one layer below, logs them on the
        # debug level only.
        logging.getLogger("httpcore2").setLevel(logging.WARNING)
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._lock = Lock()
        self._free: list[_Line] = []
        self._addresses: Sequence[Address] = ()
        self._until = 0.0

    @property
    def host(self) -> str:
        """The server's name with its port, as in the header `Host`."""
        return self._url.netloc.decode("ascii")

    @property
    def path(self) -> str:
        """The path that stands before that of each call, without a slash at its end."""
        return self._path

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        with self._lock:
            free, self._free = self._free, []
        for line in free:
            line.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request and read the whole answer.

        Args:
            method: such as `GET`.
            path: what follows the client's URL, with its query; percent-encoded already.
            headers: with the body's type, and whatever else.
            body: what is sent; None for none.

        Raises:
            FetchFailed: there was no answer, or none within time and limit.
        """
        with self.open(method, path, headers=headers, body=body) as reading:
            if method != "HEAD":
                check_length(httpx2.Headers(reading.headers), self._limit)
            content = reading.whole(self._limit)
            return Answer(status=reading.status, headers=reading.headers, body=content)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Iterator[Reading]:
        """Send a request and hand over the answer before its body is read; as `call` otherwise.

        Args:
            method: as in `call`.
            path: as in `call`.
            headers: as in `call`; with `Content-Length`, where pieces are sent.
            body: also in pieces; each has the client's seconds.
        """
        line = self._line()
        try:
            size = len(body) if isinstance(body, bytes) else 0
            line.until = time.monotonic() + self._seconds + size / SLOWEST
            if body is not None:
                body = line.paced(body, self._seconds)
                headers = {"Content-Length": str(size), **(headers or {})}
            target = self._url.copy_with(raw_path=f"{self._path}{path}".encode("ascii"))
            with self._send(line, Request(method, target, body, headers or {})) as response:
                yield Reading(response, lambda: line.renew(self._seconds))
        finally:
            with self._lock:
                self._free.append(line)

    @contextmanager
    def _send(self, line: _Line, request: Request) -> Iterator[httpx2.Response]:
        with _plainly():
            response = self._answered(line, request)
        try:
            check_packing(response.headers)
            yield response
        finally:
            response.close()

    def _answered(self, line: _Line, request: Request) -> httpx2.Response:
        """Send the request to the first address that can be connected to; all were checked."""
        addresses = self._checked()
        for address in addresses:
            try:
                return line.handle_request(request.to(address, self._seconds))
            except httpx2.ConnectError:
                if address == addresses[-1]:
                    self._until = 0.0  # it may have moved
                    raise
        raise AssertionError  # pragma: no cover - `vet` gives at least one

    def _checked(self) -> Sequence[Address]:
        """The addresses of the server, looked up again from time to time."""
        with self._lock:
            if time.monotonic() < self._until:
                return self._addresses
        host = self._url.raw_host.decode("ascii")
        try:
            found = self._resolve(host, self._url.port or PORTS[self._url.scheme])
        except (OSError, UnicodeError):
            found = ()
        addresses = vet(found, trusted=self._private)
        with self._lock:
            self._addresses = addresses
            self._until = time.monotonic() + RESOLVED_SECONDS
        return addresses

    def _line(self) -> _Line:
        with self._lock:
            if self._free:
                return self._free.pop()
        return _Line(self._tls)


class _Line(httpx2.HTTPTransport):
    """A transport of one connection, all of whose waits end at a deadline.

    Attributes:
        until: the deadline, of the monotonic clock.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False, limits=ONE)
        self.until = 0.0
        # The library has no other way to look at the clock between two bytes of a slow answer.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls,
            max_connections=1,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Network(self),
        )

    def left(self) -> float:
        """Seconds until the deadline. Raises the library's error for a time-out behind it."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left

    def renew(self, seconds: float) -> None:
        """Allow so many seconds from now."""
        self.until = time.monotonic() + seconds

    def paced(self, body: bytes | Iterable[bytes], seconds: float) -> Iterable[bytes]:
        """A body in pieces; the deadline of a whole one stays, that of each piece is its own."""
        if isinstance(body, bytes):
            view = memoryview(body)
            for start in range(0, len(view), CHUNK):
                yield bytes(view[start : start + CHUNK])
            return
        for piece in body:
            self.renew(seconds)
            yield piece
        self.renew(seconds)


class _Network(httpcore2.SyncBackend):
    """Connects before the deadline of its line, and hands out streams that keep it too."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> _Stream:
        del timeout
        left = self._line.left()
        made = super().connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(made, self._line)


class _Stream(httpcore2.NetworkStream):
    """A stream each of whose waits ends at the deadline of its line."""

    def __init__(self, stream: httpcore2.NetworkStream, line: _Line) -> None:
        self._stream = stream
        self._line = line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._stream.read(max_bytes, self._line.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, self._line.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> _Stream:
        del timeout
        stream = self._stream.start_tls(ssl_context, server_hostname, self._line.left())
        return _Stream(stream, self._line)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the library has it
        return self._stream.get_extra_info(info)


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn whatever goes wrong into a `FetchFailed` in plain words."""
    try:
        yield
    except httpx2.TimeoutException:
        raise FetchFailed("the address did not answer in time") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ssl.SSLError) as problem:
        raise FetchFailed(plain(problem)) from None
