"""From a review budget to a threshold: how high the bar must be so that people can look at it all.

A conversation is looked at once its value has reached the threshold, after whatever message. So
what counts is the highest value that it ever had, and what a threshold costs is the share of
harmless conversations whose highest value reaches it. With n of those, the conformal p-value of a
new one is (1 + how many reach its value) / (n + 1) (Vovk, Gammerman and Shafer 2005): if new
conversations are like those, at most that share of them is raised, over their whole length.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tutela.errors import InvalidInput
from tutela.model.record import Record

Floats = NDArray[np.float64]

_RULE_OF_THREE = 3
"""With n and no case seen, the share is below 3 / n with 95 % confidence: fewer say too little."""


class BudgetBar(Record, frozen=True, kw_only=True):
    """A threshold for a share of harmless conversations.

    Attributes:
        threshold: raise at this value and above; infinite where too few were measured to allow any.
        share: that may be raised.
        measured: harmless conversations whose highest value is known.
        enough: they are at least three for each that may be raised, as much as is needed to say
            anything at all.
    """

    threshold: float
    share: float
    measured: int
    enough: bool


def bar_for(peaks: Floats, share: float) -> BudgetBar:
    """The lowest threshold that keeps the share.

    Args:
        peaks: (n,), the highest value of each harmless conversation; they must not be those that
            the model was trained on.
        share: of harmless conversations that may be raised, above 0 and below 1.

    Raises:
        InvalidInput: the share is no share.
    """
    if not 0 < share < 1:
        raise InvalidInput(
            "the share of conversations that may be raised must be between 0 and 1",
            where="budget",
            remedy="ask for fewer alerts a day than there are conversations",
        )
    allowed = math.floor(share * (peaks.size + 1) * (1 + 1e-12)) - 1
    threshold = math.inf
    if allowed >= peaks.size:
        threshold = 0.0
    elif allowed >= 0:
        # All that are allowed may reach it; the next one below must not.
        threshold = float(np.nextafter(np.sort(peaks)[peaks.size - 1 - allowed], np.inf))
    return BudgetBar(
        threshold=threshold,
        share=share,
        measured=peaks.size,
        enough=peaks.size * share >= _RULE_OF_THREE,
    )
