"""Posting through the guard, tried against real servers; `test_outgoing.py` has the rest of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.servers.certificate import self_signed

from tutela.outgoing import FetchFailed, Outgoing, Posted, Reach

BODY = b'{"id":"act-1"}'
REACH = Reach(seconds=5.0, bytes=1000)


class Service:
    """An HTTP/1.1 server that keeps connections, and what came over each of them."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = list(answers)
        self.connections: list[list[bytes]] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests: list[bytes] = []
        self.connections.append(requests)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(len(BODY))
                requests.append(head + body)
                writer.write(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def url(self, name: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{name}:{self.port}/hooks/token-1"


@asynccontextmanager
async def service(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Service]:
    made = Service(answers or [answer()])
    listener = await asyncio.start_server(made.handle, "127.0.0.1", 0, ssl=tls)
    made.port = listener.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listener.close()


def answer(status: str = "200 OK", body: bytes = b"done", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (
        status.encode(),
        len(body),
        headers,
        body,
    )


def run(
    use: Callable[[Outgoing, Service], Awaitable[None]],
    *answers: bytes,
    reach: Reach = REACH,
    **about: object,
) -> Service:
    async def go() -> Service:
        async with service(*answers) as made:
            outgoing = Outgoing(reach, **about)  # type: ignore[arg-type]
            try:
                await use(outgoing, made)
            finally:
                await outgoing.close()
            return made

    return asyncio.run(go())


async def post(outgoing: Outgoing, url: str, *, private: bool = True) -> Posted:
    return await outgoing.post(url, BODY, {"webhook-id": "act-1"}, private=private)


def test_what_is_posted_arrives_whole_and_its_answer_comes_back() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        posted = await post(outgoing, made.url())
        assert posted == Posted(status=202, body=b"taken", date="Sun, 22 Nov 2026 10:30:00 GMT")

    date = b"Date: Sun, 22 Nov 2026 10:30:00 GMT\r\n"
    made = run(use, answer("202 Accepted", b"taken", date))
    ((request,),) = made.connections
    assert request.startswith(b"POST /hooks/token-1 HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + BODY)
    head = request.lower()
    assert b"webhook-id: act-1\r\n" in head
    assert b"host: 127.0.0.1:%d\r\n" % made.port in head
    assert b"accept-encoding: identity\r\n" in head


def test_a_private_address_is_reached_only_where_that_is_said() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        with pytest.raises(FetchFailed, match="private or reserved") as caught:
            await post(outgoing, made.url(), private=False)
        assert "token-1" not in str(caught.value)
        assert (await post(outgoing, made.url())).status == 200
        # What was checked for one is not believed for the other.
        with pytest.raises(FetchFailed, match="private or reserved"):
            await post(outgoing, made.url(), private=False)

    assert len(run(use).connections) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a.example/", "only http and https"),
        ("http://user:secret@a.example/", "user name or password"),
        ("nothing", "only http and https"),
        ("http://169.254.169.254/", "private or reserved"),
        ("http://[::ffff:10.0.0.1]/", "private or reserved"),
    ],
)
def test_refused_before_any_connection(url: str, why: str) -> None:
    async def use(outgoing: Outgoing, _: Service) -> None:
        with pytest.raises(FetchFailed, match=why) as caught:
            await post(outgoing, url, private=False)
        assert "secret" not in str(caught.value)

    run(use)


def test_any_port_of_a_public_address_may_be_chosen() -> None:
    async def public(_host: str, _port: int) -> Sequence[str]:
        return ["192.0.2.1"]  # for documentation: refused as such, and not for its port

    async def use(outgoing: Outgoing, _: Service) -> None:
        with pytest.raises(FetchFailed, match="private or reserved"):
            await post(outgoing, "https://a.example:8443/", private=False)
        with pytest.raises(FetchFailed, match="port"):
            await outgoing.fetch("https://a.example:8443/", len)

    run(use, resolver=public)


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_no_redirect_is_followed(status: str) -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        async with service() as inside:
            posted = await post(outgoing, made.url())
            assert (posted.status, posted.body) == (int(status[:3]), b"")
            assert inside.connections == []

    run(use, answer(status, b"there", b"Location: http://127.0.0.1:1/\r\n"))


def test_what_an_error_says_is_not_read() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        posted = await post(outgoing, made.url())
        assert (posted.status, posted.body) == (500, b"")

    run(use, answer("500 E", b"x" * 100_000))


def test_an_answer_has_a_limit() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        with pytest.raises(FetchFailed, match="larger than"):
            await post(outgoing, made.url())

    run(use, answer(body=b"x" * 1001))


def test_a_silent_service_is_waited_for_so_long_and_no_longer() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        with pytest.raises(FetchFailed, match="in time"):
            await post(outgoing, made.url())

    run(use, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", reach=Reach(seconds=0.2))


def test_a_connection_is_used_again_for_the_same_url() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        for _ in range(5):
            assert (await post(outgoing, made.url())).body == b"done"

    assert [len(requests) for requests in run(use).connections] == [5]


def test_a_connection_is_never_used_for_another_name() -> None:
    async def everywhere(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def use(outgoing: Outgoing, made: Service) -> None:
        for name in ("a.example", "b.example", "a.example", "b.example"):
            await post(outgoing, made.url(name))

    made = run(use, resolver=everywhere)
    hosts = [
        {request.split(b"ost: ")[1].split(b":")[0] for request in one} for one in made.connections
    ]
    assert hosts == [{b"a.example"}, {b"b.example"}]


def test_many_at_once_have_a_connection_each_and_share_them_afterwards() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        for _ in range(3):
            await asyncio.gather(*(post(outgoing, made.url()) for _ in range(8)))

    made = run(use)
    assert len(made.connections) <= 8
    assert sum(map(len, made.connections)) == 24


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    async def use(outgoing: Outgoing, made: Service) -> None:
        assert (await post(outgoing, made.url())).status == 200
        await asyncio.sleep(0.05)
        assert (await post(outgoing, made.url())).status == 200

    made = run(use, answer(headers=b"Connection: close\r\n"))
    assert len(made.connections) == 2


def test_a_name_is_asked_for_once_for_all_that_is_posted_together() -> None:
    asked: list[str] = []

    async def counting(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        await asyncio.sleep(0.01)
        return ["127.0.0.1"]

    async def use(outgoing: Outgoing, made: Service) -> None:
        await asyncio.gather(*(post(outgoing, made.url("a.example")) for _ in range(8)))

    run(use, resolver=counting)
    assert asked == ["a.example"]


def test_a_name_that_moved_is_asked_for_again() -> None:
    found = [["127.0.0.2"], ["127.0.0.1"]]

    async def moving(_host: str, _port: int) -> Sequence[str]:
        return found.pop(0)

    async def use(outgoing: Outgoing, made: Service) -> None:
        with pytest.raises(FetchFailed, match="connected"):
            await post(outgoing, made.url("a.example"))
        assert (await post(outgoing, made.url("a.example"))).status == 200

    run(use, resolver=moving)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `good.example`, with its key in the same file."""
    return self_signed(tmp_path)


def test_a_kept_connection_is_no_way_around_the_certificate(certificate: Path) -> None:
    async def here(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def go() -> None:
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(certificate)
        async with service(tls=server_side) as made:
            trusted = ssl.create_default_context(cafile=str(certificate))
            outgoing = Outgoing(REACH, resolver=here, tls=trusted)
            try:
                for _ in range(2):
                    posted = await post(outgoing, made.url("good.example", "https"))
                    assert posted.body == b"done"
                with pytest.raises(FetchFailed, match="connected"):
                    await post(outgoing, made.url("evil.example", "https"))
                assert [len(requests) for requests in made.connections] == [2]
            finally:
                await outgoing.close()

    asyncio.run(go())
