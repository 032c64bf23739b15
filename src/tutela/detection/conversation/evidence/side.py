"""Evidence of one author, message by message: CUSUM with forgetting, and a cap for each cue.

Page's cumulative sum (Biometrika 41, 1954) adds the evidence of each message and never falls below
zero: S = max(0, f * S + x). Two things are ours. Each cue has its own forgetting factor f, by
messages and by days, and its own cap, so that S is a sum of small sums. And there is no constant
drift, since that would let chatter pay for what was said between it.

What speaks for harmless reasons subtracts at once from what has a harmless reading: from trust,
probing, isolation and approach, not from sexual talk or coercion. What is left of it meets evidence
that comes later, up to the same cap; nobody can save up more.
"""

from __future__ import annotations

from tutela.detection.conversation.cues.cue import CueFamily
from tutela.detection.conversation.evidence.clock import Clock
from tutela.model.conversation.rating import Stage

LEAST = 0.05
"""Fewer points than that are as none: they are neither booked nor told."""

_HARD = frozenset({Stage.SEXUAL, Stage.COERCION})
_FORGOTTEN_MESSAGES = 300
_FORGOTTEN_DAYS = 30.0
_MOST_CREDIT = 4.0


class Pool:
    """The points of one cue of one author, as they were when it was last seen.

    Attributes:
        share: the part of its points that the cue counted then.
    """

    __slots__ = ("days", "half_days", "half_messages", "hard", "messages", "points", "share")

    def __init__(self, half_messages: float, half_days: float, *, hard: bool) -> None:
        self.points = 0.0
        self.messages = 0
        self.days = 0.0
        self.half_messages = float(half_messages)
        self.half_days = float(half_days)
        self.hard = hard
        self.share = 1.0

    def now(self, clock: Clock) -> float:
        """The points that are left."""
        lives = (clock.messages - self.messages) / self.half_messages
        lives += (clock.days - self.days) / self.half_days
        return self.points * 0.5**lives if self.points else 0.0

    def recent(self, clock: Clock) -> bool:
        """Whether the cue was seen so lately that it is not forgotten."""
        return (
            clock.messages - self.messages <= _FORGOTTEN_MESSAGES
            and clock.days - self.days <= _FORGOTTEN_DAYS
        )

    def settle(self, clock: Clock) -> float:
        """Bring it to this moment; returns the points that are left."""
        self.points = self.now(clock)
        self.messages, self.days = clock.messages, clock.days
        return self.points


class Side:
    """All evidence of one author.

    Attributes:
        pools: by cue; there are no more than there are families and pairs.
        credit: what speaks for harmless reasons and has met no evidence yet.
    """

    __slots__ = ("credit", "pools")

    def __init__(self) -> None:
        self.pools: dict[str, Pool] = {}
        self.credit = 0.0

    def total(self, clock: Clock) -> float:
        """The sum: it only falls while nothing is said that counts."""
        return sum(pool.now(clock) for pool in self.pools.values() if pool.points > 0)

    def recent(self, cue: str, clock: Clock) -> Pool | None:
        """The pool of a cue that was seen lately."""
        pool = self.pools.get(cue)
        return pool if pool is not None and pool.recent(clock) else None

    def pairs(self, clock: Clock) -> float:
        """The points that pairs of cues have added and that are left."""
        return sum(pool.now(clock) for name, pool in self.pools.items() if "+" in name)

    def book(self, cue: CueFamily, share: float, clock: Clock) -> float:
        """Add a cue's points; returns what it moved, below zero of a protective one."""
        pool = self.pools.get(cue.id)
        if pool is None:
            pool = Pool(cue.half_life_messages, cue.half_life_days, hard=cue.stage in _HARD)
            self.pools[cue.id] = pool
        left = abs(pool.settle(clock))
        room = max(cue.cap * share - left, 0.0)
        points = min(abs(cue.points) * share, room)
        pool.share = share
        if cue.points < 0:
            pool.points = -(left + points)
            return -self._soften(points, clock)
        if not pool.hard:
            points -= self._spent(points)
        pool.points = left + points
        return points

    def _soften(self, points: float, clock: Clock) -> float:
        """Subtract from what has a harmless reading; the rest of it waits. Returns all of it."""
        soft = [pool for pool in self.pools.values() if pool.points > 0 and not pool.hard]
        there = sum(pool.now(clock) for pool in soft)
        taken = min(points, there)
        if there > 0:
            for pool in soft:
                pool.points *= 1.0 - taken / there
        self.credit = min(self.credit + points - taken, _MOST_CREDIT)
        return points

    def _spent(self, points: float) -> float:
        """What of new points the credit meets: at most half, so that nothing vanishes in it."""
        met = min(points / 2, self.credit)
        self.credit -= met
        return met
