"""Pixels in the few forms that fingerprints are made of, and how they are turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.obstacles import NotCompared
from tutela.detection.signals.kind import Pixels, Reduced
from tutela.model import GapReason

_STRIP_PIXELS = 2**22
"""Large pictures are converted in strips: a copy of the whole in between would double them."""


def plain_pixels(image: Image.Image) -> Pixels:
    """A loaded picture as grey or RGB pixels of 8 bits, as other programs would fingerprint it.

    Transparency is dropped, CMYK is taken without a colour profile, deeper greys keep their most
    significant bits.

    Raises:
        NotCompared: its colours cannot be converted.
    """
    if image.mode in {"L", "1"}:
        return _stripwise(image, lambda strip: _in_mode(strip, "L"))
    if image.mode[0] in "IF":
        return eight_bits(np.asarray(image))
    try:
        return _stripwise(image, lambda strip: _in_mode(strip, "RGB"))
    except ValueError as error:
        raise NotCompared(
            GapReason.UNSUPPORTED, f"its colours are in {image.mode}, which is not converted"
        ) from error


def over_white(image: Image.Image) -> Pixels | None:
    """The picture as a reader sees it on a white page, or None where nothing shines through."""
    if not image.has_transparency_data or not any(map(_shines_through, _strips(image))):
        return None
    return _stripwise(image, _on_white)


def _shines_through(strip: Image.Image) -> bool:
    lowest = np.asarray(_in_mode(strip, "RGBA").getchannel("A")).min()
    return bool(lowest < 255)  # noqa: PLR2004 - opaque


def _on_white(strip: Image.Image) -> Image.Image:
    page = Image.new("RGBA", strip.size, "white")
    page.alpha_composite(_in_mode(strip, "RGBA"))
    return page.convert("RGB")


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image itself where it has the mode: Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    """The picture in strips of whole rows, from the top; small pictures are one strip."""
    rows = max(_STRIP_PIXELS // image.width, 1)
    if rows >= image.height:
        yield image
        return
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height)))


def _stripwise(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Pixels:
    strips = (np.asarray(convert(strip)) for strip in _strips(image))
    first = next(strips)
    if len(first) == image.height:
        return first
    pixels = np.empty((image.height, *first.shape[1:]), dtype=np.uint8)
    top = 0
    for strip in chain((first,), strips):
        pixels[top : top + len(strip)] = strip
        top += len(strip)
    return pixels


def eight_bits(deep: NDArray[Any]) -> Pixels:
    """Greys of more than 8 bits, or in floating point, in 8 bits."""
    if deep.dtype.kind == "f":
        finite = np.nan_to_num(deep, nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(finite.min()), float(finite.max())
        spread: Pixels = ((finite - low) * (255.0 / max(high - low, 1e-30))).astype(np.uint8)
        return spread
    positive = deep.clip(0)
    shift = max(int(positive.max()).bit_length() - 8, 0)
    shallow: Pixels = (positive >> shift).astype(np.uint8)
    return shallow


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels turned as an orientation tag of 1 to 8 says (TIFF 6.0 and Exif 2.3, tag 274)."""
    if orientation >= 5:  # noqa: PLR2004 - from here on rows are columns
        pixels = pixels.swapaxes(0, 1)
    # What remains after exchanging rows and columns: mirrored left to right, top to bottom.
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels


def reduced_turned(picture: Reduced, orientation: int) -> Reduced:
    """As `turned`, of a picture as stored of which only the means of blocks are known."""
    turns = orientation >= 5  # noqa: PLR2004 - as above
    sides, heights = orientation in {2, 3, 6, 7}, orientation in {3, 4, 7, 8}
    mirrored = (sides, heights) if turns else (heights, sides)
    return picture._replace(mirrored=mirrored, turned=turns)


def turned_back(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels before `turned`."""
    return turned(pixels, {6: 8, 8: 6}.get(orientation, orientation))
