"""A decoder child, as the parent sees it. Used by one thread: the one that starts it.

The child dies with the thread that started it, not only with the process: that is how Linux
understands "parent" in `PR_SET_PDEATHSIG`.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile

from tutela.detection.media.rendering.rendition import Rendition
from tutela.detection.media.wire import Found, Garbled, Jobs, Setup, Started, Wire

START_SECONDS = 300.0
"""On a new machine the first start compiles the kernels."""

_KEPT = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "NUMBA_CPU_NAME", "LD_LIBRARY_PATH")
"""What a child needs of the environment: where compiled kernels and libraries lie."""

_ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
"""A process with threads can neither be given a user namespace nor be locked down as one."""

_COMPLAINT_BYTES = 2000


class StartFailed(Exception):
    """A child did not come up; the message says why."""


class Decoder:
    """A child process. It begins to start at once; `started` tells when it is ready.

    Args:
        setup: how it is to work.

    Raises:
        StartFailed: no process can be started.
    """

    def __init__(self, setup: Setup) -> None:
        self._since = time.monotonic()
        self._complaints = TemporaryFile()  # noqa: SIM115 - lives as long as the child
        ours, theirs = socket.socketpair()
        self._wire = Wire(ours, ahead=True)
        try:
            with theirs:
                self._process = self._popen(theirs)
        except OSError as error:
            self._wire.close()
            self._complaints.close()
            raise StartFailed(f"no process can be started: {error.strerror}") from error
        with suppress(OSError):  # If it ended at once, `started` will say why.
            self._wire.send(setup)

    def _popen(self, stdin: socket.socket) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "tutela.detection.media.child"],
            stdin=stdin.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
            cwd="/",
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ALONE,
            start_new_session=True,
        )

    @property
    def process_id(self) -> int:
        """As the system knows it."""
        return self._process.pid

    @property
    def dead(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def started(self, seconds: float) -> Started | None:
        """Waits so long for it to become ready; None if it is not yet.

        Raises:
            StartFailed: it will not become ready. It is ended.
        """
        if not self.answers(seconds):
            if time.monotonic() - self._since < START_SECONDS:
                return None
            raise self._failure("it took too long to start")
        self._wire.patience(START_SECONDS)
        try:
            started = self._wire.receive(Started)
        except (OSError, EOFError, Garbled):
            raise self._failure("") from None
        if started.problem:
            raise self._failure(started.problem)
        return started

    def answers(self, seconds: float) -> bool:
        """Waits so long for anything to come from it, be it the end."""
        if self._wire.pending:
            return True
        poll = select.poll()
        poll.register(self._wire.fileno(), select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def send(
        self, first: int, fds: Sequence[int], renditions: Mapping[int, Rendition] | None = None
    ) -> None:
        """Hands it up to `MOST_JOBS` jobs, with numbers from `first` on.

        Args:
            renditions: what is to be made of some of them, by their numbers.

        Raises:
            OSError: it is gone.
        """
        self._wire.send(Jobs(first=first, count=len(fds), renditions=dict(renditions or {})), *fds)

    @property
    def pending(self) -> bool:
        """Whether some of its next message is here already."""
        return self._wire.pending

    @property
    def received(self) -> int:
        """Bytes of all its messages so far."""
        return self._wire.received

    def receive(self, seconds: float) -> Found:
        """Its next message.

        Raises:
            TimeoutError: nothing whole came for so long.
            OSError, EOFError, Garbled: it is gone or talks nonsense.
        """
        self._wire.patience(seconds)
        return self._wire.receive(Found)

    def end(self) -> int:
        """Ends it; gives its exit code, which is negative for a signal."""
        self._wire.close()
        # It holds nothing that could be lost.
        self._process.kill()
        code = self._process.wait()
        self._complaints.close()
        return code

    def _failure(self, problem: str) -> StartFailed:
        """The error of a child that did not start. Ends it."""
        if not problem:
            self._process.kill()
            code = self._process.wait()
            problem = f"ended with code {code}"
            size = self._complaints.seek(0, os.SEEK_END)
            self._complaints.seek(max(size - _COMPLAINT_BYTES, 0))
            lines = self._complaints.read().decode(errors="replace").strip().splitlines()
            problem = f"{problem}: {lines[-1]}" if lines else problem
        self.end()
        return StartFailed(problem)


def why(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
