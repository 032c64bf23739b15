"""Limits on how often one caller may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from tutela.errors import TooMany

KNOWN_CALLERS = 10_000
"""Callers whose buckets are remembered; the one who was silent longest is forgotten first."""


class Rates:
    """One token bucket per caller: it holds `burst` requests and refills at `per_second`.

    Each server process has its own, with its share of the rate. For one thread.

    Args:
        per_second: requests per second; 0 sets no limit.
        burst: requests at once after a pause.
        clock: seconds that never run backwards.
    """

    def __init__(
        self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = max(1.0, burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request of a caller.

        Raises:
            TooMany: the caller's bucket is empty; nothing was counted.
        """
        if self._per_second <= 0:
            return
        now = self._clock()
        tokens, then = self._buckets.pop(caller, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._per_second)
        self._buckets[caller] = (tokens - 1, now) if tokens >= 1 else (tokens, now)
        if len(self._buckets) > KNOWN_CALLERS:
            self._buckets.popitem(last=False)
        if tokens < 1:
            raise TooMany(
                "more requests came than this caller may make",
                retry_after=(1 - tokens) / self._per_second,
                remedy="wait as long as Retry-After says",
            )

    def give_back(self, caller: str) -> None:
        """Not count one request of a caller after all."""
        if caller in self._buckets:
            tokens, then = self._buckets[caller]
            self._buckets[caller] = (min(self._burst, tokens + 1), then)
