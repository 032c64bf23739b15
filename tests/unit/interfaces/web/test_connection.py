"""The protocol, tried by clients that misbehave against a real server with a tiny application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
import uvicorn
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from tutela.interfaces.web import connection
from tutela.interfaces.web.connection import Connection
from tutela.interfaces.web.problems import ProblemDocument

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def early(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once and never looks at the body."""
    await ASGIResponse(body=b"done")(scope, receive, send)


@asynccontextmanager
async def serving(keep_alive: int) -> AsyncIterator[int]:
    config = uvicorn.Config(
        early,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        port=0,
        timeout_keep_alive=keep_alive,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


def with_server(client: Client, keep_alive: int = 5) -> None:
    async def run() -> None:
        async with serving(keep_alive) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await client(reader, writer)
            finally:
                writer.close()

    asyncio.run(run())


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split()[1])
    length = next(
        int(line.split(b":")[1]) for line in head.splitlines() if b"content-length" in line
    )
    return status, await reader.readexactly(length)


def problem(answer: tuple[int, bytes]) -> ProblemDocument:
    found = msgspec.json.decode(answer[1], type=ProblemDocument)
    assert found.status == answer[0]
    return found


def test_an_ordinary_connection_is_kept() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(GET)
            assert await read_answer(reader) == (200, b"done")
        writer.write(GET + GET + GET)
        for _ in range(3):
            assert await read_answer(reader) == (200, b"done")

    with_server(client)


def test_a_head_that_comes_too_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\n")
        await writer.drain()
        assert problem(await read_answer(reader)).code == "request-timeout"
        assert await reader.read() == b""

    with_server(client)


@pytest.mark.parametrize("requests", [1, 5])
def test_an_idle_connection_is_closed(requests: int) -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(requests):
            writer.write(GET)
            await read_answer(reader)
            await asyncio.sleep(0.1)
        assert await reader.read() == b""

    with_server(client, keep_alive=1)


def test_the_next_head_is_watched_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GET)
        await read_answer(reader)
        writer.write(b"GET / HT")
        assert problem(await read_answer(reader)).code == "request-timeout"

    with_server(client)


def test_a_client_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)

    async def client(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    with_server(client)


def test_a_head_without_end() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 10_000)
        assert problem(await read_answer(reader)).code == "head-too-large"

    with_server(client)


@pytest.mark.parametrize(
    "noise",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"],
)
def test_what_is_not_http(noise: bytes) -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise)
        assert problem(await read_answer(reader)).code == "invalid-input"
        assert await reader.read() == b""

    with_server(client)


def test_an_early_answer_reaches_a_client_that_is_still_sending() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = 20_000_000
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 100_000):
            writer.write(bytes(100_000))
            await writer.drain()
        assert await read_answer(reader) == (200, b"done")
        # All of it came in time, so the connection goes on.
        writer.write(GET)
        assert await read_answer(reader) == (200, b"done")

    with_server(client)


async def send_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(bytes(1000))
        await writer.drain()
        await asyncio.sleep(0.001)


def test_a_sender_that_does_not_stop_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.2)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert await read_answer(reader) == (200, b"done")
        with pytest.raises(OSError):  # noqa: PT011 - reset or broken pipe, as the system likes
            await send_for_ever(writer)

    with_server(client)
