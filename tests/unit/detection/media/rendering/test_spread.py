"""A few pictures that show as much as can be shown."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tutela.detection.media.rendering.spread import spread


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_each_scene_has_one_before_any_has_two(data: st.DataObject) -> None:
    scenes = data.draw(st.integers(1, 5))
    order = data.draw(st.lists(st.integers(0, scenes - 1), min_size=1, max_size=30))
    most = data.draw(st.integers(scenes, 9))
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    # Far from each other, each with a little noise of its own.
    looks = [np.kron(dice.integers(0, 2, (4, 4, 3)), np.ones((6, 6, 1))) for _ in range(scenes)]
    looks = [look * 60 + 40 * number for number, look in enumerate(looks)]
    pictures = [
        Image.fromarray(
            (looks[scene] + dice.integers(0, 2, (24, 24, 3))).clip(0, 255).astype(np.uint8)
        )
        for scene in order
    ]
    chosen = spread(pictures, most)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(most, len(pictures))
    assert {order[number] for number in chosen} == set(order)


def test_a_black_beginning_is_not_what_stands_for_a_video() -> None:
    dice = np.random.default_rng(4)
    black, scene = (
        Image.new("RGB", (64, 64)),
        Image.fromarray(
            np.kron(dice.integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        ),
    )
    assert spread([black, black, scene, black], 1) == [2]
