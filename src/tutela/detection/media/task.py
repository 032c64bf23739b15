"""One job, as the parent holds it: where its bytes are, and who waits for the answer."""

from __future__ import annotations

import errno
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from tempfile import TemporaryFile
from typing import Any, Generic, TypeVar

from tutela.detection.media.digests import Digests
from tutela.detection.media.rendering.rendition import Rendered, Rendition
from tutela.detection.media.sniff import HEAD_BYTES, UNKNOWN, sniff
from tutela.detection.media.source import CHUNK_BYTES, OpenFile
from tutela.detection.media.wire import Found
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput, Unavailable
from tutela.model import Content, Gap, GapReason

Contents = tuple[Content, ...]
Source = int | bytes | bytearray | memoryview


Answer = TypeVar("Answer")


class Job(ABC, Generic[Answer]):
    """A job on its way through the pool.

    Args:
        source: bytes, which must not change until the job is done, or an open descriptor, which
            is duplicated.
        size_hint: about how many bytes there are, where the caller knows.

    Attributes:
        future: what the caller waits for.
        size: bytes, as far as known.
        rendition: what to make of them; None if they are to be examined.

    Raises:
        InvalidInput: the descriptor is not open.
        OSError: no more files can be opened.
    """

    rendition: Rendition | None = None

    def __init__(self, source: Source, size_hint: int | None) -> None:
        self.future: Future[Answer] = Future()
        self._data: memoryview | None = None
        self._fd = -1
        if isinstance(source, int):
            self._fd = _duplicate(source)
            self.size = os.fstat(self._fd).st_size if size_hint is None else size_hint
        else:
            self._data = memoryview(source).cast("B")
            self.size = self._data.nbytes

    def start(self) -> bool:
        """Tells the waiting caller that it begins; False if nobody waits any more."""
        if self.future.running() or self.future.set_running_or_notify_cancel():
            return True
        self._close()
        return False

    def open(self) -> int:
        """A descriptor of the bytes, to be sent to a child. Closed when the task ends.

        Raises:
            OSError: no more files can be opened, or memory is full.
        """
        if self._fd < 0 and self._data is not None:
            self._fd = _in_memory(self._data)
        return self._fd

    @abstractmethod
    def answered(self, found: Found, members: Sequence[Content], /) -> None:
        """Gives what a child said last, and the members of the archive that it told of before."""

    @abstractmethod
    def lost(self, kinds: SignalKinds, gap: Gap, members: Sequence[Content], /) -> None:
        """Gives what is left to say where no child can answer."""

    def _settle(self, answer: Answer) -> None:
        self._close()
        self.future.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Gives an error in place of an answer."""
        self._close()
        self.future.set_exception(error)

    def cancel(self) -> None:
        """Gives it up: cancelled if it never began, else failed."""
        if self.future.cancel():
            self.start()
        else:
            self.fail(Unavailable("the decoder was closed"))

    def _exact(self, kinds: SignalKinds, gap: Gap) -> Content:
        """Exact fingerprints, and the gap. Taking digests is not decoding: this is safe here."""
        digests = Digests(kinds)
        head = b""
        try:
            for chunk in self._chunks():
                head += chunk[: HEAD_BYTES - len(head)]
                digests.update(chunk)
        except (OSError, InvalidInput):
            return Content(gaps=(gap, Gap(reason=GapReason.UNREADABLE, detail="it cannot be read")))
        return Content(
            media_type=(sniff(head) if head else UNKNOWN).name,
            size=digests.size,
            signals=digests.signals(),
            gaps=(gap,),
        )

    def _chunks(self) -> Iterator[bytes | memoryview]:
        if self._data is None:
            yield from OpenFile(self._fd).chunks()
        else:
            for start in range(0, self._data.nbytes, CHUNK_BYTES):
                yield self._data[start : start + CHUNK_BYTES]

    def _close(self) -> None:
        self._data = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


AnyJob = Job[Any]


class Task(Job[Contents]):
    """Bytes that are to be examined. The answer is the file itself, then members of archives."""

    def answered(self, found: Found, members: Sequence[Content]) -> None:
        """See `Job`."""
        if found.whole is not None:
            self._settle((found.whole, *members))

    def lost(self, kinds: SignalKinds, gap: Gap, members: Sequence[Content]) -> None:
        """See `Job`."""
        self._settle((self._exact(kinds, gap), *members))


class RenditionTask(Job[Rendered | Gap]):
    """Bytes that are to be shown to somebody.

    Args:
        rendition: how.
    """

    def __init__(self, source: Source, rendition: Rendition, size_hint: int | None) -> None:
        super().__init__(source, size_hint)
        self.rendition = rendition

    def answered(self, found: Found, _: Sequence[Content]) -> None:
        """See `Job`."""
        answer = found.rendered or found.gap
        if answer is not None:
            self._settle(answer)

    def lost(self, _: SignalKinds, gap: Gap, __: Sequence[Content]) -> None:
        """See `Job`."""
        self._settle(gap)


def _duplicate(fd: int) -> int:
    try:
        return os.dup(fd)
    except OverflowError as error:
        raise InvalidInput("not an open file") from error
    except OSError as error:
        if error.errno == errno.EBADF:
            raise InvalidInput("not an open file") from error
        raise


def _in_memory(data: memoryview) -> int:
    """A file of these bytes that has no name and lives in memory where the system can do that."""
    if sys.platform == "linux":
        fd = os.memfd_create("content", os.MFD_CLOEXEC)
    else:
        with TemporaryFile(buffering=0) as file:
            fd = os.dup(file.fileno())
    try:
        written = 0
        while written < data.nbytes:
            written += os.write(fd, data[written:])
    except OSError:
        os.close(fd)
        raise
    return fd
