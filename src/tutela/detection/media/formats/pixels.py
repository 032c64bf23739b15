"""Pixels in the few forms that fingerprints are made of, and how they are turned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.obstacles import NotCompared
from tutela.detection.signals.kind import Pixels
from tutela.model import GapReason

_AS_THEY_ARE = frozenset({"L", "RGB"})


def plain_pixels(image: Image.Image) -> Pixels:
    """A loaded picture as grey or RGB pixels of 8 bits, as other programs would fingerprint it.

    Transparency is dropped, CMYK is taken without a colour profile, deeper greys keep their most
    significant bits.

    Raises:
        NotCompared: its colours cannot be converted.
    """
    if image.mode in _AS_THEY_ARE:
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode[0] in "IF":
        return _eight_bits(np.asarray(image))
    try:
        return np.asarray(image.convert("RGB"))
    except ValueError as error:
        raise NotCompared(
            GapReason.UNSUPPORTED, f"its colours are in {image.mode}, which is not converted"
        ) from error


def _eight_bits(deep: NDArray[Any]) -> Pixels:
    """Greys of more than 8 bits, or in floating point."""
    if deep.dtype.kind == "f":
        finite = np.nan_to_num(deep, nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(finite.min()), float(finite.max())
        spread: Pixels = ((finite - low) * (255.0 / max(high - low, 1e-30))).astype(np.uint8)
        return spread
    positive = deep.clip(0)
    shift = max(int(positive.max()).bit_length() - 8, 0)
    shallow: Pixels = (positive >> shift).astype(np.uint8)
    return shallow


def over_white(image: Image.Image) -> Pixels | None:
    """The picture as a reader sees it on a white page, or None where nothing shines through."""
    if not image.has_transparency_data:
        return None
    layer = image.convert("RGBA")
    lowest, _ = layer.getchannel("A").getextrema()
    if lowest == 255:  # noqa: PLR2004 - opaque
        return None
    page = Image.new("RGBA", layer.size, "white")
    page.alpha_composite(layer)
    return np.asarray(page.convert("RGB"))


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


def turned_back(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels before `turned`."""
    return turned(pixels, {6: 8, 8: 6}.get(orientation, orientation))
