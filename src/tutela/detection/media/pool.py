"""The pool of decoder children: bytes go in, facts come out, and nothing that they do hurts."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from tutela.detection.media.backlog import Backlog
from tutela.detection.media.dispatch import Dispatcher
from tutela.detection.media.limits import Limits
from tutela.detection.media.rendering.rendition import Rendered, Rendition
from tutela.detection.media.task import AnyJob, Contents, RenditionTask, Source, Task
from tutela.detection.media.wire import Setup
from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import Unavailable
from tutela.model import Gap

_WAITING = 4096


class DecoderPool:
    """Decodes and fingerprints files in sandboxed child processes. Thread-safe.

    Children start when the pool is made, in the background, and jobs may be submitted at once.
    A child that dies, hangs or runs out of memory costs its present job a gap and nothing else.

    Args:
        children: processes at work at once, at least 1.
        limits: what one file may cost.
        archives: whether archives are opened.
        dihedral: whether turned and mirrored variants of pictures are fingerprinted too.
        exact_pixels: whether every picture is decoded whole. Else a large JPEG may be decoded at
            a part of its size, where its fingerprint stays within 6 bits.
        waiting: jobs that may wait for a child.
    """

    def __init__(
        self,
        *,
        children: int,
        limits: Limits,
        archives: bool = True,
        dihedral: bool = False,
        exact_pixels: bool = False,
        waiting: int = _WAITING,
    ) -> None:
        setup = Setup(
            parent=os.getpid(),
            limits=limits,
            archives=archives,
            dihedral=dihedral,
            exact_pixels=exact_pixels,
        )
        kinds = builtin_kinds()
        self._backlog = Backlog(waiting, children)
        self._dispatchers = [
            Dispatcher(
                self._backlog,
                setup,
                kinds,
                first_jobs=max(limits.jobs_per_child * (number + 1) // children, 1),
            )
            for number in range(children)
        ]
        self._threads = [
            threading.Thread(target=dispatcher.run, name=f"decoder-{number}", daemon=True)
            for number, dispatcher in enumerate(self._dispatchers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, source: Source, *, size_hint: int | None = None) -> Future[Contents]:
        """Hands a file in.

        Args:
            source: an open readable descriptor of a regular file, which is duplicated and may be
                closed at once; or bytes, which must not change until the job is done.
            size_hint: about how many bytes, if the caller knows; saves a system call.

        Returns:
            The future content: the file itself first, then the members of archives with their
            `path` set. Bad bytes never make it raise: what could not be compared is a gap. It
            raises `Unavailable` if no child could be started, and is cancelled when the pool is
            closed before the job began.

        Raises:
            Unavailable: too many jobs wait, no child can be started, or the pool is closed.
            InvalidInput: the descriptor is not open.
        """
        try:
            task = Task(source, size_hint)
        except OSError as error:
            raise _no_more_files(error) from error
        self._put(task)
        return task.future

    def render(
        self, source: Source, rendition: Rendition, *, size_hint: int | None = None
    ) -> Future[Rendered | Gap]:
        """Hands a file in to be shown to somebody. It goes before all that wait to be examined.

        Args:
            source, size_hint: as in `submit`.
            rendition: how it is to be shown.

        Returns:
            The future rendition, or a gap that says why there is none; it raises, and is
            cancelled, as in `submit`.

        Raises:
            Unavailable, InvalidInput: as in `submit`.
        """
        try:
            task = RenditionTask(source, rendition, size_hint)
        except OSError as error:
            raise _no_more_files(error) from error
        self._put(task, first=True)
        return task.future

    def _put(self, task: AnyJob, *, first: bool = False) -> None:
        try:
            self._backlog.put(task, first=first)
        except Unavailable:
            task.cancel()
            raise

    def wait_ready(self, seconds: float | None = None) -> None:
        """Waits until a child is ready.

        Raises:
            Unavailable: none can be started, or none was ready in so many seconds.
        """
        self._backlog.wait_ready(seconds)

    @property
    def protections(self) -> tuple[str, ...]:
        """What protects the system from a child, in words. Empty before the first is ready."""
        return self._backlog.started.protections

    @property
    def missing_protections(self) -> tuple[str, ...]:
        """What this system does not give, each with the reason."""
        return self._backlog.started.missing

    @property
    def depth(self) -> int:
        """Jobs that wait for a child now."""
        return self._backlog.depth

    @property
    def child_ids(self) -> tuple[int, ...]:
        """Process ids of the children at work."""
        ids = (dispatcher.child_id for dispatcher in self._dispatchers)
        return tuple(number for number in ids if number is not None)

    @property
    def counts(self) -> dict[str, int]:
        """Since the start: `jobs`, and children that `died`, `timed_out` or were `replaced`."""
        return self._backlog.totals()

    def close(self) -> None:
        """Cancels what waits, lets children finish their present jobs, and ends them."""
        self._backlog.close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _no_more_files(error: OSError) -> Unavailable:
    return Unavailable(f"no more files can be opened: {error.strerror}")
