"""The values from which a learned rating is raised, high and critical, from a review budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning.budget import bar_for
from tutela.detection.conversation.learning.card import Bars, Choices

Floats = NDArray[np.float64]

NEVER = 10.001
"""Above the scale: where more harmless conversations than may be raised are at its end."""

_WIDER = 10.0
_MOST = 0.5
_LOWEST = 0.001


def bars_for(peaks: Floats, languages: Sequence[str], choices: Choices) -> Bars:
    """Thresholds that keep the budget of the choices: `high` its own, the others a tenth and ten.

    Args:
        peaks: (n,), the highest value of each harmless conversation, by a model that had not
            learned from it.
        languages: of each.
    """
    share = choices.alerts / choices.conversations
    own = bar_for(peaks, share)
    high = threshold_for(peaks, share)
    spoken = np.array(languages)
    parts = {language: peaks[spoken == language] for language in sorted(set(languages))}
    return Bars(
        raised=min(threshold_for(peaks, min(share * _WIDER, _MOST)), high),
        high=high,
        critical=max(threshold_for(peaks, share / _WIDER), high),
        measured=own.measured,
        enough=own.enough,
        by_language={
            language: threshold_for(part, share)
            for language, part in parts.items()
            if bar_for(part, share).enough
        },
    )


def threshold_for(peaks: Floats, share: float) -> float:
    """The lowest value, in thousandths, that keeps the share.

    Just above all peaks where they are too few for one. No rating reaches it (`NEVER`) where too
    many harmless ones are at the end of the scale.
    """
    found = bar_for(peaks, share).threshold
    if math.isinf(found):
        found = bar_for(peaks, 1 / (peaks.size + 1)).threshold
    steps = round(found * 1000)
    if steps / 1000 < found:  # a product that was rounded down would let the peak itself reach it
        steps += 1
    return min(max(steps / 1000, _LOWEST), NEVER)
