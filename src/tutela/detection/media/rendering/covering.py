"""Makes pictures small, grey, blurred, and a part of themselves. Pictures in, pixels out.

What is blurred has no detail left that a program could bring back: it is made from a few dozen
means of colour, and from nothing else.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from tutela.detection.media.rendering.rendition import Region, Rendition
from tutela.detection.signals.kind import Pixels

_MEANS = (0, 24, 14, 8)
"""How many means of colour stand along the longest edge, for each strength of the blur."""

_BLOCK = (1, 4, 6, 8)
"""At least so many pixels along each edge become one mean, however small the picture is."""

_GAP = 4
_GREY = 128
_ROUNDING = 1e-6
"""A border that lies on a pixel's edge but for the rounding of floating point lies on it."""


class Part(NamedTuple):
    """A part of a picture.

    Attributes:
        pixels: what is shown.
        whole: width and height that the whole picture would have at this scale.
        at: how far the part is from the whole's left and top, in pixels.
    """

    pixels: Pixels
    whole: tuple[int, int]
    at: tuple[int, int]


def fitting(width: int, height: int, most: int) -> tuple[int, int]:
    """The size of a picture whose longest edge is to have at most so many pixels."""
    share = min(1.0, most / max(width, height))
    return max(round(width * share), 1), max(round(height * share), 1)


def covered(image: Image.Image, rendition: Rendition) -> Pixels:
    """A whole picture, small, grey and blurred as asked for. Without its mark.

    Args:
        image: of any mode that `plain` takes.
    """
    return _as_asked(small(image, rendition.size), rendition)


def uncovered_part(image: Image.Image, region: Region, rendition: Rendition) -> Part:
    """A part of a picture that is not blurred, enlarged as asked for.

    Nothing from outside of the region, widened to whole pixels of the result, goes into it.
    """
    most = max(image.size)
    scale = min(1.0, rendition.size * rendition.zoom / most)
    left, right = _edges(region.x, region.width, image.width, 1 / scale)
    top, bottom = _edges(region.y, region.height, image.height, 1 / scale)
    part = image.crop((left, top, right, bottom))
    longest = max(part.size)
    # A region may be too large for the zoom.
    scale = min(scale, rendition.size / longest)
    reduced = small(part, max(math.ceil(longest * scale - _ROUNDING), 1))
    whole = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return Part(_as_asked(reduced, rendition), whole, (round(left * scale), round(top * scale)))


def part_of(pixels: Pixels, region: Region) -> Part:
    """A part of a rendition that is done but for its mark."""
    height, width = pixels.shape[:2]
    left, right = _edges(region.x, region.width, width, 1)
    top, bottom = _edges(region.y, region.height, height, 1)
    return Part(pixels[top:bottom, left:right], (width, height), (left, top))


def sheet(stills: list[Pixels]) -> tuple[Pixels, int]:
    """Still pictures side by side in rows, on grey; and how many columns these have."""
    columns = math.ceil(math.sqrt(len(stills)))
    rows = math.ceil(len(stills) / columns)
    height = max(still.shape[0] for still in stills)
    width = max(still.shape[1] for still in stills)
    page = np.full((rows * height, columns * width, *stills[0].shape[2:]), _GREY, dtype=np.uint8)
    for number, still in enumerate(stills):
        row, column = divmod(number, columns)
        top = row * height + (height - still.shape[0]) // 2
        left = column * width + (width - still.shape[1]) // 2
        page[top : top + still.shape[0], left : left + still.shape[1]] = still
    return page, columns


def _edges(start: float, length: float, whole: int, pixel: float) -> tuple[int, int]:
    """First and behind-last of a picture's pixels, from shares, in steps of `pixel` of them."""
    first = math.floor(start * whole / pixel + _ROUNDING) * pixel
    last = math.ceil((start + length) * whole / pixel - _ROUNDING) * pixel
    low = min(math.floor(first + _ROUNDING), whole - 1)
    return low, min(max(math.ceil(last - _ROUNDING), low + 1), whole)


def small(image: Image.Image, most: int) -> Image.Image:
    """The picture with at most so many pixels along its longest edge."""
    size = fitting(*image.size, most)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=_GAP)


def _as_asked(image: Image.Image, rendition: Rendition) -> Pixels:
    image = _on_grey(image)
    if rendition.blur:
        image = _blurred(image, rendition.blur)
    colours = "L" if rendition.grey else "RGB"
    return np.asarray(image if image.mode == colours else image.convert(colours))


def _on_grey(image: Image.Image) -> Image.Image:
    """In grey or RGB; on grey where it is transparent, where both black and white can be seen."""
    if not image.has_transparency_data:
        return image if image.mode == "L" else image.convert("RGB")
    page = Image.new("RGBA", image.size, (_GREY, _GREY, _GREY))
    page.alpha_composite(image.convert("RGBA"))
    return page.convert("RGB")


def _blurred(image: Image.Image, strength: int) -> Image.Image:
    """A picture made of means of colour only, one for each of a few large blocks."""
    most = min(_MEANS[strength], max(max(image.size) // _BLOCK[strength], 1))
    means = image.resize(fitting(*image.size, most), Image.Resampling.BOX)
    return means.resize(image.size, Image.Resampling.BICUBIC)
