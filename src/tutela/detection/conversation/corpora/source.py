"""The bytes of a file of conversations: hashed and counted while they are read, lines bounded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tutela.detection.conversation.corpora.tally import Tally
from tutela.errors import InvalidInput

LONGEST_RECORD = 1 << 28
"""Bytes that one record may have; a longer one is skipped, never held."""
CHUNK_BYTES = 1 << 18
_MARK = b"\xef\xbb\xbf"

Progress = Callable[[int], None]
"""Called with the number of bytes read since the last call."""


class Line(NamedTuple):
    """One line: its number from 1, and its bytes; None where it is longer than a record may be."""

    number: int
    content: bytes | None


class Source(io.RawIOBase):
    """A file that is read once, from its start to its end.

    Args:
        path: the file.
        tally: is told the size and, at the end, the digest.
        progress: is told how far it is read.

    Raises:
        InvalidInput: the file cannot be opened.
    """

    def __init__(self, path: Path, tally: Tally, progress: Progress | None = None) -> None:
        super().__init__()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise InvalidInput(
                f"the file cannot be read: {error.strerror}", where=str(path)
            ) from None
        self._tally = tally
        self._progress = progress
        self._digest = hashlib.sha256()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def readable(self) -> bool:
        """Always: it is made for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as one read of the file goes; 0 at its end."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        self._tally.size += len(data)
        if not data:
            self._tally.sha256 = self._digest.hexdigest()
        elif self._progress is not None:
            self._progress(len(data))
        return len(data)

    def lines(self, longest: int = LONGEST_RECORD) -> Iterator[Line]:
        """Its lines without their ends; a byte order mark is no part of the first."""
        stream = io.BufferedReader(self, CHUNK_BYTES)
        number = 0
        while content := stream.readline(longest):
            number += 1
            if number == 1:
                content = content.removeprefix(_MARK)
            whole = content.endswith(b"\n") or len(content) < longest
            yield Line(number, content.rstrip(b"\r\n") if whole else None)
            while not whole:
                rest = stream.readline(longest)
                whole = not rest or rest.endswith(b"\n")
