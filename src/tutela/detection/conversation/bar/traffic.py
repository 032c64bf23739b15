"""What was rated: how many conversations first reached which value, and how early."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tutela.model.record import Record

HIGHEST = 100
"""The highest value, in tenths; the lowest threshold is one tenth."""

TURNS = (10, 20, 50)
"""By which turns it is counted when a conversation reached a value."""


class Count(NamedTuple):
    """Conversations that first reached a value.

    Attributes:
        peak: the value in tenths; 0 counts every conversation when it begins.
        turns: one of `TURNS`, the least within which that was; 0 for later.
        conversations: how many.
    """

    peak: int
    turns: int
    conversations: int


class Reaching(Record, frozen=True, kw_only=True):
    """How many conversations reached a value.

    Attributes:
        total: all of them.
        by_turn: of these, within the first 10, 20 and 50 messages; each includes the one before.
    """

    total: int = 0
    by_turn: tuple[int, int, int] = (0, 0, 0)


class Traffic(Record, frozen=True, kw_only=True):
    """Conversations that were rated over some days. Threshold t is reached by `reaching[t]`.

    Attributes:
        days: how many days were counted; at least 1.
        conversations: how many began.
        reaching: for each tenth from 0 to 100, how many reached it first in this time.
    """

    days: int
    conversations: int
    reaching: tuple[Reaching, ...]

    @classmethod
    def counted(cls, counts: Iterable[Count], days: int) -> Traffic:
        """Counts drawn together; those of values that there are not are left out."""
        totals = [[0, 0, 0, 0] for _ in range(HIGHEST + 1)]
        for peak, turns, conversations in counts:
            if 0 <= peak <= HIGHEST:
                column = TURNS.index(turns) if turns in TURNS else len(TURNS)
                totals[peak][column] += conversations
        reaching = tuple(_reaching(row) for row in totals)
        return cls(days=max(1, days), conversations=reaching[0].total, reaching=reaching)

    def between(self, low: int, high: int) -> int:
        """How many reached `low` tenths and not `high`; none of them where `high` is over 100.

        A conversation may have reached the lower value before the time that is counted, so that
        this is a count of the time and no difference below zero.
        """
        above = self.reaching[high].total if high <= HIGHEST else 0
        return max(0, self.reaching[low].total - above)


def _reaching(row: list[int]) -> Reaching:
    first, second, third, later = row
    within = (first, first + second, first + second + third)
    return Reaching(total=within[2] + later, by_turn=within)
