from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.evaluation.replaying import Trajectories

VALUES = st.lists(st.lists(st.integers(0, 10).map(float), max_size=12), max_size=8)


@given(VALUES, st.integers(0, 14), st.integers(1, 10))
def test_trajectories_keep_the_running_maximum(
    talks: list[list[float]], look: int, threshold: int
) -> None:
    kept = Trajectories()
    for values in talks:
        kept.begin()
        for number, value in enumerate(values, 1):
            kept.rated(number, value)
    assert len(kept) == len(talks)
    assert kept.peaks().tolist() == [max(values, default=0.0) for values in talks]
    assert kept.peaks(look).tolist() == [max(values[:look], default=0.0) for values in talks]
    assert kept.after(threshold).tolist() == [
        next((n for n, value in enumerate(values, 1) if value >= threshold), np.inf)
        for values in talks
    ]
