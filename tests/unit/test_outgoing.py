"""The guard against request forgery, tried against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers.certificate import self_signed

from tutela.outgoing import Fetched, FetchFailed, Outgoing, Reach, is_public

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

BODY = b"a picture of a mountain" * 1000


class Stranger:
    """A server on loopback that answers as it likes, and counts who came."""

    def __init__(self, answer: Answer, host: str) -> None:
        self.answer = answer
        self.host = host
        self.port = 0
        self.requests: list[bytes] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            await self.answer(request, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"


@asynccontextmanager
async def stranger(
    answer: Answer,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Stranger]:
    server = Stranger(answer, host)
    listener = await asyncio.start_server(server.handle, host, port, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def plain(body: bytes = BODY, *, length: int | None = None, headers: bytes = b"") -> Answer:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        size = len(body) if length is None else length
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (size, headers) + body)

    return answer


def redirect(*locations: str) -> Answer:
    targets = iter(locations)

    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        location = next(targets, None)
        if location is None:
            await plain()(b"", writer)
        else:
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\n\r\n")

    return answer


async def get(
    url: str,
    reach: Reach,
    *,
    resolver: Callable[[str, int], Awaitable[Sequence[str]]] | None = None,
) -> tuple[Fetched, bytes]:
    outgoing = Outgoing(reach, resolver=resolver) if resolver else Outgoing(reach)
    received = bytearray()
    try:
        return await outgoing.fetch(url, received.extend), bytes(received)
    finally:
        await outgoing.close()


def near(server: Stranger, **limits: float) -> Reach:
    """A reach that opens exactly this one loopback port."""
    return Reach(allow=frozenset({f"{server.host}:{server.port}"}), **limits)  # type: ignore[arg-type]


def refused(answer: Answer, **limits: float) -> str:
    """What is said about a server that answers so."""

    async def run() -> str:
        async with stranger(answer) as server:
            with pytest.raises(FetchFailed) as caught:
                await get(server.url("/secret?token=1"), near(server, **limits))
        return str(caught.value)

    text = asyncio.run(run())
    assert "secret" not in text
    assert "127.0.0.1" not in text
    return text


def test_content_arrives_whole() -> None:
    async def run() -> None:
        async with stranger(plain()) as server:
            fetched, received = await get(server.url(), near(server))
            assert received == BODY
            assert fetched == Fetched(size=len(BODY), redirects=0)
            assert b"Accept-Encoding: identity" in server.requests[0]

    asyncio.run(run())


def test_loopback_is_refused_unless_allowed() -> None:
    async def run() -> None:
        async with stranger(plain()) as server:
            with pytest.raises(FetchFailed, match="port"):
                await get(server.url(), Reach())
            with pytest.raises(FetchFailed, match="private"):
                await get(server.url(), Reach(ports=(server.port,)))
            assert server.requests == []
            assert (await get(server.url(), Reach(allow_private=True)))[1] == BODY

    asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://user:word@example.org/",
        "http://user@example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://",
        "//example.org/",
        "example.org",
        "",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://[::1/",
        "http://example.org:22/",
        "https://example.org:80/",
        "http://\udcff.example/",
    ],
)
def test_refused_before_any_connection(url: str) -> None:
    with pytest.raises(FetchFailed):
        asyncio.run(get(url, Reach(seconds=5)))


@given(st.ip_addresses(v=4))
def test_no_form_of_ipv4_inside_ipv6_is_public(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address((0x0064_FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address((0x2001_0000 << 96) | (number ^ 0xFFFFFFFF)),
    ]
    assert not any(map(is_public, wrapped))


@given(st.ip_addresses())
def test_what_the_library_calls_private_is_never_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert not is_public(address)


@pytest.mark.parametrize("text", ["93.184.216.34", "1.1.1.1", "2606:4700::1111"])
def test_ordinary_addresses_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "location",
    ["http://10.0.0.1/", "http://localhost/", "file:///etc/passwd", "http://u:p@127.0.0.1/", ""],
)
def test_each_redirect_is_checked_again(location: str) -> None:
    # An empty Location leads to the same page for ever, which the count ends.
    assert refused(redirect(*[location] * 9))


def test_redirects_are_followed_and_counted() -> None:
    async def run() -> None:
        async with stranger(redirect("/a", "b", "?c")) as server:
            fetched, received = await get(server.url(), near(server))
        assert (fetched.redirects, received) == (3, BODY)
        async with stranger(redirect("/a", "/b", "/c", "/d")) as server:
            with pytest.raises(FetchFailed, match="more than 3"):
                await get(server.url(), near(server))
            assert len(server.requests) == 4

    asyncio.run(run())


def test_endless_body() -> None:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    assert "larger than 1,000,000 bytes" in refused(answer, bytes=1_000_000)


def test_large_by_its_own_word_is_refused_unread() -> None:
    assert "larger than" in refused(plain(b"", length=10**12))


def test_slow_drip() -> None:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert "in time" in refused(answer, seconds=0.5)


def test_slow_headers() -> None:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-A: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert "in time" in refused(answer, seconds=0.5)


def test_endless_headers() -> None:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-A: " + b"1" * 1000 + b"\r\n")
            await writer.drain()

    assert "broke off" in refused(answer)


def test_truncated() -> None:
    assert "broke off" in refused(plain(BODY[:100], length=len(BODY)))


def test_longer_than_announced_is_cut_at_the_announced_length() -> None:
    async def run() -> None:
        async with stranger(plain(BODY, length=10)) as server:
            assert (await get(server.url(), near(server)))[1] == BODY[:10]

    asyncio.run(run())


def test_packed_content_is_refused() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    assert "packed" in refused(plain(bomb, headers=b"Content-Encoding: gzip\r\n"))


@pytest.mark.parametrize("status", [204, 206, 304, 400, 404, 500, 503])
def test_other_statuses(status: int) -> None:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)

    assert str(status) in refused(answer)


def test_not_http_at_all() -> None:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01\x02 SSH-2.0-hello\r\n\r\n")

    assert "broke off" in refused(answer)


def test_closed_port() -> None:
    async def run() -> str:
        async with stranger(plain()) as server:
            pass
        await asyncio.sleep(0.01)
        with pytest.raises(FetchFailed) as caught:
            await get(server.url(), near(server))
        return str(caught.value)

    assert "connected" in asyncio.run(run())


def test_the_checked_address_is_the_one_connected_to() -> None:
    """A name that changes its address after the check (DNS rebinding) gains nothing."""
    asked: list[str] = []

    async def run() -> None:
        async with (
            stranger(plain(b"outside")) as outside,
            stranger(plain(b"inside"), "127.0.0.2", outside.port) as inside,
        ):

            async def lying(host: str, _port: int) -> Sequence[str]:
                asked.append(host)
                return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

            name = f"turncoat.example:{outside.port}"
            reach = Reach(allow=frozenset({name}))
            fetched = await get(f"http://{name}/", reach, resolver=lying)
            assert fetched[1] == b"outside"
            assert asked == ["turncoat.example"]
            assert inside.requests == []
            assert f"Host: {name}".encode() in outside.requests[0]

    asyncio.run(run())


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `good.example`, with its key in the same file."""
    return self_signed(tmp_path)


