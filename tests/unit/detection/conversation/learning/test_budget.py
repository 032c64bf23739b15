from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.learning.budget import bar_for
from tutela.errors import InvalidInput

PEAKS = st.lists(st.sampled_from([0.0, 1.0, 2.5, 2.5001, 7.0, 10.0]), max_size=60)
SHARES = st.floats(0.001, 0.999)


@given(peaks=PEAKS, share=SHARES)
def test_threshold_keeps_the_share_and_none_lower_does(peaks: list[float], share: float) -> None:
    bar = bar_for(np.array(peaks, np.float64), share)

    def cost(threshold: float) -> float:
        return (1 + sum(peak >= threshold for peak in peaks)) / (len(peaks) + 1)

    if math.isinf(bar.threshold):
        assert 1 / (len(peaks) + 1) > share  # not even a bar above all would keep it
        return
    assert cost(bar.threshold) <= share * (1 + 1e-9)
    for lower in (peak for peak in peaks if peak < bar.threshold):
        assert cost(lower) > share * (1 - 1e-9)


def test_enough_is_three_for_each_that_may_be_raised() -> None:
    assert not bar_for(np.zeros(299), 0.01).enough
    assert bar_for(np.zeros(300), 0.01).enough


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        bar_for(np.zeros(3), share)
