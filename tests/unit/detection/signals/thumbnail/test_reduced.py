from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.signals import twins
from tutela.detection.signals.thumbnail.kernels import thumbnail
from tutela.detection.signals.thumbnail.reduced import reduced_thumbnail
from tutela.errors import InvalidInput

sides = st.one_of(st.integers(16, 140), st.sampled_from([255, 256, 257, 383, 385, 769]))


def blocks(seed: int, height: int, width: int, scale: int, *channels: int) -> NDArray[np.uint8]:
    shape = (-(-height // scale), -(-width // scale), *channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(deadline=None, max_examples=60)
@given(
    height=sides,
    width=sides,
    scale=st.sampled_from([2, 4, 8]),
    channels=st.sampled_from([(), (3,)]),
    mirrored=st.tuples(st.booleans(), st.booleans()),
    turned=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_thumbnail_is_that_of_the_twin(
    height: int,
    width: int,
    scale: int,
    channels: tuple[int, ...],
    mirrored: tuple[bool, bool],
    turned: bool,  # noqa: FBT001 - as above
    seed: int,
) -> None:
    pixels = blocks(seed, height, width, scale, *channels)
    made, expected = (
        make(pixels, height=height, width=width, scale=scale, mirrored=mirrored, turned=turned)
        for make in (reduced_thumbnail, twins.reduced_thumbnail)
    )
    assert made.dtype == expected.dtype
    np.testing.assert_array_equal(made, expected)


def smooth(height: int, width: int) -> NDArray[np.uint8]:
    """A picture without anything finer than a block of 8."""
    y, x = np.mgrid[:height, :width]
    waves = 128 + 60 * np.sin(x / 97) + 60 * np.cos(y / 83 + x / 151)
    pixels: NDArray[np.uint8] = waves.clip(0, 255).astype(np.uint8)
    return pixels


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("more", [0, 3])
def test_it_is_the_thumbnail_of_the_whole_picture(scale: int, more: int) -> None:
    """Of a smooth one, to within what rounding the means to bytes leaves."""
    height, width = 400 * scale + more, 500 * scale - more
    whole = smooth(height, width)
    lines = np.add.reduceat(whole.astype(float), np.arange(0, height, scale), axis=0)
    sums = np.add.reduceat(lines, np.arange(0, width, scale), axis=1)
    counts = np.outer(
        np.diff([*range(0, height, scale), height]), np.diff([*range(0, width, scale), width])
    )
    means = (sums / counts).round().astype(np.uint8)
    for rows, columns, turned in product((False, True), repeat=3):
        seen = whole[:: -1 if rows else 1, :: -1 if columns else 1]
        made = reduced_thumbnail(
            means, height=height, width=width, scale=scale, mirrored=(rows, columns), turned=turned
        )
        expected = thumbnail(np.ascontiguousarray(seen.T if turned else seen), blur=True)
        assert np.abs(made - expected).max() < 0.5
        assert np.abs(made - expected).mean() < 0.06


@pytest.mark.parametrize("level", [0, 1, 127, 255])
def test_one_colour_stays_one_colour(level: int) -> None:
    made = reduced_thumbnail(
        np.full((401, 601, 3), level, np.uint8),
        height=801,
        width=1201,
        scale=2,
        mirrored=(False, False),
        turned=False,
    )
    np.testing.assert_allclose(made, level, atol=1e-3)


@pytest.mark.parametrize("shape", [(400, 601), (402, 601), (401, 600), (401,)], ids=str)
def test_blocks_must_make_the_picture(shape: tuple[int, ...]) -> None:
    """A kernel does not look where it reads."""
    with pytest.raises(InvalidInput):
        reduced_thumbnail(
            np.zeros(shape, np.uint8),
            height=801,
            width=1201,
            scale=2,
            mirrored=(False, False),
            turned=False,
        )
