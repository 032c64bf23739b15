from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from litestar.types import Receive, Scope, Send

from tutela.errors import TooLarge
from tutela.interfaces.web import gate as gates
from tutela.interfaces.web.gate import ALWAYS, GONE, ON_PAGES, Gate, visit_of
from tutela.interfaces.web.problems import ProblemDocument, Unsupported
from tutela.telemetry import make_logger

Message = dict[str, Any]
Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


async def answer(send: Send, *, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers or []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class Trial:
    """One request through a gate, as a server would bring it."""

    def __init__(self, handler: Handler, *, seconds: float = 5.0, body_bytes: int = 100) -> None:
        self.observed: list[tuple[str, str, int, float]] = []
        self.sent: list[Message] = []
        self.log = io.StringIO()
        self.gate = Gate(
            handler,
            seconds=seconds,
            body_bytes=body_bytes,
            observe=lambda *facts: self.observed.append(facts),
            log=make_logger("debug", as_json=True, stream=self.log),
        )

    def run(
        self,
        *messages: Message | float,
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> Trial:
        asyncio.run(self._run(list(messages), headers or []))
        return self

    async def _run(
        self, messages: list[Message | float], headers: list[tuple[bytes, bytes]]
    ) -> None:
        async def receive() -> Message:
            while messages:
                message = messages.pop(0)
                if isinstance(message, dict):
                    return message
                await asyncio.sleep(message)
            await asyncio.sleep(60)
            raise AssertionError

        async def send(message: Message) -> None:
            self.sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/secret-path",
            "query_string": b"secret=1",
            "headers": headers,
        }
        await self.gate(scope, receive, send)  # type: ignore[arg-type]

    @property
    def problem(self) -> ProblemDocument:
        return msgspec.json.decode(self.sent[-1]["body"], type=ProblemDocument)


def part(size: int, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": bytes(size), "more_body": more}


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    del scope
    while dict(await receive())["more_body"]:
        pass
    await answer(send)


def test_security_headers_are_on_every_answer() -> None:
    trial = Trial(reading).run(part(1, more=False))
    assert dict(trial.sent[0]["headers"]) == ALWAYS


def test_pages_have_more_of_them() -> None:
    kind = (b"Content-Type", b"text/html; charset=utf-8")

    async def handler(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, headers=[kind])

    assert dict(Trial(handler).run().sent[0]["headers"]) == ON_PAGES | dict([kind])


def test_a_route_may_have_its_own() -> None:
    own = [(b"Content-Security-Policy", b"default-src 'self'"), (b"x-other", b"1")]

    async def handler(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, headers=own)

    headers = Trial(handler).run().sent[0]["headers"]
    names = [name.lower() for name, _ in headers]
    assert len(names) == len(set(names)) == len(ALWAYS) + 1
    assert own[0] in headers


def test_too_large_by_its_own_word_is_refused_before_the_first_byte() -> None:
    with pytest.raises(TooLarge, match="100 bytes"):
        Trial(reading).run(headers=[(b"content-length", b"101")])


def test_too_large_in_truth_is_refused_on_the_way() -> None:
    with pytest.raises(TooLarge):
        Trial(reading).run(part(60), part(60), part(1, more=False))
    Trial(reading).run(part(60), part(40, more=False))


def test_packed_bodies_are_refused() -> None:
    with pytest.raises(Unsupported):
        Trial(reading).run(part(1, more=False), headers=[(b"content-encoding", b"gzip")])
    Trial(reading).run(part(1, more=False), headers=[(b"content-encoding", b"identity")])


def test_a_body_that_comes_too_slowly() -> None:
    trial = Trial(reading, seconds=0.2).run(part(1), 0.1, part(1), 0.1, part(1), 60.0)
    assert (trial.problem.status, trial.problem.code) == (408, "request-timeout")
    assert (b"connection", b"close") in trial.sent[0]["headers"]
    assert set(ALWAYS) <= {name for name, _ in trial.sent[0]["headers"]}


def test_a_body_that_keeps_the_pace_has_its_time() -> None:
    parts = [item for _ in range(6) for item in (part(65_536), 0.1)]
    trial = Trial(reading, seconds=0.3, body_bytes=10**6).run(*parts, part(1, more=False))
    assert trial.sent[0]["status"] == 200


def test_an_answer_that_takes_too_long() -> None:
    async def handler(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        await asyncio.sleep(60)

    trial = Trial(handler, seconds=0.1).run(part(1, more=False))
    assert (trial.problem.status, trial.problem.code) == (503, "timed-out")


def test_an_answer_that_breaks_off_is_not_spoken_into() -> None:
    async def handler(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(60)

    trial = Trial(handler, seconds=0.1).run()
    assert len(trial.sent) == 1


def test_a_stream_lasts_as_long_as_it_is_taken() -> None:
    async def handler(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(8):
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    trial = Trial(handler, seconds=0.4).run()
    assert trial.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_long_work_can_lift_the_limit() -> None:
    async def handler(scope: Scope, _receive: Receive, send: Send) -> None:
        visit_of(scope).take_your_time()
        await asyncio.sleep(0.3)
        await answer(send)

    assert Trial(handler, seconds=0.1).run().sent[0]["status"] == 200


def test_a_client_that_goes_away() -> None:
    trial = Trial(reading).run(part(1), {"type": "http.disconnect"})
    assert trial.sent == []
    assert trial.observed[0][2] == GONE


def test_the_line_tells_no_address_and_no_query() -> None:
    trial = Trial(reading).run(part(1, more=False))
    line = trial.log.getvalue()
    assert '"status": 200' in line
    assert "secret" not in line
    assert trial.observed[0][:3] == ("POST", "", 200)


def test_what_is_not_http_passes() -> None:
    seen: list[str] = []

    async def handler(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    trial = Trial(handler)
    asyncio.run(trial.gate({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
    assert trial.observed == []


def test_the_last_word_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "LAST_WORD_SECONDS", 0.1)

    async def handler(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()

    async def run() -> None:
        trial = Trial(handler, seconds=0.1)

        async def never(_message: object) -> None:
            await asyncio.sleep(60)

        async def silent() -> None:
            await asyncio.sleep(60)

        scope = {"type": "http", "method": "POST", "headers": []}
        await trial.gate(scope, silent, never)  # type: ignore[arg-type]

    asyncio.run(run())
