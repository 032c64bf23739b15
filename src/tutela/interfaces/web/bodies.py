"""Request bodies on their way in: small ones in memory, large ones in a file that has no name.

Media never touches a disk: a memory file (memfd) holds it, outside of Python's own memory, and the
decoder's child maps the very same pages. How much all requests together may hold is bounded. Bank
files may be larger than memory, and what they hold ends up in the database anyway: they are spooled
to an unnamed file in the data folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from litestar import Request

from tutela.errors import Unavailable

IN_MEMORY = 1_000_000
"""Bytes of one body that are kept in Python's memory."""
SHARE = 4
"""How many bodies of the largest size may be under way in one process."""


class Room:
    """Counts the bytes that large bodies hold, and refuses more than there is room for."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.held = 0

    def take(self, size: int) -> None:
        """Reserve bytes.

        Raises:
            Unavailable: too much is under way already.
        """
        if self.held + size > self.capacity:
            raise Unavailable(
                "too many large uploads are under way", remedy="try again in a moment"
            )
        self.held += size

    def give_back(self, size: int) -> None:
        """Release what was reserved."""
        self.held -= size


class Spool:
    """Takes a body piece by piece and hands it out whole; a context manager that lets go of it.

    Args:
        open_file: makes the file that a large body goes to.
        room: what large bodies are counted against; None where nothing is.
    """

    def __init__(self, open_file: Callable[[], BinaryIO], room: Room | None = None) -> None:
        self._open_file = open_file
        self._room = room
        self._reserved = 0
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            Unavailable: there is no room for it.
        """
        self._digest.update(piece)
        self.size += len(piece)
        if self.size <= IN_MEMORY:
            self._memory += piece
            return
        if self._room is not None:
            self._room.take(self.size - self._reserved)
            self._reserved = self.size
        try:
            self._to_file(piece)
        except OSError as problem:
            raise Unavailable(f"a large body cannot be kept ({problem.strerror})") from problem

    def _to_file(self, piece: bytes) -> None:
        if self._file is None:
            self._file = self._open_file()
            self._file.write(self._memory)
            self._memory = bytearray()
        self._file.write(piece)

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of what was taken."""
        return self._digest.hexdigest()

    @property
    def source(self) -> bytes | int:
        """The whole body, or a file descriptor that stands at its start."""
        if self._file is None:
            return bytes(self._memory)
        self._file.flush()
        self._file.seek(0)
        return self._file.fileno()

    def stream(self) -> BinaryIO:
        """The whole body as a seekable stream that stands at its start."""
        if self._file is None:
            return io.BytesIO(self._memory)
        self._file.seek(0)
        return self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._room is not None:
            self._room.give_back(self._reserved)
            self._reserved = 0


def memory_file() -> BinaryIO:
    """A file that exists in memory only."""
    return os.fdopen(os.memfd_create("tutela-body", os.MFD_CLOEXEC), "w+b")


def disk_file(folder: Path) -> Callable[[], BinaryIO]:
    """Makes files without a name in a folder."""
    return lambda: tempfile.TemporaryFile(dir=folder)


async def pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body of a request, piece by piece; the gate watches size and time."""
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            return
        if message["body"]:
            yield message["body"]
        if not message.get("more_body", False):
            return
