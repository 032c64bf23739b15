"""The outermost layer of the server: time, size, headers, counts and the log line of every request.

It stands outside the framework, so that it sees everything, and does little, because everything
passes through it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from tutela.errors import TooLarge, TutelaError
from tutela.interfaces.web.deadlines import NEVER, Deadline, Deadlines
from tutela.interfaces.web.guard import CALLER
from tutela.interfaces.web.problems import (
    INVALID,
    MEDIA_TYPE,
    TimedOut,
    TooSlow,
    Unsupported,
    document,
)

SLOWEST_BYTES_PER_SECOND = 65_536
"""A request may take `server.request_seconds`, and longer as long as its body keeps this pace."""
LAST_WORD_SECONDS = 5.0
"""Time for telling a client that its time is over."""
GONE = 499
"""Stands in the log and the metrics for a client that went away; nobody is sent it."""
VISIT = "tutela.visit"
"""Where the visit stands in the scope."""

Headers: TypeAlias = list[tuple[bytes, bytes]]
Observe: TypeAlias = Callable[[str, str, int, float], None]
"""Takes method, route, status and seconds of each request."""

ALWAYS: dict[bytes, bytes] = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
}
"""Headers of every answer; a route that sets one of them itself has its way."""
ON_PAGES: dict[bytes, bytes] = {
    **ALWAYS,
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
}
"""Headers of every answer that a browser shows as a page. Others need no more than `ALWAYS`, and
the server looks at every letter of every header."""


class ClientGone(BaseException):
    """The client closed the connection before its request was whole.

    Like a cancellation, it is no error that anybody on the way could answer.
    """


class Gate:
    """Wraps the application.

    Args:
        app: what it wraps.
        seconds: longest time of a request.
        body_bytes: largest body.
        observe: takes the facts for the metrics.
        log: takes a line for each request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        seconds: float,
        body_bytes: int,
        observe: Observe,
        log: FilteringBoundLogger,
    ) -> None:
        self.app = app
        self.deadlines = Deadlines(seconds)
        self.body_bytes = body_bytes
        self.observe = observe
        self.log = log
        # Asked once: a line that nobody reads costs as much to put together as one that is read.
        self.logs_all = log.is_enabled_for(logging.DEBUG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or carry the life of the application."""
        if scope["type"] == ScopeType.HTTP:
            await Visit(self, scope, receive, send).run()
        else:
            await self.app(scope, receive, send)


class Visit:
    """One request on its way through the gate."""

    __slots__ = (
        "_asked",
        "_came_at",
        "_deadline",
        "_gate",
        "_receive",
        "_received",
        "_scope",
        "_send",
        "_started_at",
        "_status",
        "_whole",
    )

    def __init__(self, gate: Gate, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._gate = gate
        self._scope = scope
        self._receive = receive
        self._send = send
        self._received = 0
        self._asked = False
        self._whole = False
        self._status = 0
        self._came_at = time.monotonic()
        self._started_at = gate.deadlines.now()
        self._deadline = Deadline(gate.deadlines, self._started_at + gate.deadlines.seconds)

    async def run(self) -> None:
        """Answer the request, within its time."""
        self._scope[VISIT] = self  # type: ignore[literal-required]
        try:
            with self._deadline:
                await self._gate.app(self._scope, self.receive, self.send)
        except TimeoutError:
            await self._too_late()
        except ClientGone:
            self._status = GONE
        finally:
            self._account()

    def take_your_time(self) -> None:
        """Lift the time limit: for work that is known to be long and shows its progress."""
        self._deadline.at = NEVER

    async def receive(self) -> Any:  # noqa: ANN401 - the framework's union of messages
        """Take the next part of the request's body.

        Raises:
            TooLarge: the body is larger than is taken.
            Unsupported: the body is packed.
            ClientGone: there will be no more.
        """
        if not self._asked:
            self._asked = True
            self._look_at_headers()
        message = await self._receive()
        if message["type"] == "http.request":
            self._count(len(message["body"]), more=message.get("more_body", False))
        elif not self._whole:
            raise ClientGone
        return message

    def _look_at_headers(self) -> None:
        """Refuse before the first byte what the headers show to be refused."""
        for name, value in self._scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._gate.body_bytes:
                raise self._too_large()
            if name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
                raise Unsupported("packed request bodies are not taken", where="Content-Encoding")

    def _count(self, size: int, *, more: bool) -> None:
        self._received += size
        if self._received > self._gate.body_bytes:
            raise self._too_large()
        if more:
            earned = self._received / SLOWEST_BYTES_PER_SECOND
            self._extend(self._started_at + self._gate.deadlines.seconds + earned)
        elif self._received > SLOWEST_BYTES_PER_SECOND:
            self._start_again()
        self._whole = not more

    def _extend(self, moment: float) -> None:
        """Move the time limit, unless it was lifted or has passed."""
        if self._deadline.at != NEVER:
            self._deadline.at = moment

    def _start_again(self) -> None:
        self._extend(self._gate.deadlines.now() + self._gate.deadlines.seconds)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"a request body may have {self._gate.body_bytes:,} bytes",
            remedy="send less, or raise server.body_bytes",
        )

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = _secured(message["headers"])  # type: ignore[arg-type]
        elif message.get("more_body"):
            # A stream may go on as long as the client keeps taking it.
            self._start_again()
        await self._send(message)

    async def _too_late(self) -> None:
        """Say that the time is over, where that can still be said."""
        if self._status:
            return  # the server sees an answer that breaks off, and closes the connection
        error: TutelaError = (
            TimedOut("the answer took too long", remedy="try again with the same event id")
            if self._whole or not self._asked
            else TooSlow("the request came too slowly", remedy="send it faster")
        )
        problem = document(error)
        headers: Headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
        body = msgspec.json.encode(problem)
        headers.append((b"content-length", str(len(body)).encode()))
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await self.send(
                    {
                        "type": "http.response.start",
                        "status": problem.status,
                        "headers": headers,
                    }
                )
                await self._send({"type": "http.response.body", "body": body, "more_body": False})
        except TimeoutError:
            return

    def _account(self) -> None:
        """Count the request and write its line: the route's pattern, never the address itself."""
        seconds = time.monotonic() - self._came_at
        route = str(self._scope.get("path_template", ""))
        method = self._scope["method"]
        status = self._status or GONE
        self._gate.observe(method, route, status, seconds)
        if status >= INVALID or self._gate.logs_all:
            self._tell(method, route, status, seconds)

    def _tell(self, method: str, route: str, status: int, seconds: float) -> None:
        tell = self._gate.log.info if status >= INVALID else self._gate.log.debug
        caller = self._scope.get(CALLER)
        tell(
            "request",
            route=route,
            method=method,
            status=status,
            ms=round(seconds * 1000, 2),
            key_id=getattr(caller, "id", None),
        )


def _secured(headers: Headers) -> Headers:
    """The headers of an answer with the security headers that it does not set itself."""
    wanted, own = ALWAYS, set()
    for name, value in headers:
        lower = name.lower()
        if lower in ON_PAGES:
            own.add(lower)
        elif lower == b"content-type" and value.startswith(b"text/html"):
            wanted = ON_PAGES
    return [*headers, *(pair for pair in wanted.items() if pair[0] not in own)]


def visit_of(scope: Scope) -> Visit:
    """The visit that a request belongs to."""
    visit: Visit = scope[VISIT]  # type: ignore[literal-required]
    return visit
