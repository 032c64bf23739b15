"""The only door to other people's servers: one client, guarded against request forgery (SSRF).

A URL comes from a stranger, and our server may sit beside machines that trust it. So a name is
resolved once, every address it has must be public, and the connection goes to the very address
that was checked, while TLS still verifies the name. Each redirect is a new stranger.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import httpx2

from tutela.errors import TutelaError
from tutela.model.record import Record

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"http": 80, "https": 443}
"""Schemes that may be fetched, with their usual ports: no other port is reached by default."""
CHUNK = 65_536
"""Bytes handed over at a time."""

# Ranges that `ipaddress` calls global or that differ between Python versions; sources: the IANA
# special-purpose address registries (RFC 6890 and its updates).
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "2001::/23",  # protocol assignments, Teredo among them: carries IPv4 inside
        "2002::/16",  # 6to4: carries IPv4 inside
        "3fff::/20",  # documentation
    )
)
# Everything else in IPv6 is local, multicast, or carries IPv4 inside (mapped, NAT64).
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


class FetchFailed(TutelaError):
    """A URL could not be fetched. The text says why and never repeats the URL."""

    code: ClassVar[str] = "fetch-failed"


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


Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name and a port into addresses in text form; raises OSError where it cannot."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for all addresses of a host name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=1, proto=6)  # SOCK_STREAM over TCP
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet and carries no other address inside."""
    if address.is_multicast or any(address in network for network in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global


class Outgoing:
    """Fetches URLs within a reach. One per process; safe for many tasks of one event loop.

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
        self._transport = httpx2.AsyncHTTPTransport(
            verify=tls or True,
            trust_env=False,
            # A kept connection would be reused for another name at the same address, whose
            # certificate nobody looked at.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Give back what the transport holds."""
        await self._transport.aclose()

    async def fetch(self, url: str, write: Callable[[bytes], object]) -> Fetched:
        """Fetch a URL and hand its content over piece by piece.

        Args:
            url: `http` or `https`, without credentials.
            write: takes each piece, at most `CHUNK` bytes long.

        Raises:
            FetchFailed: always this, whatever went wrong; pieces may have been handed over.
        """
        try:
            async with asyncio.timeout(self._reach.seconds):
                return await self._follow(url, write)
        except (TimeoutError, httpx2.TimeoutException):
            raise FetchFailed("the address did not answer in time") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ssl.SSLError) as problem:
            raise FetchFailed(_plain(problem)) from None

    async def _follow(self, url: str, write: Callable[[bytes], object]) -> Fetched:
        target = _parse(url)
        for redirects in range(self._reach.redirects + 1):
            async with self._get(target) as response:
                if response.status_code in {301, 302, 303, 307, 308}:
                    target = _next(target, response)
                    continue
                return Fetched(size=await self._content(response, write), redirects=redirects)
        raise FetchFailed(f"the address redirects more than {self._reach.redirects} times")

    @asynccontextmanager
    async def _get(self, url: httpx2.URL) -> AsyncIterator[httpx2.Response]:
        """Send one request to an address of `url` that was checked."""
        addresses = await self._addresses(url)
        for address in addresses:
            try:
                response = await self._transport.handle_async_request(self._request(url, address))
            except httpx2.ConnectError:
                if address == addresses[-1]:
                    raise
                continue
            try:
                yield response
            finally:
                await response.aclose()
            return

    def _request(self, url: httpx2.URL, address: Address) -> httpx2.Request:
        waits = dict.fromkeys(("connect", "read", "write", "pool"), self._reach.seconds)
        return httpx2.Request(
            "GET",
            url.copy_with(host=str(address)),
            headers={
                "Host": url.netloc.decode("ascii"),
                "User-Agent": "tutela",
                # Unpacking is how small answers become endless ones: ask for plain bytes only.
                "Accept-Encoding": "identity",
            },
            extensions={"sni_hostname": url.raw_host.decode("ascii"), "timeout": waits},
        )

    async def _addresses(self, url: httpx2.URL) -> list[Address]:
        """All addresses of a URL's host, after the check that each of them may be reached."""
        host = url.raw_host.decode("ascii")
        port = url.port or PORTS[url.scheme]
        trusted = f"{host}:{port}" in self._reach.allow or self._reach.allow_private
        if not trusted and port != PORTS[url.scheme] and port not in self._reach.ports:
            raise FetchFailed("the address names a port that may not be reached")
        try:
            texts = await self._resolve(host, port)
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        except (OSError, UnicodeError, ValueError):
            found = []
        if not found:
            raise FetchFailed("the name of the address cannot be resolved")
        if not trusted and not all(map(is_public, found)):
            raise FetchFailed("the address is private or reserved and may not be reached")
        return found

    async def _content(self, response: httpx2.Response, write: Callable[[bytes], object]) -> int:
        """Hand over the body of an answer; its length in bytes."""
        self._check(response)
        size = 0
        async for chunk in response.aiter_raw(CHUNK):
            size += len(chunk)
            if size > self._reach.bytes:
                raise self._too_large()
            write(chunk)
        return size

    def _check(self, response: httpx2.Response) -> None:
        """Refuse by status and headers what need not be read at all."""
        if response.status_code != httpx2.codes.OK:
            raise FetchFailed(f"the address answered with status {response.status_code}")
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise FetchFailed("the address answered with packed content, which was not asked for")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._reach.bytes:
            raise self._too_large()

    def _too_large(self) -> FetchFailed:
        return FetchFailed(f"the content is larger than {self._reach.bytes:,} bytes")


def _parse(url: str) -> httpx2.URL:
    """Read a URL and refuse what is never fetched."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError):
        raise FetchFailed("the address is not a URL") from None
    return _acceptable(parsed)


def _next(here: httpx2.URL, response: httpx2.Response) -> httpx2.URL:
    """Where a redirect leads."""
    try:
        there = here.join(response.headers["Location"])
    except (KeyError, httpx2.InvalidURL, UnicodeError):
        raise FetchFailed("the address redirects to something that is not a URL") from None
    return _acceptable(there)


def _acceptable(url: httpx2.URL) -> httpx2.URL:
    if url.scheme not in PORTS or not url.host:
        raise FetchFailed("only http and https addresses are fetched")
    if url.userinfo:
        raise FetchFailed("the address carries a user name or password")
    return url


def _plain(problem: Exception) -> str:
    """One calm sentence for an error of the client, whose own text may repeat the URL."""
    match problem:
        case httpx2.ConnectError():
            return "the address could not be connected to"
        case httpx2.RemoteProtocolError():
            return "the answer broke off or was not HTTP"
        case _:
            return "the connection failed"
