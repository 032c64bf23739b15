"""How a process keeps a re-scan for itself: it says again and again that it is alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tutela.errors import Unavailable

BEAT_SECONDS = 2.5
"""Often enough that one beat may be lost."""


class Lost(Exception):
    """The re-scan is no longer this process's: it was paused, cancelled, or taken over."""


class Stopped(Exception):
    """The process was told to stop while it loaded what a re-scan compares."""


class Heart:
    """Beats for whatever re-scan is held, in a thread of its own; a context manager.

    Enter it before the thread that works steps back: the beat must not wait as that does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._beat: Callable[[], bool] | None = None
        self._lost = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rescan-heart", daemon=True)

    def __enter__(self) -> Self:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop."""
        self._stopping.set()
        self._thread.join()

    def hold(self, beat: Callable[[], bool] | None) -> None:
        """Beat for this re-scan from now on, or for none.

        Args:
            beat: says that the process is alive; False where it has lost the re-scan.
        """
        with self._lock:
            self._beat = beat
            self._lost = False

    def check(self, *, held: bool = True) -> None:
        """Raise `Lost` where the re-scan was lost."""
        if self._lost or not held:
            raise Lost

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            with self._lock:
                if self._beat is not None:
                    self._lost |= not self._alive(self._beat)

    def _alive(self, beat: Callable[[], bool]) -> bool:
        try:
            return beat()
        except Unavailable:
            return True  # nobody else can take it from a database that is down
