"""What all conversations of one actor show together: whom they reach with like evidence.

One conversation may stay quiet while twenty like it do not. So the evidence of each that an actor
leads is summed over the people reached, as a cumulative sum (Page 1954): each person adds what
their conversation has above a drift, up to a cap, and half of that is left after two weeks. The
drift keeps those out who write with very many for harmless reasons, such as teachers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.evidence.state import pack, unpack
from tutela.errors import InvalidInput

MODEL = "actor 1"
"""Names what sums, as far as a state depends on it."""

MOST_REACHED = 64
"""So many people are kept; who was reached with least evidence gives way."""

DRIFT = 1.0
"""Points of one conversation that count for nothing: as much as one sign gives."""
CAP = 4.0
"""One conversation adds at most what so many points above nothing do."""
SHARE = 0.5
"""The part of its points that a conversation adds to another: what is said is much alike."""
HALF_LIFE_DAYS = 14.0

_MAGIC = b"TAC1"
_DAY = 86_400.0


class _Reached(msgspec.Struct, array_like=True):
    """Somebody who was reached: the highest points of the conversation, and when."""

    points: float
    day: float

    def now(self, day: float) -> float:
        return float(self.points * 0.5 ** ((day - self.day) / HALF_LIFE_DAYS))


class _State(msgspec.Struct, frozen=True, array_like=True):
    latest: float
    reached: dict[bytes, _Reached]


class ActorEvidence:
    """The evidence of one actor over all conversations. Bounded, and without ids of others.

    Args:
        calibration: what the values mean that are handed in and given out.
    """

    __slots__ = ("_calibration", "_latest", "_reached")

    def __init__(self, calibration: Calibration = PRIOR) -> None:
        self._calibration = calibration
        self._latest = 0.0
        self._reached: dict[bytes, _Reached] = {}

    def add(self, reached: str, value: float, time: datetime | None = None) -> None:
        """A conversation in which the actor's messages weigh most has this value now.

        Args:
            reached: id of the person who is written to, or of the conversation.
            value: 0 to 10, as a rater gave it.
            time: of the last message; one before the latest counts as the latest.
        """
        day = self._day(time)
        key = blake2b(reached.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        points = self._calibration.points(value)
        known = self._reached.get(key)
        if known is not None and known.now(day) >= points:
            return
        if points > 0:
            self._reached[key] = _Reached(points, day)
        if len(self._reached) > MOST_REACHED:
            del self._reached[min(self._reached, key=lambda one: self._reached[one].now(day))]

    def fan_out(self) -> int:
        """Distinct people who were reached with evidence that is not forgotten."""
        return sum(one.now(self._latest) >= DRIFT for one in self._reached.values())

    def value(self) -> float:
        """The value (0 to 10) of everything together; never below that of one conversation."""
        points = sorted((one.now(self._latest) for one in self._reached.values()), reverse=True)
        more = sum(max(min(one, CAP) - DRIFT, 0.0) for one in points[1:])
        return self._calibration.value(sum(points[:1]) + SHARE * more)

    def dump(self) -> bytes:
        """The whole state."""
        return pack(_MAGIC, _State(self._latest, self._reached))

    @classmethod
    def resume(cls, state: bytes, calibration: Calibration = PRIOR) -> ActorEvidence:
        """The evidence as `dump` left it.

        Raises:
            InvalidInput: the state is damaged, or of another model.
        """
        found = unpack(_MAGIC, state, _State)
        if len(found.reached) > MOST_REACHED:
            raise InvalidInput("the state of the actor is of another form", remedy="begin anew")
        evidence = cls(calibration)
        evidence._latest, evidence._reached = found.latest, found.reached
        return evidence

    def _day(self, time: datetime | None) -> float:
        if time is not None:
            sure = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
            self._latest = max(self._latest, sure.timestamp() / _DAY)
        return self._latest
