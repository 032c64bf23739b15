"""The bytes and the text of a bank file: counted while they are read, decoded as they were written.

Bank files come with and without byte order mark, in UTF-8 and in UTF-16. Text arrives here line by
line, JSON as UTF-8 bytes.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from tutela.lists.importers.problems import ProblemLog

HEAD_BYTES = 1 << 16
CHUNK_BYTES = 1 << 18
LINE_CHARACTERS = 1 << 20

Progress = Callable[[int], None]
"""Called with the number of bytes read since the last call."""


class Encoding(NamedTuple):
    """How the text of a file is written: a codec's name, and the length of the mark before it."""

    codec: str
    mark: int


def encoding_of(head: bytes) -> Encoding:
    """Tell UTF-8 and UTF-16 apart by the byte order mark or, without one, by where zeros lie."""
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return Encoding(codec, len(mark))
    if len(head) > 1 and head[0] and not head[1]:
        return Encoding("utf-16-le", 0)
    if len(head) > 1 and head[1] and not head[0]:
        return Encoding("utf-16-be", 0)
    return Encoding("utf-8", 0)


class CountedBytes(io.RawIOBase):
    """A readable stream that reports how much of it was read."""

    def __init__(self, stream: BinaryIO, progress: Progress | None) -> None:
        super().__init__()
        self._stream = stream
        self._progress = progress

    def readable(self) -> bool:
        """Always: it is made for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as one read of the stream goes; 0 at its end."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        if self._progress is not None and data:
            self._progress(len(data))
        return len(data)


def text_lines(
    stream: BinaryIO, encoding: Encoding, problems: ProblemLog, progress: Progress | None
) -> Iterator[str]:
    """Yield the lines of a text file with their line ends, as `csv` wants them.

    Bytes that are not UTF-8 arrive as lone surrogates, so that the row can be named.

    Raises:
        ReadingStopped: a line is longer than `LINE_CHARACTERS`, or the text is not UTF-16.
    """
    stream.seek(encoding.mark)
    errors = "surrogateescape" if encoding.codec == "utf-8" else "strict"
    counted = io.BufferedReader(CountedBytes(stream, progress), CHUNK_BYTES)
    text = io.TextIOWrapper(counted, encoding.codec, errors=errors, newline="")
    number = 0
    try:
        while line := text.readline(LINE_CHARACTERS):
            number += 1
            if len(line) == LINE_CHARACTERS:
                problems.stop(number, "", f"is longer than {LINE_CHARACTERS} characters")
            yield line
    except UnicodeDecodeError:
        problems.stop(number + 1, "", "from here on, the text is not valid UTF-16")


class Utf8Bytes:
    """The text of a file as UTF-8 bytes without byte order mark, for a streaming JSON reader."""

    def __init__(
        self,
        stream: BinaryIO,
        encoding: Encoding,
        problems: ProblemLog,
        progress: Progress | None = None,
    ) -> None:
        stream.seek(encoding.mark)
        self._stream = CountedBytes(stream, progress)
        self._problems = problems
        recode = encoding.codec != "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding.codec)() if recode else None

    def read(self, size: int) -> bytes:
        """Return about `size` bytes; none at the end.

        Raises:
            ReadingStopped: the file is not valid UTF-16.
        """
        data = self._stream.read(size) or b""
        if self._decoder is None:
            return data
        try:
            # An odd last byte may leave nothing to give yet, which must not look like the end.
            while not (text := self._decoder.decode(data, final=not data)) and data:
                data = self._stream.read(size) or b""
            return text.encode()
        except UnicodeError:
            self._problems.stop(0, "", "the text is not valid UTF-16")
