"""One connection of a client, watched from its first byte.

uvicorn reads a request's head without limits of time and size, and closes a connection on a client
that is still sending, which then never sees the answer. This protocol adds what is missing.
"""

from __future__ import annotations

import asyncio
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
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the first head must come in time."""
        super().connection_made(transport)
        self._arm(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; refuse a head that has no end."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._timer is None:
                self._arm(HEAD_SECONDS)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            error = HeadTooLarge(f"the head of a request may have {HEAD_BYTES:,} bytes")
            self._refuse(431, error)

    def on_headers_complete(self) -> None:
        """The head is whole: from here the gate watches."""
        self._disarm()
        self._in_head = False
        self._head_bytes = 0
        self._body_whole = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole; the next head may follow."""
        self._body_whole = True
        self._in_head = True
        super().on_message_complete()
        if self._timer is not None:  # it was lingering
            self._disarm()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """The answer is out. Where its request is not all here, take the rest for a moment."""
        super().on_response_complete()
        if not self._body_whole and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._arm(LINGER_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        del msg
        self._refuse(400, InvalidInput("this is not a request that can be read"))

    def _answering(self) -> bool:
        """Whether an earlier request on this connection is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._over)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._in_head and self._head_bytes:
            self._refuse(408, TooSlow("the head of the request came too slowly"))
        else:
            self.transport.close()

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
