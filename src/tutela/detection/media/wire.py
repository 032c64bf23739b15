"""What parent and child say to each other: small framed messages, never code and never pixels.

A frame is its length in four bytes and a MessagePack body; the descriptor of a job's data
travels with the frame. The parent trusts nothing that a child says: length, form and number of
its messages are bounded, since hostile bytes may have taken the child over.
"""

from __future__ import annotations

import socket
import time
from typing import TypeVar

import msgspec

from tutela.detection.media.limits import Limits
from tutela.detection.media.rendering.rendition import Rendered, Rendition
from tutela.model import Content, Gap
from tutela.model.record import Record

MOST_BYTES = 4 * 2**20
"""Longest body of a frame: hundreds of frames with all their variants fit."""

MOST_JOBS = 8
"""Files handed over together: a child may have few descriptors."""

_HEADER_BYTES = 4
_AHEAD_BYTES = 2**16


class Setup(Record, frozen=True, kw_only=True):
    """Parent to child, once: how to work.

    Attributes:
        parent: process id that the child must not outlive.
        archives: whether archives are opened.
        dihedral: whether turned and mirrored variants are fingerprinted.
        exact_pixels: whether every picture is decoded whole.
    """

    parent: int
    limits: Limits
    archives: bool
    dihedral: bool
    exact_pixels: bool = False


class Started(Record, frozen=True, kw_only=True):
    """Child to parent, once: it is locked down and works, or `problem` says why not.

    Attributes:
        protections: what is in force.
        missing: what this system did not give, each with the reason.
    """

    protections: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str = ""


class Jobs(Record, frozen=True, kw_only=True):
    """Parent to child: look at the files whose descriptors come along, one after the other.

    Attributes:
        first: number of the first; the others have the numbers that follow.
        count: how many, up to `MOST_JOBS`.
        renditions: what to make of them, by their numbers; those without a rendition are examined.
    """

    first: int
    count: int = 1
    renditions: dict[int, Rendition] = msgspec.field(default_factory=dict)


class Found(Record, frozen=True, kw_only=True):
    """Child to parent: what was found, or made. A job's last message has anything but `members`.

    Attributes:
        members: members of the archive, as far as they were looked at since the last message.
        whole: the file itself.
        rendered: the rendition that was asked for.
        gap: why there is no rendition.
        problem: what went wrong in the child itself, in one word.
    """

    number: int
    members: tuple[Content, ...] = ()
    whole: Content | None = None
    rendered: Rendered | None = None
    gap: Gap | None = None
    problem: str = ""

    @property
    def last(self) -> bool:
        """Whether it is the job's last message."""
        return bool(self.whole or self.rendered or self.gap or self.problem)


Message = TypeVar("Message", bound=Record)


class Garbled(Exception):
    """What came is no message of the expected form."""


class Wire:
    """One end of the connection between parent and child. Used by one thread.

    Args:
        connection: a connected Unix stream socket; closed with the wire.
        ahead: whether several messages may be taken from the system at once. Not for an end to
            which descriptors are sent.

    Attributes:
        received: bytes of all messages that came so far.
    """

    def __init__(self, connection: socket.socket, *, ahead: bool = False) -> None:
        self._socket = connection
        self._ahead_bytes = _AHEAD_BYTES if ahead else 0
        self._ahead = b""
        self._deadline: float | None = None
        self.received = 0

    def fileno(self) -> int:
        """The socket's descriptor, for waiting."""
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Whether some of the next message is here already."""
        return bool(self._ahead)

    def patience(self, seconds: float) -> None:
        """From now on, `send` and `receive` raise `TimeoutError` after so long, all in all."""
        self._deadline = time.monotonic() + seconds
        self._socket.settimeout(seconds)

    def send(self, message: Record, *fds: int) -> None:
        """Sends a message and copies of descriptors.

        Raises:
            OSError: the other end is gone.
        """
        body = msgspec.msgpack.encode(message)
        frame = len(body).to_bytes(_HEADER_BYTES, "big") + body
        sent = socket.send_fds(self._socket, [frame], fds) if fds else 0
        if sent < len(frame):
            self._socket.sendall(memoryview(frame)[sent:])

    def receive(self, form: type[Message]) -> Message:
        """The next message.

        Raises:
            EOFError: the other end is gone.
            Garbled: what came is no such message.
        """
        return self._parse(self._body(self._exactly(_HEADER_BYTES)), form)

    def receive_jobs(self) -> tuple[Jobs, list[int]]:
        """The next jobs and their descriptors, which the caller must close.

        Raises:
            EOFError: the other end is gone.
            Garbled: what came are no jobs, or not as many descriptors came along.
        """
        header, fds, _, _ = socket.recv_fds(self._socket, _HEADER_BYTES, MOST_JOBS)
        if not header:
            raise EOFError("the connection was closed")
        header += self._exactly(_HEADER_BYTES - len(header))
        jobs = self._parse(self._body(header), Jobs)
        if not 0 < jobs.count == len(fds):
            raise Garbled("not as many descriptors as jobs came along")
        return jobs, fds

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def _body(self, header: bytes) -> bytes:
        length = int.from_bytes(header, "big")
        if length > MOST_BYTES:
            raise Garbled("a message that is too long")
        self.received += length
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        got, self._ahead = self._ahead[:length], self._ahead[length:]
        hurried = False
        while len(got) < length:
            if hurried:
                self._hurry()
            more = self._socket.recv(max(length - len(got), self._ahead_bytes))
            if not more:
                raise EOFError("the connection was closed")
            got += more
            hurried = True
        self._ahead = got[length:] + self._ahead
        return got[:length]

    def _hurry(self) -> None:
        """A frame that trickles in must not take longer than one that comes at once."""
        if self._deadline is not None:
            self._socket.settimeout(max(self._deadline - time.monotonic(), 0.001))

    def _parse(self, body: bytes, form: type[Message]) -> Message:
        try:
            return msgspec.msgpack.decode(body, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Garbled("a message of another form") from error
