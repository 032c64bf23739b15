"""The bytes of a job: read by position, so that nobody else's file offset matters, and once."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tutela.errors import InvalidInput

CHUNK_BYTES = 2**20
HELD_BYTES = 32 * 2**20
"""Files up to this size are read at once and held while they are decoded."""

_SKIPPED_BYTES = 8 * 2**20


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

    def at(self, position: int, size: int) -> bytes:
        """Up to so many bytes from there on; none behind the end.

        Raises:
            OSError: it cannot be read.
        """
        return os.pread(self._fd, size, position)

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

    def stream(self, passing: Passing | None = None) -> BinaryIO:
        """A seekable stream over it, with an offset of its own.

        Args:
            passing: sees what is read.
        """
        return io.BufferedReader(_Positioned(self._fd, self.size, passing), CHUNK_BYTES)


class Passing:
    """Shows every byte of a file once and in order, while somebody reads it in an order of theirs.

    Who reads from beginning to end, as unpackers do, needs no second read of anything. What they
    skip is read when it is little, else at the end, with all that they did not come to.

    Args:
        file: the file that is read.
        seen: takes the bytes.
    """

    def __init__(self, file: OpenFile, seen: Callable[[bytes], object]) -> None:
        self._file = file
        self._seen = seen
        self._front = 0

    def read(self, data: bytes, position: int) -> None:
        """Somebody has read this, there."""
        if self._front < position <= self._front + _SKIPPED_BYTES:
            self._take(self._file.at(self._front, position - self._front))
        if position <= self._front < position + len(data):
            self._take(data[self._front - position :])

    def rest(self) -> None:
        """Reads what is left.

        Raises:
            OSError: it cannot be read.
        """
        while chunk := self._file.at(self._front, CHUNK_BYTES):
            self._take(chunk)

    def _take(self, data: bytes) -> None:
        self._front += len(data)
        self._seen(data)


class _Positioned(io.RawIOBase):
    """Reads with `pread`. Has no `fileno`, so that no library reads past it."""

    def __init__(self, fd: int, size: int, passing: Passing | None) -> None:
        self._fd = fd
        self._size = size
        self._passing = passing
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
        if self._passing is not None:
            self._passing.read(data, self._position)
        self._position += len(data)
        return len(data)
