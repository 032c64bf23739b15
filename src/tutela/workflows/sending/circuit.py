"""How often a destination is tried that does not answer, and how long an action waits."""

from __future__ import annotations

import random
from collections.abc import Callable

from tutela.model.record import Record

FAILURES = 5
"""So many failures in a row, and one message at a time is tried until one gets through."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


class Patience(Record, frozen=True, kw_only=True):
    """How long it is tried to get an action through.

    Attributes:
        first: seconds before the second attempt.
        longest: longest pause, in seconds; each is twice the one before.
        attempts: how many attempts there are.
    """

    first: float = 1.0
    longest: float = 3600.0
    attempts: int = 35

    def pause(self, attempts: int, chance: Callable[[], float] = random.random) -> float | None:
        """Seconds to wait after so many attempts; None where there is to be none any more.

        It is up to a quarter longer or shorter by chance, so that what failed together is not
        tried together again.
        """
        if attempts >= self.attempts:
            return None
        # No power of two beyond the longest pause that can be set: floats end somewhere.
        pause = min(self.longest, self.first * 2.0 ** min(attempts - 1, 64))
        return pause * (0.75 + chance() / 2)


class Circuit:
    """What one process knows of a destination: whether it answers, and when to try again.

    While it is open, one message at a time is tried, after pauses that grow. So one that is dead
    takes no time from the others, and gets none of its actions burnt by attempts without a chance.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._pause = 0.0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """Whether the destination does not answer."""
        return self._failures >= FAILURES

    def room(self, limit: int, on_their_way: int, at: float) -> int:
        """How many more messages may be sent.

        Args:
            limit: how many may be on their way at once.
            on_their_way: how many are.
            at: the present, by the monotonic clock.
        """
        if not self.open:
            return max(0, limit - on_their_way)
        return 1 if on_their_way == 0 and at >= self._until else 0

    def succeeded(self) -> bool:
        """A message got through; whether that is news."""
        was_open = self.open
        self._failures, self._pause = 0, 0.0
        return was_open

    def failed(self, at: float) -> bool:
        """A message did not get through; whether the destination is given a rest from now on."""
        was_open = self.open
        self._failures += 1
        if not self.open or (was_open and at < self._until):
            return False  # it was on its way before the others failed
        self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2 or FIRST_PAUSE_SECONDS)
        self._until = at + self._pause
        return not was_open