@pytest.mark.parametrize("name", ["good.example", "evil.example"])
def test_the_certificate_is_verified_against_the_name(certificate: Path, name: str) -> None:
    async def here(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def run() -> bytes:
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(certificate)
        async with stranger(plain(), tls=server_side) as server:
            place = f"{name}:{server.port}"
            outgoing = Outgoing(
                Reach(allow=frozenset({place})),
                resolver=here,
                tls=ssl.create_default_context(cafile=str(certificate)),
            )
            received = bytearray()
            try:
                await outgoing.fetch(f"https://{place}/", received.extend)
            finally:
                await outgoing.close()
            return bytes(received)

    if name == "good.example":
        assert asyncio.run(run()) == BODY
    else:
        with pytest.raises(FetchFailed, match="connected"):
            asyncio.run(run())


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    async def mixed(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", "127.0.0.1"]

    with pytest.raises(FetchFailed, match="private"):
        asyncio.run(get("http://mixed.example/", Reach(), resolver=mixed))


def test_rebinding_between_redirects_is_seen() -> None:
    async def run() -> None:
        async with stranger(redirect("http://second.example/")) as server:

            async def resolver(host: str, _port: int) -> Sequence[str]:
                return ["127.0.0.1"] if host.startswith("first") else ["192.168.1.1"]

            name = f"first.example:{server.port}"
            reach = Reach(allow=frozenset({name}))
            with pytest.raises(FetchFailed, match="private"):
                await get(f"http://{name}/", reach, resolver=resolver)

    asyncio.run(run())


@pytest.mark.parametrize("found", [[], ["not an address"], ["fe80::1%eth0"]])
def test_odd_answers_of_the_resolver(found: list[str]) -> None:
    async def odd(_host: str, _port: int) -> Sequence[str]:
        return found

    with pytest.raises(FetchFailed):
        asyncio.run(get("http://odd.example/", Reach(), resolver=odd))


def test_second_address_is_tried_when_the_first_is_dead() -> None:
    async def run() -> None:
        async with stranger(plain()) as server:

            async def two(_host: str, _port: int) -> Sequence[str]:
                return ["127.0.0.3", "127.0.0.1"]

            name = f"two.example:{server.port}"
            reach = Reach(allow=frozenset({name}))
            assert (await get(f"http://{name}/", reach, resolver=two))[1] == BODY

    asyncio.run(run())


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with stranger(plain(b"proxy")) as proxy, stranger(plain()) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url())
            monkeypatch.setenv("ALL_PROXY", proxy.url())
            assert (await get(server.url(), near(server)))[1] == BODY
            assert proxy.requests == []

    asyncio.run(run())


def test_the_url_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with stranger(plain()) as server:
            await get(server.url("/secret?token=1"), near(server))

    caplog.set_level(logging.DEBUG)
    asyncio.run(run())
    assert "token" not in caplog.text
