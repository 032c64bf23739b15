"""The processes of a drill: a real server on a fresh data folder, started and stopped cleanly."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tutela.client import Trouble, Tutela
from tutela.errors import Unavailable

START_SECONDS = 300.0
"""Longest wait until the server is ready; the first start on a machine compiles kernels."""
STOP_SECONDS = 20.0
"""Longest wait until it has stopped by itself."""
LOG_TAIL = 2000
"""Characters of its log that are shown when it does not start."""


class Server:
    """A server process. Starts when it is entered, and has stopped when it is left.

    Args:
        command: program and arguments that start it.
        env: its environment.
        host, port: where it will listen.
        log: file that takes what it writes.
        answers: says whether it is ready at its address; without it, a Tutela server is asked.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        host: str,
        port: int,
        log: Path,
        answers: Callable[[str, int], bool] | None = None,
    ) -> None:
        self._command = list(command)
        self._env = dict(env)
        self._log = log
        self._answers = answers or ready
        self.host = host
        self.port = port

    def __enter__(self) -> Self:
        """Start it and wait until it is ready.

        Raises:
            Unavailable: it ended, or was not ready in time; with the end of its log.
        """
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C is for us, and we stop it in our own time.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, env=self._env, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop it."""
        self._stop()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def client(self, key: str) -> Tutela:
        """A client of it, with the patience to sit out that it is busy or still loading."""
        return Tutela(self.address, key, timeout=60, retries=50, deadline=120)

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.running:
            if self._answers(self.host, self.port):
                return
            time.sleep(0.1)
        tail = self._log.read_text(errors="replace")[-LOG_TAIL:].strip()
        state = "was not ready in time" if self.running else "ended"
        raise Unavailable(f"the server {state}; the end of its log:\n{tail}")

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def ready(host: str, port: int) -> bool:
    """Whether a Tutela server at an address can answer for its lists."""
    try:
        with Tutela(f"http://{host}:{port}", "") as client:
            return client.ready().ready
    except Trouble:
        return False


def free_port(host: str, wanted: int) -> int:
    """Return `wanted` if nothing listens there, else a port that is free now."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise Unavailable("no port is free", where=host)
