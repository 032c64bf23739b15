"""A process beside the server, such as the one for re-scans: started, replaced, stopped."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from structlog.typing import FilteringBoundLogger

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
RESCANS = ("rescan", "work", "--attached")
ACTIONS = ("actions", "work", "--attached")
CUSTODY = ("evidence", "work", "--attached")
LOOK_SECONDS = 0.5
STABLE_SECONDS = 60.0
"""A process that lived so long is replaced at once; one that did not, after a pause."""
LONGEST_PAUSE_SECONDS = 60.0
GRACE_SECONDS = 10.0
"""Time to store how far the work has come."""


class Background:
    """A process beside the server; a context manager that stops it.

    The process ends with its standard input, so that it cannot outlive this one.

    Args:
        command: what it does, as typed after `tutela`: `RESCANS`, `ACTIONS` or `CUSTODY`.
        env: its environment.
        log: where its death is told.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], log: FilteringBoundLogger
    ) -> None:
        self._command = tuple(command)
        self._env = dict(env)
        self._log = log
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, name=f"background {command[0]}", daemon=True
        )

    def start(self) -> None:
        """Start it, from now on and whenever it dies."""
        self._thread.start()

    def stop(self) -> None:
        """Let it end, and do not wait: several end side by side."""
        self._stopping.set()

    def __enter__(self) -> Self:
        """Use it as a context; `start` starts it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop it, and wait until it has ended."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            begun = time.monotonic()
            status = self._run()
            if self._stopping.is_set():
                return
            stable = time.monotonic() - begun > STABLE_SECONDS
            pause = 0.0 if stable else min(LONGEST_PAUSE_SECONDS, pause * 2 + 1)
            self._log.error(
                "a process beside the server ended",
                command=" ".join(("tutela", *self._command)),
                status=status,
                pause=pause,
            )
            self._stopping.wait(pause)

    def _run(self) -> int:
        """Start a process and wait for its end, or end it; its exit code."""
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [*PROGRAM, *self._command],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and not self._stopping.wait(LOOK_SECONDS):
            pass
        if process.stdin is not None:
            process.stdin.close()
        try:
            return process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
