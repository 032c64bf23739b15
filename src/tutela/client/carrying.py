"""The drivers: they carry out the steps of a call, one on threads and one on asyncio."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any, TypeVar

import httpx2

from tutela.client.answers import Answer
from tutela.client.asking import ANSWER_BYTES, Effect, Pause, Reply, Send, Steps, Tell, Work
from tutela.client.problems import BadAnswer, Unreachable

KEEP_ALIVE_SECONDS = 2.0
"""Shorter than the server keeps an idle connection, so that it does not close one in our hands."""
LIMITS = httpx2.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS)
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)

T = TypeVar("T")


class Threads:
    """Carries out steps on the calling thread. Any number of threads may use it at once.

    Args:
        tls: how certificates are checked.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        # What the environment says of proxies is not asked: content goes where the caller says.
        self.http = httpx2.Client(limits=LIMITS, trust_env=False, verify=tls)

    def run(self, steps: Steps[T], tell: Callable[[Answer], object] = lambda _: None) -> T:
        """Carry out the steps of a call and give its result."""
        with closing(steps):
            try:
                effect = next(steps)
                while True:
                    try:
                        outcome = self._do(effect, tell)
                    except Exception as problem:  # noqa: BLE001 - the steps decide what it means
                        effect = steps.throw(problem)
                    else:
                        effect = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result

    def _do(self, effect: Effect, tell: Callable[[Answer], object]) -> Any:  # noqa: ANN401 - of its kind
        match effect:
            case Send():
                return self._send(effect)
            case Pause():
                return time.sleep(effect.seconds)
            case Work():
                return effect.do()
            case Tell():
                return tell(effect.answer)

    def _send(self, effect: Send) -> Reply:
        try:
            with closing(self.http.send(effect.request, stream=True)) as response:
                body = bytearray()
                for piece in response.iter_raw():
                    _take(body, piece, effect.until)
                return _reply(response, body)
        except httpx2.HTTPError as problem:
            raise _unreachable(problem) from None


class Loop:
    """Carries out steps on asyncio. What blocks is done on a thread.

    Args:
        tls: how certificates are checked.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.http = httpx2.AsyncClient(limits=LIMITS, trust_env=False, verify=tls)

    async def run(
        self, steps: Steps[T], tell: Callable[[Answer], Awaitable[object]] | None = None
    ) -> T:
        """Carry out the steps of a call and give its result."""
        with closing(steps):
            try:
                effect = next(steps)
                while True:
                    try:
                        outcome = await self._do(effect, tell)
                    except Exception as problem:  # noqa: BLE001 - the steps decide what it means
                        effect = steps.throw(problem)
                    else:
                        effect = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result

    async def _do(self, effect: Effect, tell: Callable[[Answer], Awaitable[object]] | None) -> Any:  # noqa: ANN401 - of its kind
        match effect:
            case Send():
                return await self._send(effect)
            case Pause():
                return await asyncio.sleep(effect.seconds)
            case Work():
                return await asyncio.to_thread(effect.do)
            case Tell():
                return await tell(effect.answer) if tell else None

    async def _send(self, effect: Send) -> Reply:
        left = max(0.0, effect.until - time.monotonic())
        try:
            async with asyncio.timeout(left):
                return await self._exchange(effect)
        except TimeoutError:
            raise Unreachable("the server did not answer in time", sent=True) from None
        except httpx2.HTTPError as problem:
            raise _unreachable(problem) from None

    async def _exchange(self, effect: Send) -> Reply:
        response = await self.http.send(effect.request, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_raw():
                _take(body, piece, effect.until)
            return _reply(response, body)
        finally:
            await response.aclose()


def tls_of(url: str, given: ssl.SSLContext | None) -> ssl.SSLContext:
    """How certificates are checked: as the caller says, else by the authorities of the system.

    Reading the authorities takes longer than most requests; plain http needs none. The context that
    it gets knows no authority at all, so that it could not be used for anything else.
    """
    if given is not None:
        return given
    secure = url.startswith("https:")
    return httpx2.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _take(body: bytearray, piece: bytes, until: float) -> None:
    """Add a piece of an answer."""
    if time.monotonic() > until:
        raise Unreachable("the server did not answer in time", sent=True)
    body += piece
    if len(body) > ANSWER_BYTES:
        raise BadAnswer(f"the answer is larger than {ANSWER_BYTES:,} bytes")


def _reply(response: httpx2.Response, body: bytearray) -> Reply:
    return Reply(response.status_code, response.headers, bytes(body))


def _unreachable(problem: httpx2.HTTPError) -> Unreachable:
    """What happened, in a sentence of ours: the library's own may repeat addresses."""
    sent = not isinstance(problem, _NOT_SENT)
    match problem:
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return Unreachable("the server cannot be connected to", sent=sent)
        case httpx2.TimeoutException():
            return Unreachable("the server did not answer in time", sent=sent)
        case _:
            return Unreachable("the connection broke off", sent=sent)
