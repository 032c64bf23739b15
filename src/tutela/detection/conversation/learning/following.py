"""A conversation as a learned model follows it: a few numbers, never text, and always as many.

The wording of the last `WINDOW` messages makes one score after each message; a message that is the
same as another among them adds nothing. What a second, small
model reads is how that score went: now, at its highest, at its three highest, accumulated, and
what the cues say beside it. So a conversation that turns harmless again does not forget at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning.calibrating import sigmoid

WINDOW = 50
"""So many messages make the wording of a moment."""

FEATURES = (
    "wording now",
    "wording at its highest",
    "mean of its three highest",
    "wording accumulated",
    "kinds of cues",
    "stages",
    "value of the cues",
)
"""What the second model reads after each message, in this order."""

MOST_COUNTED = 7
"""A cue that was seen more often counts as if it was seen so often."""

PER_LOG_ODDS = 5.0 / math.log(999.0)
"""Points of a value that log odds are worth: 5 for an even chance, 10 for 0.999."""

_WEIGHT = 0.1
_DRIFT = 0.05
_WIDEST = 4.0
_MOST_ACCUMULATED = 5.0
_HALF_LIFE_DAYS = 30.0
_DAY = 86_400.0
_BEST = 3
_TOLD = 5
_LEAST_POINTS = 0.25
_STAGES = 6
_FULL = math.log1p(MOST_COUNTED)


class Wording(NamedTuple):
    """The model of wording: a line through hashed n-grams and counted cues.

    Attributes:
        weights: float32 (SIZE,), of n-grams.
        cues: of each family of cues, in the model's order.
        intercept: the log odds of a conversation without words or cues.
    """

    weights: NDArray[np.float32]
    cues: tuple[float, ...]
    intercept: float


class Said(NamedTuple):
    """What the models take of one message.

    Attributes:
        total: sum of the weights of its n-grams.
        size: how many distinct n-grams it has.
        families: places of its cues in the model's order, of families that it knows.
        stages: bits of the stages of its cues.
        author: id of who wrote it.
        seconds: when, since 1970; None where it is not known.
    """

    total: float
    size: int
    families: Sequence[int]
    stages: int
    author: str
    seconds: float | None


class Weighty(msgspec.Struct, frozen=True, array_like=True):
    """A message whose wording moved the score.

    Attributes:
        message: its place, from 0.
        author: id of who wrote it.
        points: log odds that it added then.
    """

    message: int
    author: str
    points: float


class FollowingState(msgspec.Struct, frozen=True, array_like=True):
    """`Following` as it is dumped."""

    count: int
    totals: tuple[float, ...]
    sizes: tuple[int, ...]
    seen: tuple[int, ...]
    stages: int
    best: tuple[float, ...]
    accumulated: float
    seconds: float | None
    weighty: tuple[Weighty, ...]

    def fits(self, families: int) -> bool:
        """Whether a model with so many families of cues can have left it."""
        numbers = (*self.totals, *self.best, self.accumulated, self.seconds or 0.0)
        return (
            all(map(math.isfinite, numbers))
            and len(self.totals) == len(self.sizes) == min(self.count, WINDOW)
            and min(self.sizes, default=0) >= 0
            and len(self.seen) == families
            and all(0 <= count <= MOST_COUNTED for count in self.seen)
            and len(self.best) == min(self.count, _BEST)
            and 0 <= self.stages < 1 << _STAGES
            and len(self.weighty) <= _TOLD
        )


class Following:
    """How one conversation goes.

    Attributes:
        count: messages so far.
        weighty: those whose wording moved the score most, the weightiest first; bounded.
    """

    __slots__ = (
        "_accumulated",
        "_best",
        "_cues",
        "_seconds",
        "_seen",
        "_sizes",
        "_stages",
        "_totals",
        "_wording",
        "count",
        "weighty",
    )

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self.count = 0
        self._totals: list[float] = []
        self._sizes: list[int] = []
        self._seen = [0] * len(wording.cues)
        self._cues = 0.0
        self._stages = 0
        self._best: list[float] = []
        self._accumulated = 0.0
        self._seconds: float | None = None
        self.weighty: list[Weighty] = []

    @classmethod
    def resumed(cls, wording: Wording, state: FollowingState) -> Following:
        """Go on from a state that `fits`."""
        made = cls(wording)
        made.count, made._stages = state.count, state.stages
        made._totals, made._sizes = [*state.totals], [*state.sizes]
        made._seen, made._best = [*state.seen], [*state.best]
        made._cues = made._sum_of_cues()
        made._accumulated, made._seconds = state.accumulated, state.seconds
        made.weighty = [*state.weighty]
        return made

    def dump(self) -> FollowingState:
        """All that is needed to go on."""
        return FollowingState(
            count=self.count,
            totals=tuple(self._totals),
            sizes=tuple(self._sizes),
            seen=tuple(self._seen),
            stages=self._stages,
            best=tuple(self._best),
            accumulated=self._accumulated,
            seconds=self._seconds,
            weighty=tuple(self.weighty),
        )

    def add(self, said: Said, value: float) -> tuple[float, ...]:
        """Take one message in; returns `FEATURES` as they are after it.

        Args:
            value: of the cues after it, 0 to 10.
        """
        self._forget(said.seconds)
        new = self._let_in(said)
        now = self._wording_now()
        if new:
            self._accumulate(now)
        best = sorted((*self._best, now), reverse=True)[:_BEST]
        self._best = best
        kinds = sum(map(bool, self._seen))
        return (
            now,
            best[0],
            sum(best) / len(best),
            self._accumulated,
            math.log1p(kinds),
            self._stages.bit_count() / _STAGES,
            value / 10,
        )

    def _let_in(self, said: Said) -> bool:
        """Put a message into the window; one that is the same as another there adds nothing."""
        place = self.count % WINDOW
        self.count += 1
        if self.count <= WINDOW:
            self._totals.append(0.0)
            self._sizes.append(0)
        self._totals[place], self._sizes[place] = 0.0, 0
        if self._holds(said):
            return False
        self._totals[place], self._sizes[place] = said.total, said.size
        for family in said.families:
            self._seen[family] = min(self._seen[family] + 1, MOST_COUNTED)
        if said.families:
            self._cues = self._sum_of_cues()
        self._stages |= said.stages
        self._weigh(said)
        return True

    def _holds(self, said: Said) -> bool:
        """Whether the window has a message of the same wording."""
        pairs = zip(self._totals, self._sizes, strict=True)
        return said.total in self._totals and (said.total, said.size) in pairs

    def _wording_now(self) -> float:
        # Summed anew each time: a sum that is added to and taken from would drift.
        return self._wording.intercept + sum(self._totals) / self._norm() + self._cues

    def _norm(self) -> float:
        return math.sqrt(sum(self._sizes)) or 1.0

    def _weigh(self, said: Said) -> None:
        points = said.total / self._norm()
        full = len(self.weighty) == _TOLD
        if points < _LEAST_POINTS or (full and points <= self.weighty[-1].points):
            return
        found = [*self.weighty, Weighty(self.count - 1, said.author, points)]
        self.weighty = sorted(found, key=_heaviest)[:_TOLD]

    def _forget(self, seconds: float | None) -> None:
        """Let what accumulated fade by days; a clock may go backwards."""
        if seconds is None:
            return
        before = seconds if self._seconds is None else self._seconds
        days = max(seconds - before, 0.0) / _DAY
        self._accumulated *= 0.5 ** (days / _HALF_LIFE_DAYS)
        self._seconds = max(seconds, before)

    def _accumulate(self, now: float) -> None:
        """CUSUM (Page 1954) of the score, bounded: no length of a conversation makes it grow on."""
        step = _WEIGHT * min(max(now, -_WIDEST), _WIDEST) - _DRIFT
        self._accumulated = min(max(0.0, self._accumulated + step), _MOST_ACCUMULATED)

    def _sum_of_cues(self) -> float:
        pairs = zip(self._wording.cues, self._seen, strict=True)
        return sum(weight * counted(seen) for weight, seen in pairs if seen)


class Ruling(NamedTuple):
    """The second model: a line through `FEATURES`."""

    weights: tuple[float, ...]
    intercept: float

    def score(self, features: Sequence[float]) -> float:
        """Log odds as the balanced training data would have them; calibration makes them true."""
        return self.intercept + sum(map(_times, self.weights, features))


def counted(seen: int) -> float:
    """What a count of a cue is as a feature: 0 to 1, each further one adding less."""
    return math.log1p(min(seen, MOST_COUNTED)) / _FULL


def value_of(log_odds: float) -> float:
    """The value (0 to 10, three decimals) of log odds: 5 for an even chance, 7 for about 0.94.

    10 from 0.999 on and 0 from 0.001 down, in equal steps of log odds between.
    """
    return round(min(max(5.0 + log_odds * PER_LOG_ODDS, 0.0), 10.0), 3)


def log_odds_of(value: float) -> float:
    """The log odds that a value stands for: `value_of` turned round."""
    return (value - 5.0) / PER_LOG_ODDS


def chance_of(log_odds: float) -> float:
    """The probability (six decimals) of log odds."""
    return round(sigmoid(log_odds), 6)


def _heaviest(one: Weighty) -> tuple[float, int]:
    return -one.points, one.message


def _times(first: float, second: float) -> float:
    return first * second
