"""Which numbers of a conversation's messages were taken: as ranges, and bounded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum
from operator import itemgetter

MOST = 64
"""Ranges that are remembered. Where the platform counts one by one, one range holds everything."""

Ranges = tuple[tuple[int, int], ...]
"""First and last of each, ascending, with gaps between them."""

FORGOTTEN = -1
"""Where the first range begins once ranges had to be forgotten: nobody knows what was in it."""


class Arrival(StrEnum):
    """How a message comes, by its number."""

    NEXT = "next"
    """After all others."""
    LATE = "late"
    """After others with greater numbers."""
    AGAIN = "again"
    """It was taken before."""
    TOO_LATE = "too_late"
    """So long after that nobody knows whether it was taken before."""


class Numbers:
    """Numbers that were taken. The lowest are forgotten where there are too many gaps."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges = list(ranges)

    @property
    def ranges(self) -> Ranges:
        """What to make the same `Numbers` of."""
        return tuple(self._ranges)

    def take(self, number: int) -> Arrival:
        """Take a number, and say how it came; what comes `AGAIN` or `TOO_LATE` is not taken."""
        ranges = self._ranges
        place = bisect_right(ranges, number, key=itemgetter(0))
        if place and ranges[place - 1][1] >= number:
            return Arrival.TOO_LATE if ranges[place - 1][0] == FORGOTTEN else Arrival.AGAIN
        arrival = Arrival.NEXT if place == len(ranges) else Arrival.LATE
        self._insert(place, number)
        return arrival

    def _insert(self, place: int, number: int) -> None:
        """Put a number before the range at `place`, and join what touches."""
        ranges, first, last = self._ranges, number, number
        if place < len(ranges) and ranges[place][0] == number + 1:
            last = ranges.pop(place)[1]
        if place and ranges[place - 1][1] == number - 1:
            place -= 1
            first = ranges.pop(place)[0]
        ranges.insert(place, (first, last))
        if len(ranges) > MOST:
            ranges[:2] = [(FORGOTTEN, ranges[1][1])]
