"""What the vault seals: bytes in memory, or a file behind a descriptor."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from tutela.errors import InvalidInput


class Source:
    """Plain bytes that can be read more than once.

    Args:
        source: the bytes, or a readable descriptor of a file, whose offset is left as it is.

    Raises:
        InvalidInput: the descriptor is none of a file.
    """

    def __init__(self, source: int | bytes) -> None:
        self._source = source
        self.size = len(source) if isinstance(source, bytes) else _size(source)
        """Bytes, as it is now."""

    def chunks(self, length: int) -> Iterator[memoryview]:
        """The bytes from the start, in chunks of a length; the last may be shorter.

        One empty chunk where there are none. A chunk is valid until the next one is asked for.

        Raises:
            InvalidInput: they cannot be read, or there are fewer than there were.
        """
        if isinstance(self._source, bytes):
            whole = memoryview(self._source)
            yield from (whole[at : at + length] for at in range(0, self.size or 1, length))
            return
        # One buffer for all: fresh memory costs more here than encrypting does.
        buffer = memoryview(bytearray(min(length, self.size)))
        for at in range(0, self.size or 1, length):
            yield _filled(self._source, buffer[: self.size - at], at)


def _size(descriptor: int) -> int:
    try:
        status = os.fstat(descriptor)
    except OSError as problem:
        raise _unreadable(problem) from None
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput(
            "only bytes and files can be sealed, not a pipe or a device", where="vault"
        )
    return status.st_size


def _filled(descriptor: int, buffer: memoryview, at: int) -> memoryview:
    filled = 0
    while filled < len(buffer):
        try:
            got = os.preadv(descriptor, [buffer[filled:]], at + filled)
        except OSError as problem:
            raise _unreadable(problem) from None
        if not got:
            raise InvalidInput(
                "the file became shorter while it was sealed",
                where="vault",
                remedy="hand it in again",
            )
        filled += got
    return buffer


def _unreadable(problem: OSError) -> InvalidInput:
    return InvalidInput(
        f"the bytes cannot be read ({problem.strerror})", where="vault", remedy="hand them in again"
    )
