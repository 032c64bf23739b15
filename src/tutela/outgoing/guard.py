"""What every request to another server must pass, whoever sends it (SSRF).

A URL comes from a stranger, and our server may sit beside machines that trust it. So a name is
resolved once, every address it has must be public, and the connection goes to the very address
that was checked, while TLS still verifies the name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import httpx2

from tutela.errors import TutelaError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"http": 80, "https": 443}
"""Schemes that may be fetched, with their usual ports: no other port is reached by default."""
CHUNK = 65_536
"""Bytes handed over at a time."""
IDLE_SECONDS = 2.0
"""How long a connection stays open without use: less than servers commonly wait."""
RESOLVED_SECONDS = 10.0
"""How long the checked addresses of a name are used again."""

ONE = httpx2.Limits(max_connections=1, keepalive_expiry=IDLE_SECONDS)
"""For connections that are kept: each its own, and never used for another name."""

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


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet and carries no other address inside."""
    if address.is_multicast or any(address in network for network in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global


@dataclass(frozen=True, slots=True)
class Request:
    """A request, not yet to a certain address of its host."""

    method: str
    url: httpx2.URL
    body: bytes | Iterable[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    copies: dict[Address, httpx2.URL] = field(default_factory=dict)

    def to(self, address: Address, seconds: float) -> httpx2.Request:
        """The request to one address; certificate and `Host` are still those of the name."""
        waits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        if address not in self.copies:
            self.copies[address] = self.url.copy_with(host=str(address))
        return httpx2.Request(
            self.method,
            self.copies[address],
            headers={
                **self.headers,
                "Host": self.url.netloc.decode("ascii"),
                "User-Agent": "tutela",
                # Unpacking is how small answers become endless ones: ask for plain bytes only.
                "Accept-Encoding": "identity",
            },
            content=self.body,
            extensions={"sni_hostname": self.url.raw_host.decode("ascii"), "timeout": waits},
        )


def parse(url: str) -> httpx2.URL:
    """Read a URL and refuse what is never fetched."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError):
        raise FetchFailed("the address is not a URL") from None
    return acceptable(parsed)


def vet(found: Sequence[str], *, trusted: bool) -> list[Address]:
    """All addresses of a name, after the check that each of them may be reached.

    Args:
        found: what the resolver says; empty where it says nothing.
        trusted: whether private and reserved ones may be reached.
    """
    try:
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    except ValueError:
        addresses = []
    if not addresses:
        raise FetchFailed("the name of the address cannot be resolved")
    if not trusted and not all(map(is_public, addresses)):
        raise FetchFailed("the address is private or reserved and may not be reached")
    return addresses


def check_packing(headers: Mapping[str, str]) -> None:
    """Refuse packed content, which was not asked for."""
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise FetchFailed("the address answered with packed content, which was not asked for")


def check_length(headers: Mapping[str, str], limit: int) -> None:
    """Refuse by its own word what is too large, before it is read."""
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> FetchFailed:
    """What is said of content over the limit, in bytes."""
    return FetchFailed(f"the content is larger than {limit:,} bytes")


def acceptable(url: httpx2.URL) -> httpx2.URL:
    """Refuse a URL that is never fetched."""
    if url.scheme not in PORTS or not url.host:
        raise FetchFailed("only http and https addresses are fetched")
    if url.userinfo:
        raise FetchFailed("the address carries a user name or password")
    return url


def plain(problem: Exception) -> str:
    """One calm sentence for an error of the client, whose own text may repeat the URL."""
    match problem:
        case httpx2.ConnectError():
            return "the address could not be connected to"
        case httpx2.RemoteProtocolError():
            return "the answer broke off or was not HTTP"
        case _:
            return "the connection failed"
