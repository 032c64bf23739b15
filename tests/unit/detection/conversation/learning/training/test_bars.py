from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutela.detection.conversation.learning.card import Choices
from tutela.detection.conversation.learning.training.bars import NEVER, bars_for, threshold_for

PEAKS = st.lists(st.integers(0, 10_000).map(lambda n: n / 1000), min_size=1, max_size=80)


@example(peaks=[1.251], share=0.5)
@given(peaks=PEAKS, share=st.floats(0.001, 0.5))
def test_a_threshold_keeps_its_share_or_is_just_above_all(peaks: list[float], share: float) -> None:
    found = threshold_for(np.array(peaks), share)
    reach = sum(peak >= found for peak in peaks)
    assert (1 + reach) / (len(peaks) + 1) <= max(share, 1 / (len(peaks) + 1)) * (1 + 1e-9)
    assert found <= max(max(peaks) + 0.001, 0.001) + 1e-9


def test_at_the_end_of_the_scale_no_rating_reaches_it() -> None:
    peaks = np.array([10.0] * 5 + [1.0] * 95)
    assert threshold_for(peaks, 0.02) == NEVER
    assert threshold_for(peaks, 0.1) == pytest.approx(1.001)


@given(peaks=PEAKS, alerts=st.floats(0.01, 500))
def test_bars_rise(peaks: list[float], alerts: float) -> None:
    choices = Choices(alerts=alerts, conversations=1000)
    found = bars_for(np.array(peaks), ["en"] * len(peaks), choices)
    assert 0 < found.raised <= found.high <= found.critical <= NEVER
    assert found.measured == len(peaks)


def test_each_language_with_enough_has_its_own() -> None:
    peaks = np.concatenate([np.linspace(0, 5, 400), np.linspace(0, 9, 400), np.zeros(3)])
    found = bars_for(
        peaks, ["en"] * 400 + ["fr"] * 400 + ["de"] * 3, Choices(alerts=10, conversations=1000)
    )
    assert found.by_language.keys() == {"en", "fr"}
    assert found.by_language["en"] < found.high < found.by_language["fr"]
