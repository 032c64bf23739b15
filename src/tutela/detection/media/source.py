"""The bytes of a job: read by position, so that nobody else's file offset matters."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

from tutela.errors import InvalidInput

CHUNK_BYTES = 2**20
HELD_BYTES = 32 * 2**20
"""Files up to this size are read once and held while they are decoded."""


class OpenFile:
    """A regular file behind a descriptor that somebody else opened and will close.

    Args:
        fd: readable descriptor.

    Raises:
        InvalidInput: it is no regular file: pipes and devices have no beginning to return to.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._state = os.fstat(fd)
        if not stat.S_ISREG(self._state.st_mode):
            raise InvalidInput("not a regular file")

    @property
    def size(self) -> int:
        """Bytes, as the file system says."""
        return self._state.st_size

    def has_changed(self) -> bool:
        """Whether somebody wrote to it since it was opened here."""
        now = os.fstat(self._fd)
        return (now.st_size, now.st_mtime_ns) != (self._state.st_size, self._state.st_mtime_ns)

    def chunks(self) -> Iterator[bytes]:
        """All of it, from its beginning, up to `CHUNK_BYTES` at a time.

        Raises:
            OSError: it cannot be read.
        """
        position = 0
        while chunk := os.pread(self._fd, CHUNK_BYTES, position):
            position += len(chunk)
            yield chunk

    def whole(self) -> bytes:
        """All of it at once. Only for files of at most `HELD_BYTES`.

        Raises:
            OSError: it cannot be read.
        """
        # One byte more than expected: a short answer then proves that the end was reached.
        data = os.pread(self._fd, self.size + 1, 0)
        return data if len(data) == self.size else b"".join(self.chunks())[: HELD_BYTES + 1]

    def stream(self) -> BinaryIO:
        """A seekable stream over it, with an offset of its own."""
        return io.BufferedReader(_Positioned(self._fd, self.size), CHUNK_BYTES)


class _Positioned(io.RawIOBase):
    """Reads with `pread`. Has no `fileno`, so that no library reads past it."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the start of the file")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = os.pread(self._fd, len(buffer), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
