"""How fast work in the background goes: a share of one core, and after everything that is live."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

BEHIND = 10
"""Niceness: against one thread that never rests, the system gives such a thread a tenth of a core.
Less would be more polite, but a machine that is always busy would never get on with its past."""
LONGEST_REST = 5.0
"""Seconds: even on a busy machine the work goes on."""


def step_back() -> None:
    """Let this thread run behind all others, as far as the system knows of such a thing.

    Only this thread: another that writes to the database would hold its lock for as long as it has
    to wait for the processor. Threads that are started from now on by this one inherit it.
    """
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)


class Pace:
    """How long to rest after a piece of work.

    Args:
        share: share of one core that the work may take on a machine with nothing else to do; 1
            never rests.
        piece_seconds: how long a piece of work should take.
    """

    def __init__(self, share: float, piece_seconds: float = 0.1) -> None:
        self._share = share
        self._piece_seconds = piece_seconds

    def rest(self, wall: float, processor: float) -> float:
        """Seconds to rest after a piece that took so many seconds.

        Where it took longer than its own work, others wanted the processor or the disk, and the
        rest grows by as much.

        Args:
            wall: from its beginning to its end.
            processor: that it worked.
        """
        if self._share >= 1 or wall <= 0:
            return 0.0
        strain = max(1.0, wall / max(processor, 0.001))
        return min(wall * (1 / self._share - 1) * strain, LONGEST_REST)

    def resized(self, size: int, wall: float, least: int, most: int) -> int:
        """The size of the next piece, after one of `size` took `wall` seconds."""
        wanted = size * self._piece_seconds / max(wall, 0.001)
        return int(min(max(wanted, size / 2, least), size * 2, most))
