from __future__ import annotations

from typing import Any

import pytest
from litestar.connection import ASGIConnection

from tutela.errors import BadConfiguration, TooMany
from tutela.interfaces.access.tries import Tries
from tutela.settings.access import AccessSettings

BEHIND = AccessSettings(proxies="127.0.0.1, 10.0.0.0/8 2001:db8:ffff::/48")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(client: str, *forwarded: str) -> ASGIConnection[Any, Any, Any, Any]:
    """A request from an address, with what proxies have said of it."""
    scope: Any = {
        "type": "http",
        "client": (client, 1) if client else None,
        "headers": [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded],
    }
    return ASGIConnection(scope)


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.9",), "192.0.2.1"),  # it is no proxy: what it says is nothing
        ("127.0.0.1", ("198.51.100.9",), "198.51.100.9"),
        ("127.0.0.1", ("203.0.113.5, 198.51.100.9",), "198.51.100.9"),  # the first is made up
        ("127.0.0.1", ("203.0.113.5", "198.51.100.9, 10.1.2.3"), "198.51.100.9"),
        ("127.0.0.1", ("10.1.2.3",), "10.1.2.3"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("<script>", "é" * 9), "unknown"),
        ("127.0.0.1", ("198.51.100.9:4711",), "198.51.100.9"),
        ("::1", ("198.51.100.9",), "::/64"),  # it is not among those that are named
        ("2001:db8:ffff::7", ("[2001:db8:1:2:3::4]:443",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", (), "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", (), "192.0.2.1"),
        ("", (), "unknown"),
    ],
)
def test_where_a_request_comes_from(client: str, forwarded: tuple[str, ...], address: str) -> None:
    assert Tries(BEHIND, 1).address_of(asked(client, *forwarded)) == address


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1;"])
def test_what_is_no_proxy(wrong: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        Tries(AccessSettings(proxies=wrong), 1)
    assert refused.value.where == "access.proxies"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def count(tries: Tries, client: str, wanted: int) -> int:
    """How many of so many tries at once are let through."""
    through = 0
    for _ in range(wanted):
        try:
            tries.take(asked(client))
        except TooMany:
            continue
        through += 1
    return through


def test_few_a_minute_of_one_address_and_never_of_another(clock: Clock) -> None:
    tries = Tries(AccessSettings(tries_per_minute=6), 1, clock)
    assert count(tries, "192.0.2.1", 20) == 6
    assert count(tries, "192.0.2.2", 20) == 6
    clock.now += 10
    assert count(tries, "192.0.2.1", 20) == 1
    clock.now += 3600
    assert count(tries, "192.0.2.1", 20) == 6
    assert count(tries, "2001:db8::1", 4) == 4
    assert count(tries, "2001:db8::2", 20) == 2  # the same house


def test_what_was_right_does_not_count(clock: Clock) -> None:
    tries = Tries(AccessSettings(tries_per_minute=3), 1, clock)
    for _ in range(200):
        tries.take(asked("192.0.2.1"))
        tries.give_back(asked("192.0.2.1"))
    assert count(tries, "192.0.2.1", 20) == 3
    tries.give_back(asked("192.0.2.9"))  # never more than it may have
    assert count(tries, "192.0.2.9", 20) == 3


@pytest.mark.parametrize(("workers", "through"), [(2, 5), (100, 1)])
def test_each_process_has_its_share(workers: int, through: int, clock: Clock) -> None:
    assert count(Tries(AccessSettings(), workers, clock), "192.0.2.1", 20) == through


def test_zero_sets_no_limit(clock: Clock) -> None:
    tries = Tries(AccessSettings(tries_per_minute=0), 1, clock)
    assert count(tries, "192.0.2.1", 500) == 500
