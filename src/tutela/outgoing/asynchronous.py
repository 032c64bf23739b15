"""The client for tasks of an event loop: fetches what strangers name, posts to what admins set.

Each redirect of what is fetched is a new stranger.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from tutela.model.record import Record
from tutela.outgoing.guard import (
    CHUNK,
    ONE,
    PORTS,
    RESOLVED_SECONDS,
    Address,
    FetchFailed,
    Request,
    acceptable,
    check_length,
    check_packing,
    parse,
    plain,
    too_large,
    vet,
)


class Reach(Record, frozen=True, kw_only=True):
    """How far and how long a fetch may go.

    Attributes:
        seconds: longest time from start to end, redirects included.
        bytes: largest content.
        redirects: how many are followed.
        ports: ports that may be reached besides 80 (http) and 443 (https).
        allow_private: whether private and reserved addresses may be reached, on any port.
        allow: `host:port` pairs that may be reached wherever they are.
    """

    seconds: float = 10.0
    bytes: int = 50_000_000
    redirects: int = 3
    ports: tuple[int, ...] = ()
    allow_private: bool = False
    allow: frozenset[str] = frozenset()


class Fetched(Record, frozen=True, kw_only=True):
    """What was fetched: how many bytes, and after how many redirects."""

    size: int
    redirects: int


class Posted(Record, frozen=True, kw_only=True):
    """What was answered to something posted.

    Attributes:
        status: the HTTP status, whichever it is.
        body: the answer, within the reach; empty where the status is not one of success.
        date: what the other side says the time is, as in its `Date` header; empty without one.
    """

    status: int
    body: bytes
    date: str


@dataclass(slots=True)
class _Line:
    """What is kept for one URL that is posted to, and for no other.

    Attributes:
        free: transports of one connection each that nobody uses now. One for all connections would
            look at each of them whenever it needs one.
        copies: the URL with an address for its name.
        addresses: those that were checked, until `until` of the monotonic clock.
    """

    url: httpx2.URL
    free: list[httpx2.AsyncHTTPTransport] = field(default_factory=list)
    copies: dict[Address, httpx2.URL] = field(default_factory=dict)
    addresses: list[Address] = field(default_factory=list)
    until: float = 0.0
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name and a port into addresses in text form; raises OSError where it cannot."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for all addresses of a host name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=1, proto=6)  # SOCK_STREAM over TCP
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class Outgoing:
    """Fetches and posts within a reach. One per process; safe for many tasks of one event loop.

    Args:
        reach: the limits.
        resolver: how names are resolved; tests inject one that lies.
        tls: certificate authorities to trust; None means the system's.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._reach = reach
        self._resolve = resolver
        # The library's client logs whole URLs; its transport, one layer below, logs them on the
        # debug level only.
        logging.getLogger("httpcore2").setLevel(logging.WARNING)
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        # A kept connection would be reused for another name at the same address, whose
        # certificate nobody looked at.
        self._transport = self._new_transport(httpx2.Limits(max_keepalive_connections=0))
        self._lines: dict[tuple[str, bool], _Line] = {}

    async def close(self) -> None:
        """Give back what the transports hold."""
        await self._transport.aclose()
        for line in self._lines.values():
            while line.free:
                await line.free.pop().aclose()

    async def fetch(self, url: str, write: Callable[[bytes], object]) -> Fetched:
        """Fetch a URL and hand its content over piece by piece.

        Args:
            url: `http` or `https`, without credentials.
            write: takes each piece, at most `CHUNK` bytes long.

        Raises:
            FetchFailed: always this, whatever went wrong; pieces may have been handed over.
        """
        async with _plainly(self._reach.seconds):
            return await self._follow(url, write)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False
    ) -> Posted:
        """Post to a URL that an admin of ours has set; redirects are never followed.

        Connections are kept open for a moment and used again, each for the one name that it was
        opened for and whose certificate was verified then.

        Args:
            url: `http` or `https`, without credentials, on any port.
            body: what is posted.
            headers: with its type, and whatever else.
            private: whether the address may be private or reserved.

        Raises:
            FetchFailed: there was no answer, or none within the reach.
        """
        async with _plainly(self._reach.seconds):
            line = self._line(url, private=private)
            async with line.looking:  # one question for all that are posted at the same time
                if time.monotonic() >= line.until:
                    line.addresses = await self._addresses(line.url, own=True, private=private)
                    line.until = time.monotonic() + RESOLVED_SECONDS
            request = Request("POST", line.url, body, headers, line.copies)
            transport = line.free.pop() if line.free else self._new_transport(ONE)
            try:
                async with self._send(transport, request, line.addresses) as response:
                    return await self._posted(response)
            except httpx2.ConnectError:
                line.until = 0.0  # it may have moved
                raise
            finally:
                line.free.append(transport)

    async def _posted(self, response: httpx2.Response) -> Posted:
        """An answer; what an error or a redirect has to say besides its status is not read."""
        answer = bytearray()
        if response.is_success:
            await self._content(response, answer.extend)
        date = response.headers.get("Date", "")
        return Posted(status=response.status_code, body=bytes(answer), date=date)

    def _line(self, url: str, *, private: bool) -> _Line:
        if (url, private) not in self._lines:
            self._lines[url, private] = _Line(parse(url))
        return self._lines[url, private]

    def _new_transport(self, limits: httpx2.Limits) -> httpx2.AsyncHTTPTransport:
        return httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=limits)

    async def _follow(self, url: str, write: Callable[[bytes], object]) -> Fetched:
        target = parse(url)
        for redirects in range(self._reach.redirects + 1):
            addresses = await self._addresses(target)
            request = Request("GET", target)
            async with self._send(self._transport, request, addresses) as response:
                if response.status_code in {301, 302, 303, 307, 308}:
                    target = _next(target, response)
                    continue
                if response.status_code != httpx2.codes.OK:
                    raise FetchFailed(f"the address answered with status {response.status_code}")
                return Fetched(size=await self._content(response, write), redirects=redirects)
        raise FetchFailed(f"the address redirects more than {self._reach.redirects} times")

    @asynccontextmanager
    async def _send(
        self,
        transport: httpx2.AsyncHTTPTransport,
        request: Request,
        addresses: Sequence[Address],
    ) -> AsyncIterator[httpx2.Response]:
        """Send one request to one of the addresses, all of which were checked."""
        for address in addresses:
            try:
                made = request.to(address, self._reach.seconds)
                response = await transport.handle_async_request(made)
            except httpx2.ConnectError:
                if address == addresses[-1]:
                    raise
                continue
            try:
                yield response
            finally:
                await response.aclose()
            return

    async def _addresses(
        self, url: httpx2.URL, *, own: bool = False, private: bool = False
    ) -> list[Address]:
        """All addresses of a URL's host, after the check that each of them may be reached.

        Args:
            url: the URL.
            own: whether an admin of ours has set it, who may choose any port.
            private: whether its addresses may be private or reserved.
        """
        host = url.raw_host.decode("ascii")
        port = url.port or PORTS[url.scheme]
        allowed = f"{host}:{port}" in self._reach.allow or self._reach.allow_private
        trusted = allowed or private
        if not (trusted or own) and port != PORTS[url.scheme] and port not in self._reach.ports:
            raise FetchFailed("the address names a port that may not be reached")
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError):
            found = ()
        return vet(found, trusted=trusted)

    async def _content(self, response: httpx2.Response, write: Callable[[bytes], object]) -> int:
        """Hand over the body of an answer; its length in bytes."""
        check_packing(response.headers)
        check_length(response.headers, self._reach.bytes)
        size = 0
        async for chunk in response.aiter_raw(CHUNK):
            size += len(chunk)
            if size > self._reach.bytes:
                raise too_large(self._reach.bytes)
            write(chunk)
        return size


@asynccontextmanager
async def _plainly(seconds: float) -> AsyncIterator[None]:
    """Turn whatever goes wrong, or takes longer, into a `FetchFailed` in plain words."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, httpx2.TimeoutException):
        raise FetchFailed("the address did not answer in time") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ssl.SSLError) as problem:
        raise FetchFailed(plain(problem)) from None


def _next(here: httpx2.URL, response: httpx2.Response) -> httpx2.URL:
    """Where a redirect leads."""
    try:
        there = here.join(response.headers["Location"])
    except (KeyError, httpx2.InvalidURL, UnicodeError):
        raise FetchFailed("the address redirects to something that is not a URL") from None
    return acceptable(there)
