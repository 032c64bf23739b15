"""The duty that gathers cases, in each server process."""

from __future__ import annotations

import threading

from structlog.typing import FilteringBoundLogger

from tutela.storage.review.together.gathering import Gathered, Gathering

PAUSE_SECONDS = 1.0
"""Time between two looks: a case stands where it belongs soon after it was opened."""
AWAITED = 64
"""Somebody who wants a case waits until so many are gathered, at most."""
AT_ONCE = 256
"""Cases of one look: it goes on at once where there are more, unless the server stops."""
REST_SECONDS = 0.01
"""Time between two transactions of one look, for events to be written in between."""


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
        """Gather what is new now, so that who claims a case has all of it; raises `Unavailable`.

        Where very much is new, only some of it: nobody waits for all that came in a flood.
        """
        return self._gathering.gather(AWAITED)

    def start(self) -> None:
        """Gather in the background from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop gathering; what is new waits."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        pause = self._pause_seconds
        while not self._stopping.wait(pause):
            pause = self._pause_seconds
            try:
                done = self._gathering.gather(AT_ONCE, rest=REST_SECONDS)
                if done.looked >= AT_ONCE:
                    pause = REST_SECONDS
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self._log.error("cases could not be gathered", error=type(error).__name__)
