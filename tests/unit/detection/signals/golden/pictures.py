"""Pictures made by code, the same on every machine: whole numbers only, and no random library.

The golden vectors name a recipe, a seed and a size; this makes the pixels again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Whole = NDArray[np.int64]

SQUARE = 1 << 16


def scattered(seed: int, height: int, width: int) -> Whole:
    """Noise: a number of 0 to 65535 for each place, from the place and the seed (splitmix64)."""
    places = np.arange(height * width, dtype=np.uint64).reshape(height, width)
    state = (places + np.uint64(seed << 40)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (state >> np.uint64(48)).astype(np.int64)


def enlarged(coarse: Whole, height: int, width: int) -> Whole:
    """Bilinear enlargement in whole numbers, from corner to corner."""
    for length in (height, width):
        steps = coarse.shape[0] - 1
        places = np.arange(length) * steps * SQUARE // max(length - 1, 1)
        lower = np.minimum(places // SQUARE, steps - 1)
        part = (places - lower * SQUARE)[:, None]
        between = coarse[lower] * (SQUARE - part) + coarse[lower + 1] * part
        coarse = (between // SQUARE).T
    return coarse


def stacked(*channels: Whole) -> Pixels:
    return np.stack(channels, axis=-1).astype(np.uint8)


def noise(seed: int, height: int, width: int) -> Pixels:
    return stacked(*(scattered(seed + channel, height, width) >> 8 for channel in range(3)))


def gradient(seed: int, height: int, width: int) -> Pixels:
    """Slopes in directions of their own for red and green, a bowl for blue."""
    y, x = np.mgrid[:height, :width]
    slope = 1 + seed % 7
    red = x * 255 // max(width - 1, 1)
    green = (y * slope * 255 // max(height - 1, 1)) % 256
    blue = ((2 * x - width) ** 2 * 255 // width**2 + (2 * y - height) ** 2 * 255 // height**2) // 2
    return stacked(red, green, blue)


def drawing(seed: int, height: int, width: int) -> Pixels:
    """A dozen discs and bars of plain colours on a plain ground."""
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width, 3), (seed * 37) % 256, dtype=np.uint8)
    numbers = iter(scattered(seed, 12, 8).ravel().tolist())
    for shape in range(12):
        middle_y, middle_x = next(numbers) * height >> 16, next(numbers) * width >> 16
        size = 1 + (next(numbers) * max(height, width) >> 18)
        if shape % 2:
            inside = (y - middle_y) ** 2 + (x - middle_x) ** 2 <= size**2
        else:
            inside = (abs(y - middle_y) <= size) & (abs(x - middle_x) <= size // 3)
        picture[inside] = [next(numbers) >> 8 for _ in range(3)]
    return picture


def landscape(seed: int, height: int, width: int) -> Pixels:
    """Like a photograph: detail of every size, the coarser the stronger, and some grain."""
    total = np.zeros((height, width), dtype=np.int64)
    for octave in range(5):
        cells = 3 * 2**octave
        coarse = scattered(seed + 10 * octave, min(cells, height) + 1, min(cells, width) + 1)
        total += enlarged(coarse, height, width) >> octave
    grain = scattered(seed + 99, height, width) >> 11
    bright = np.clip((total - SQUARE // 4) * 255 // (3 * SQUARE // 2), 0, 255)
    warm = np.clip(bright + grain - 16, 0, 255)
    return stacked(warm, np.clip(bright * 7 // 8 + grain, 0, 255), 255 - warm * 3 // 4)


def haze(seed: int, height: int, width: int) -> Pixels:
    """A landscape of half the contrast: some of them below the least quality."""
    return landscape(seed, height, width) // 2 + 64


def checks(seed: int, height: int, width: int) -> Pixels:
    """Black and white fields of `seed` pixels: the strongest steps there are."""
    y, x = np.mgrid[:height, :width]
    field = ((y // seed + x // seed) % 2 * 255).astype(np.int64)
    return stacked(field, field, field)


def plain(seed: int, height: int, width: int) -> Pixels:
    return np.full((height, width, 3), seed % 256, dtype=np.uint8)


RECIPES: dict[str, Callable[[int, int, int], Pixels]] = {
    "noise": noise,
    "gradient": gradient,
    "drawing": drawing,
    "landscape": landscape,
    "haze": haze,
    "checks": checks,
    "plain": plain,
}
