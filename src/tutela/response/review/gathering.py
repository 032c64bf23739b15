"""The duty that gathers cases, in each server process."""

from __future__ import annotations

import threading

from structlog.typing import FilteringBoundLogger

from tutela.storage.review.together.gathering import Gathered, Gathering

PAUSE_SECONDS = 1.0
"""Time between two looks: a case stands where it belongs soon after it was opened."""


class Gatherer:
    """Gathers new cases in the background, and whenever somebody asks for it. Thread-safe.

    A look that fails is tried again at the next; a case that nobody could look at stays what it is:
    a case of its own that waits.

    Args:
        gathering: the cases.
        log: where it is told that a look failed.
        pause_seconds: time between two looks.
    """

    def __init__(
        self,
        gathering: Gathering,
        log: FilteringBoundLogger,
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._gathering = gathering
        self._log = log
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="gatherer", daemon=True)

    def gather(self) -> Gathered:
        """Gather what is new now, so that who claims a case has all of it; raises `Unavailable`."""
        return self._gathering.gather()

    def start(self) -> None:
        """Gather in the background from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop gathering; what is new waits."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(self._pause_seconds):
            try:
                self.gather()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self._log.error("cases could not be gathered", error=type(error).__name__)
