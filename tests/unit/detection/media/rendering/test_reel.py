"""Films that are made in memory."""

from __future__ import annotations

import io
from itertools import pairwise

import av
import numpy as np

from tutela.detection.media.rendering.reel import Reel


def test_pictures_keep_their_times() -> None:
    reel = Reel(32, 16, sound=False)
    times = [0.0, 0.1, 0.5, 2.0]
    for number, at in enumerate(times):
        reel.show(np.full((16, 32), 60 * number, dtype=np.uint8), at)
    assert reel.pictures == 4
    with av.open(io.BytesIO(reel.done()), "r") as film:
        frames = list(film.decode(video=0))
    assert [round(frame.time, 3) for frame in frames] == times
    levels = [frame.to_ndarray(format="gray").mean() for frame in frames]
    assert all(later > earlier + 30 for earlier, later in pairwise(levels))


def test_noise_fills_it_up_and_it_says_so() -> None:
    dice = np.random.default_rng(7)
    reel = Reel(512, 512, sound=False)
    for number in range(300):
        if reel.full:
            break
        reel.show(dice.integers(0, 256, (512, 512, 3), dtype=np.uint8), number / 15)
    assert len(reel.done()) < 3 * 2**20
