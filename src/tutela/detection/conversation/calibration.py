"""What points of evidence mean: a value from 0 to 10, a probability, and a band in words."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from math import exp, log

from tutela.errors import InvalidInput
from tutela.model.conversation.rating import Band
from tutela.model.record import Record

HIGHEST = 10.0
_BANDS = (Band.LOW, Band.RAISED, Band.HIGH, Band.CRITICAL)


class Calibration(Record, frozen=True, kw_only=True):
    """How points become a value, and a value a probability.

    The value is `10 * (1 - exp(-points / scale))`: it rises with each point, less and less, so
    that no amount of evidence leaves the scale. The probability is read off a line through
    `knots`, which holds what Platt's or isotonic calibration found alike.

    Attributes:
        version: names it in every rating: `prior 1`, `outcomes 3`.
        scale: points at which the value is 6.3.
        bands: values from which a rating is raised, high, critical.
        knots: pairs of value and probability; both rise, the first value is 0 and the last 10.

    Raises:
        InvalidInput: on construction, for bands or knots that do not rise.
    """

    version: str
    scale: float = 9.0
    bands: tuple[float, float, float] = (3.0, 6.0, 8.5)
    knots: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        values = [value for value, _ in self.knots]
        chances = [chance for _, chance in self.knots]
        rises = all(a < b for a, b in pairwise(values)) and all(
            a <= b for a, b in pairwise(chances)
        )
        if not rises or values[:1] != [0.0] or values[-1:] != [HIGHEST]:
            raise InvalidInput("the knots of a calibration do not rise from 0 to 10", where="knots")
        if not all(0 <= chance <= 1 for chance in chances):
            raise InvalidInput("a probability is not between 0 and 1", where="knots")
        if not 0 < self.bands[0] < self.bands[1] < self.bands[2] <= HIGHEST or self.scale <= 0:
            raise InvalidInput("the bands of a calibration do not rise", where="bands")

    @property
    def high(self) -> float:
        """The value from which a rating is high."""
        return self.bands[1]

    def value(self, points: float) -> float:
        """The value (0 to 10, three decimals) of so many points; 0 of none and of fewer."""
        if points <= 0:
            return 0.0
        return round(HIGHEST * (1.0 - exp(-points / self.scale)), 3)

    def points(self, value: float) -> float:
        """The points that a value stands for: `value` turned round."""
        share = min(max(value, 0.0) / HIGHEST, 1.0 - 1e-6)
        return -self.scale * log(1.0 - share)

    def probability(self, value: float) -> float:
        """The probability (0 to 1, six decimals) at a value, on the line between two knots."""
        after = min(max(bisect_right(self.knots, (value, 2.0)), 1), len(self.knots) - 1)
        (left, low), (right, high) = self.knots[after - 1], self.knots[after]
        share = min(max((value - left) / (right - left), 0.0), 1.0)
        return round(low + share * (high - low), 6)

    def band(self, value: float) -> Band:
        """The band that a value lies in."""
        return _BANDS[bisect_right(self.bands, value)]


PRIOR = Calibration(
    version="prior 1",
    knots=(
        (0.0, 0.002),
        (1.0, 0.004),
        (2.0, 0.01),
        (3.0, 0.02),
        (4.0, 0.045),
        (5.0, 0.09),
        (6.0, 0.17),
        (7.0, 0.3),
        (8.0, 0.5),
        (9.0, 0.72),
        (10.0, 0.9),
    ),
)
"""A guess from the research note, made before anything was measured: it is a prior, and says so."""
