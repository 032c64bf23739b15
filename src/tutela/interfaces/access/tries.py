"""How often somebody may try to sign in from one address, and which address that is.

The limit for each account says nothing of whoever tries one password with a thousand names. What
was right is given back, so that a whole office behind one address signs in at once.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection

from tutela.errors import BadConfiguration
from tutela.interfaces.web.limits import Rates
from tutela.settings.access import AccessSettings

FORWARDED = b"x-forwarded-for"
HOME_BITS = 64
"""Whoever has one IPv6 address has as many as these bits leave free."""

Address: TypeAlias = IPv4Address | IPv6Address
Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class Tries:
    """Counts the tries of each address. For one event loop.

    Args:
        settings: how many there may be, and which proxies are believed.
        workers: server processes, of which each has its share.
        clock: seconds that never run backwards.

    Raises:
        BadConfiguration: an address of a proxy is none.
    """

    def __init__(
        self, settings: AccessSettings, workers: int, clock: Callable[[], float] | None = None
    ) -> None:
        share = settings.tries_per_minute / workers
        own = () if clock is None else (clock,)
        self._rates = Rates(share / 60, share, *own)
        self._proxies = [_network(part) for part in settings.proxies.replace(",", " ").split()]

    def take(self, connection: Connection) -> None:
        """Count one try; raises `TooMany`."""
        self._rates.take(self.address_of(connection))

    def give_back(self, connection: Connection) -> None:
        """Not count a try after all: it was right."""
        self._rates.give_back(self.address_of(connection))

    def address_of(self, connection: Connection) -> str:
        """Where a request comes from: an IPv4 address, or the network of an IPv6 address.

        Each proxy adds whom it was asked by to the end of `X-Forwarded-For`. The last one that is
        no proxy of ours is therefore the one that we know of; all before it is only said.
        """
        told = [
            part.strip()
            for name, value in connection.scope["headers"]
            if name == FORWARDED
            for part in value.decode("latin-1").split(",")
        ]
        last = connection.client.host if connection.client else ""
        while self._is_proxy(last) and told:
            last = told.pop()
        found = _address(last)
        if isinstance(found, IPv6Address):
            return str(IPv6Network((found, HOME_BITS), strict=False))
        return str(found or "unknown")

    def _is_proxy(self, text: str) -> bool:
        found = _address(text)
        return found is not None and any(found in network for network in self._proxies)


def _address(text: str) -> Address | None:
    """The address of a text such as `192.0.2.1`, `192.0.2.1:80` or `[2001:db8::1]:80`."""
    plain = text.partition("]")[0].lstrip("[")
    if plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        found = ip_address(plain)
    except ValueError:
        return None
    inner = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return inner or found


def _network(text: str) -> Any:  # noqa: ANN401 - of either version
    try:
        return ip_network(text)
    except ValueError:
        raise BadConfiguration(
            "the address of a proxy is none",
            where="access.proxies",
            remedy="write addresses or networks, such as 192.0.2.7 or 10.0.0.0/8",
        ) from None
