"""Intervals by the bootstrap over connected groups: conversations of one group are no two facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tutela.detection.conversation.evaluation.measures import Floats, Whole
from tutela.detection.conversation.evaluation.report import Figure

_FEWEST = 20
"""Resamples in which a figure must exist for its interval to mean anything."""

Measure = Callable[[Floats | None], float | None]
"""Computes a figure from weights of the conversations; None for each counted once."""


class Resampling:
    """Draws groups with replacement.

    Args:
        groups: group of each conversation.
        times: how often; 0 gives no intervals.
        seed: the same draws the same.
    """

    def __init__(self, groups: Whole, times: int, seed: int) -> None:
        _, self._groups = np.unique(groups, return_inverse=True)
        self._count = int(self._groups.max(initial=-1)) + 1
        self._times = times
        self._seed = seed

    def figure(self, measure: Measure) -> Figure:
        """A figure with its 95 % interval."""
        value = measure(None)
        if value is None:
            return Figure()
        found = [one for one in map(measure, self._weights()) if one is not None]
        if len(found) < _FEWEST:
            return Figure(value=value)
        low, high = np.quantile(found, (0.025, 0.975))
        return Figure(value=value, low=float(low), high=float(high))

    def _weights(self) -> Iterator[Floats]:
        # Begun anew for each figure, so that no figure depends on which others were asked for.
        chance = np.random.default_rng(self._seed)
        for _ in range(self._times if self._count else 0):
            drawn = chance.integers(0, self._count, self._count)
            times = np.bincount(drawn, minlength=self._count).astype(np.float64)
            yield times[self._groups]
