"""Several server processes behind one address: started, watched, replaced, stopped.

Each worker is a fresh interpreter on a listening socket of its own (SO_REUSEPORT); the system
spreads the connections over them. The parent holds all the sockets, so that what waits at the
socket of a worker that died is answered by the one that replaces it. A worker sees when the parent
is gone, and stops.
"""

from __future__ import annotations

import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from structlog.typing import FilteringBoundLogger

from tutela.interfaces.web.server import FAILED, GRACE_SECONDS

WORKER = (
    "import sys; from tutela.interfaces.web.server import worker; "
    "sys.exit(worker(int(sys.argv[1]), int(sys.argv[2])))"
)
LOOK_SECONDS = 0.2
"""How often the workers are looked at."""
STABLE_SECONDS = 60.0
"""A worker that lived so long is replaced at once; one that did not, after a pause."""
LONGEST_PAUSE_SECONDS = 30.0


class Worker:
    """One place among the workers: its socket, and the process that answers there now."""

    def __init__(self, listener: socket.socket, env: Mapping[str, str]) -> None:
        self._listener = listener
        self._env = dict(env)
        self._pause = 0.0
        self.start()

    def start(self) -> None:
        """Start a process."""
        self.ready = False
        self._started_at = time.monotonic()
        self._restart_at: float | None = None
        self.pair, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", WORKER, str(self._listener.fileno()), str(theirs.fileno())],
                env=self._env,
                pass_fds=(self._listener.fileno(), theirs.fileno()),
                start_new_session=True,
            )

    def listen_to(self) -> None:
        """Take what the process tells."""
        if self.pair.recv(1):
            self.ready = True

    def replace(self, log: FilteringBoundLogger) -> None:
        """Start another process where the last has ended; soon, but not ever faster."""
        now = time.monotonic()
        if self._restart_at is None:
            stable = now - self._started_at > STABLE_SECONDS
            self._pause = 0.0 if stable else min(LONGEST_PAUSE_SECONDS, self._pause * 2 + 0.1)
            self._restart_at = now + self._pause
            log.error("a server process ended", status=self.process.returncode, pause=self._pause)
        if now >= self._restart_at:
            self.pair.close()
            self.start()

    def close(self) -> None:
        """Let go of the socket and of a process that is still there."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.pair.close()
        self._listener.close()


class Processes:
    """The parent of the workers.

    Args:
        listeners: one listening socket for each worker.
        env: environment of the workers.
        log: where deaths are told.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        env: Mapping[str, str],
        log: FilteringBoundLogger,
    ) -> None:
        self._log = log
        self._signals: list[int] = []
        self._workers = [Worker(listener, env) for listener in listeners]

    def run(self, ready: Callable[[], object]) -> int:
        """Watch the workers until SIGTERM or SIGINT comes, then stop them.

        Args:
            ready: called once all of them answer.

        Returns:
            The exit code: 0, or `FAILED` where a worker could not start.
        """
        before = {number: signal.signal(number, self._note) for number in _STOPS}
        try:
            if not self._all_ready():
                return 0 if self._signals else FAILED
            ready()
            while not self._signals:
                self._look()
                for worker in self._workers:
                    if worker.process.poll() is not None:
                        worker.replace(self._log)
            return 0
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._signals.append(number)

    def _all_ready(self) -> bool:
        """Wait until every worker answers; whether they do."""
        while not all(worker.ready for worker in self._workers):
            if self._signals or any(w.process.poll() is not None for w in self._workers):
                return False
            self._look()
        return True

    def _look(self) -> None:
        """Wait a moment, or until a worker says that it is ready."""
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                if not worker.ready:
                    selector.register(worker.pair, selectors.EVENT_READ, worker)
            if not selector.get_map():
                time.sleep(LOOK_SECONDS)
                return
            for key, _ in selector.select(LOOK_SECONDS):
                ended = key.data.process.poll() is not None
                if not ended:
                    key.data.listen_to()

    def _stop(self) -> None:
        """Ask the workers to stop, wait for what is under way, and end those that do not."""
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGTERM)
        asked = len(self._signals)
        until = time.monotonic() + GRACE_SECONDS + 10
        while any(w.process.poll() is None for w in self._workers):
            # A second Ctrl-C means now.
            if time.monotonic() > until or len(self._signals) > asked:
                break
            time.sleep(0.02)
        for worker in self._workers:
            worker.close()


_STOPS = (signal.SIGTERM, signal.SIGINT)
