"""One connection of a client, watched from its first byte.

uvicorn reads a request's head without limits of time and size, and closes a connection on a client
that is still sending, which then never sees the answer. This protocol adds what is missing. It also
keeps one timer for each connection instead of making and cancelling one for each request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.web.problems import MEDIA_TYPE, TooSlow, document

HEAD_SECONDS = 10.0
"""Time in which the head of a request must have come, from the first byte of the connection."""
HEAD_BYTES = 65_536
"""Largest head of a request: its line and headers."""
LINGER_SECONDS = 2.0
"""Time for which a body that nobody wants is still taken, so that its sender reads the answer."""

NEVER = float("inf")


class HeadTooLarge(InvalidInput):
    """The line and headers of a request are larger than is taken."""

    code = "head-too-large"


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with limits on the head, and an end that the client can see."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as uvicorn calls it
        super().__init__(*arguments, **options)
        self._in_head = True
        self._head_bytes = 0
        self._body_whole = True
        self._due = NEVER
        self._overdue: Callable[[], None] = self._close
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = NEVER

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the first head must come in time."""
        super().connection_made(transport)
        self._within(HEAD_SECONDS, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._due = NEVER
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; refuse a head that has no end."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        # Nearly always the head came whole, and this is over.
        if self._in_head and self._head_bytes and not self.transport.is_closing():
            if self._head_bytes > HEAD_BYTES:
                limit = f"the head of a request may have {HEAD_BYTES:,} bytes"
                self._refuse(431, HeadTooLarge(limit))
            elif self._overdue != self._head_is_late or self._due == NEVER:
                self._within(HEAD_SECONDS, self._head_is_late)

    def on_headers_complete(self) -> None:
        """The head is whole: from here the gate watches."""
        self._due = NEVER
        self._in_head = False
        self._head_bytes = 0
        self._body_whole = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole; the next head may follow."""
        self._body_whole = True
        self._in_head = True
        super().on_message_complete()
        if self._due != NEVER:  # it was lingering
            self._within(self.timeout_keep_alive, self._close)

    def on_response_complete(self) -> None:
        """The answer is out. Where its request is not all here, take the rest for a moment.

        As in uvicorn, but without a timer of its own.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, application = self.pipeline.pop()
            self._start_asgi_task(cycle, application)
        elif self._body_whole:
            self._within(self.timeout_keep_alive, self._close)
        else:
            self._within(LINGER_SECONDS, self._close)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        del msg
        self._refuse(400, InvalidInput("this is not a request that can be read"))

    def _within(self, seconds: float, overdue: Callable[[], None]) -> None:
        """Do something in so many seconds, unless something else comes to pass before."""
        self._due = self.loop.time() + seconds
        self._overdue = overdue
        if self._timer is None or self._fires_at > self._due:
            self._set_timer(seconds)

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = self.loop.time() + seconds
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """The timer fired: what it was set for may have been put off, or have come to pass."""
        self._timer = None
        left = self._due - self.loop.time()
        if self.transport.is_closing() or left == NEVER:
            return
        if left > 0:
            self._set_timer(left)
        else:
            self._overdue()

    def _close(self) -> None:
        self.transport.close()

    def _head_is_late(self) -> None:
        if self._in_head and self._head_bytes:
            self._refuse(408, TooSlow("the head of the request came too slowly"))
        else:
            self.transport.close()

    def _answering(self) -> bool:
        """Whether an earlier request on this connection is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: int, error: TutelaError) -> None:
        """Send a problem without asking the application, and close."""
        if self._answering():
            self.transport.close()  # an earlier answer is under way: nothing may break into it
            return
        problem = msgspec.structs.replace(document(error), status=status)
        body = msgspec.json.encode(problem)
        head = (
            f"HTTP/1.1 {status} {problem.title}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
