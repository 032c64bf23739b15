"""Processor time: a soft bound that work looks at, and a hard one that ends the process."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

SOFT_SHARE = 0.7
"""Share of the hard bound at which work should stop by itself and keep what it has."""


class Watch:
    """Watches the processor time of one file, or of one member of an archive.

    Args:
        seconds: hard bound.

    Attributes:
        deadly: whether the kernel ends the process at the hard bound (signal SIGPROF). Decoders
            run in machine code that nothing else can interrupt. Only for a child of its own.
    """

    def __init__(self, seconds: float, *, deadly: bool) -> None:
        self._seconds = seconds
        self.deadly = deadly
        self._since = time.process_time()

    def restart(self) -> None:
        """Begins anew."""
        self._since = time.process_time()
        if self.deadly:
            signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def stop(self) -> None:
        """Takes the hard bound away while the process waits."""
        if self.deadly:
            signal.setitimer(signal.ITIMER_PROF, 0)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done meanwhile does not count."""
        left, _ = signal.setitimer(signal.ITIMER_PROF, 0) if self.deadly else (0.0, 0.0)
        since = time.process_time()
        try:
            yield
        finally:
            self._since += time.process_time() - since
            if left:
                signal.setitimer(signal.ITIMER_PROF, left)

    @property
    def short(self) -> bool:
        """Whether time is running out, so that work should end with what it has."""
        return time.process_time() - self._since > SOFT_SHARE * self._seconds
