"""PDQ: Meta's perceptual fingerprint of pictures, 256 bits, compared by Hamming distance.

Source: facebook/ThreatExchange, folder `pdq`. Own implementation, equal bit for bit on the same
pixels to the package `pdqhash` 0.2.8, which is that folder's C++ built for x86-64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.signals.forms import base64, hexadecimal, parsed
from tutela.detection.signals.information import low_information
from tutela.detection.signals.kernels import above_median, quality, spectrum, thumbnail
from tutela.detection.signals.kind import (
    NoSignal,
    Pixels,
    PixelSignal,
    Reduced,
    ReducedVariants,
    Variants,
)
from tutela.detection.signals.thumbnail.reduced import reduced_thumbnail
from tutela.errors import InvalidInput
from tutela.model import GapReason, LowInformation, Measure

Floats = NDArray[np.float32]

LEAST_QUALITY = 50
"""A fingerprint of lower quality matches pictures that have nothing in common with it."""

LEAST_SIDE = 5
"""Pixels. Smaller pictures have quality 0 by definition."""

REDUCIBLE_SIDE = 384
"""Pixels of the shorter side for each pixel of a block: what PDQ blurs over is 3 blocks then."""

CLEAR_QUALITY = 60
"""Quality of a reduced picture from which that of the whole one is `LEAST_QUALITY` for certain."""

_DOUBT = 0.3
_DOUBTFUL = 6
"""A bit may come out another way where its coefficient is within `_DOUBT` of the median, and the
whole picture is decoded if more than `_DOUBTFUL` are. Of photographs reduced as here, coefficients
are off by 0.06 in the middle, and seldom by more than 0.3 (`bench/pdq.py` counts what comes of
it)."""

_SIDE = 64
_PLANE = 2
_RGB = 3


class Pdq:
    """PDQ of the pixels of a picture.

    A grey picture has the fingerprint of its copy in RGB. At a distance of up to 31 bits two
    pictures are taken to be the same; unrelated ones are about 128 bits apart.
    """

    name = "pdq"
    bits = 256
    exact = False
    measure = Measure(
        id="pdq", title="Copies of known pictures, by PDQ", principles=(1,), counts="matches_pdq"
    )

    def parse(self, text: str) -> bytes:
        """32 bytes of 64 hexadecimal digits, or of the base64 that Project Arachnid writes."""
        return parsed(
            text,
            self.bits,
            hexadecimal,
            base64,
            expected="a PDQ fingerprint: 64 hexadecimal digits, or base64 of 32 bytes",
        )

    def text(self, value: bytes) -> str:
        """64 lower-case hexadecimal digits, the most significant word of the reference first."""
        return value.hex()

    def of_pixels(self, pixels: Pixels) -> PixelSignal | NoSignal:
        """PDQ of a picture: (h, w, 3) in RGB or (h, w) in grey, uint8.

        A picture of 64 by 64 pixels is not blurred first: the reference takes it for a thumbnail.

        Raises:
            InvalidInput: `pixels` is no such array.
        """
        if too_small := _refusal(pixels):
            return too_small
        thumb = thumbnail(pixels, blur=pixels.shape[:2] != (_SIDE, _SIDE))
        return _signal(spectrum(thumb), quality(thumb), low_information(thumb))

    def dihedral(self, pixels: Pixels) -> Variants:
        """PDQ of a picture as if it were turned and mirrored, from one transform.

        The names and their order are those of the reference: `rotate90` is a quarter turn against
        the clock, `flip_x` swaps top and bottom, `flip_y` swaps left and right, `flip_plus1` swaps
        rows and columns, `flip_minus1` is `flip_plus1` turned by half. Turning pixels first may
        give a few bits more or less, because a blur with an even window is not symmetric.

        Of 64 by 64 pixels, `original` may differ from `of_pixels` in a bit: the reference blurs
        here in any case.

        Raises:
            InvalidInput: as for `of_pixels`.
        """
        if too_small := _refusal(pixels):
            return tuple((name, too_small) for name in _variants(np.zeros((16, 16), np.float32)))
        thumb = thumbnail(pixels, blur=True)
        score, little = quality(thumb), low_information(thumb)
        variants = _variants(spectrum(thumb))
        return tuple((name, _signal(turned, score, little)) for name, turned in variants.items())

    def reduction(self, height: int, width: int) -> int:
        """Blocks of 8, 4 or 2 pixels where the shorter side is 384 times as long, else 1."""
        shorter = min(height, width)
        return next((scale for scale in (8, 4, 2) if shorter >= scale * REDUCIBLE_SIDE), 1)

    def of_reduced(self, picture: Reduced) -> PixelSignal | None:
        """PDQ of a picture from the means of its blocks, up to 6 bits from `of_pixels`.

        None where the picture is nearly flat, or where more than 6 bits hang by a thread.
        """
        return _clear_signal(*_reduced(picture))

    def dihedral_of_reduced(self, picture: Reduced) -> ReducedVariants:
        """As `dihedral`, each as near as that of `of_reduced`, or None."""
        coefficients, score, little = _reduced(picture)
        return tuple(
            (name, _clear_signal(turned, score, little))
            for name, turned in _variants(coefficients).items()
        )


def _reduced(picture: Reduced) -> tuple[Floats, int, LowInformation | None]:
    """Coefficients, quality, and whether there is little in it."""
    thumb = reduced_thumbnail(
        picture.pixels,
        height=picture.height,
        width=picture.width,
        scale=picture.scale,
        mirrored=picture.mirrored,
        turned=picture.turned,
    )
    return spectrum(thumb), quality(thumb), low_information(thumb)


def _clear_signal(
    coefficients: Floats, score: int, little: LowInformation | None
) -> PixelSignal | None:
    """The signal, if nearly all coefficients are safely above or below the median."""
    flat = coefficients.ravel()
    below, above = np.partition(flat, (127, 128))[127:129]
    doubtful = int((np.abs(flat - (below + above) / 2) < _DOUBT).sum())
    if score < CLEAR_QUALITY or doubtful > _DOUBTFUL:
        return None
    value = above_median(coefficients).tobytes()
    return PixelSignal(value=value, quality=score, low_information=little)


def _refusal(pixels: Pixels) -> NoSignal | None:
    """Why pixels of this shape cannot have a fingerprint, if so."""
    in_shape = pixels.ndim == _PLANE or pixels.shape[_PLANE:] == (_RGB,)
    if pixels.dtype != np.uint8 or not in_shape:
        raise InvalidInput(
            "these are no pixels that PDQ can be made of",
            remedy="hand in an array of uint8, of shape (h, w, 3) for RGB or (h, w) for grey",
        )
    height, width = pixels.shape[:2]
    if min(height, width) >= LEAST_SIDE:
        return None
    detail = f"A picture of {width} by {height} pixels is too small to tell from others"
    return NoSignal(reason=GapReason.FLAT, detail=detail)


def _signal(
    coefficients: Floats, score: int, little: LowInformation | None
) -> PixelSignal | NoSignal:
    if score < LEAST_QUALITY:
        return NoSignal(
            reason=GapReason.FLAT,
            detail=f"Too little structure to tell it from others: quality {score} of 100, "
            f"{LEAST_QUALITY} needed",
        )
    value = above_median(coefficients).tobytes()
    return PixelSignal(value=value, quality=score, low_information=little)


def _variants(coefficients: Floats) -> dict[str, Floats]:
    """The (16, 16) coefficients of the picture turned and mirrored.

    To mirror a picture is to change the sign of each coefficient that is odd in that direction. The
    first row and column here are numbers 1 of the transform: odd.
    """
    sign = np.where(np.arange(16) % 2, np.float32(1), np.float32(-1))
    rows, columns = sign[:, None], sign
    turned = {
        "original": coefficients,
        "rotate90": (coefficients * columns).T,
        "rotate180": coefficients * rows * columns,
        "rotate270": (coefficients * rows).T,
        "flip_x": coefficients * rows,
        "flip_y": coefficients * columns,
        "flip_plus1": coefficients.T,
        "flip_minus1": (coefficients * rows * columns).T,
    }
    # In C order: the kernel is compiled for that alone.
    return {name: np.ascontiguousarray(values) for name, values in turned.items()}
