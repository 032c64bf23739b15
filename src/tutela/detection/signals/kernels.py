"""PDQ in numba: the small steps after the thumbnail. Equal bit for bit to `twins.py`.

Nothing may be fused or moved, or a hash will differ in a bit one day: `fastmath` stays off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.kernels import inlined, kernel
from tutela.detection.signals.cosines import COSINES
from tutela.detection.signals.thumbnail.kernels import thumbnail

__all__ = ["above_median", "quality", "spectrum", "thumbnail", "warm"]

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_COSINES_BY_SAMPLE = np.ascontiguousarray(COSINES.T)
_SIDE = 64
_HALF = 128


@kernel
def quality(thumb: Floats) -> int:
    """How much structure a (64, 64) thumbnail has, 0 to 100. 7 us."""
    total = 0
    for y in range(_SIDE):
        for x in range(_SIDE - 1):
            total += abs(_step(thumb[y, x], thumb[y, x + 1]))
            total += abs(_step(thumb[x, y], thumb[x + 1, y]))
    return min(total // 90, 100)


@inlined
def _step(first: np.float32, second: np.float32) -> int:
    per_cent = (first - second) * np.float32(100) / np.float32(255)
    return np.int32(per_cent)  # type: ignore[return-value]


@kernel
def spectrum(thumb: Floats) -> Floats:
    """Rows and columns 1 to 16 of the cosine transform of a (64, 64) thumbnail. 10 us."""
    full = np.zeros((16, 16), np.float32)
    half = np.empty(_SIDE, np.float32)
    for y in range(16):
        half[:] = 0
        for sample in range(_SIDE):
            for x in range(_SIDE):
                half[x] += COSINES[y, sample] * thumb[sample, x]
        for sample in range(_SIDE):
            for x in range(16):
                full[y, x] += half[sample] * _COSINES_BY_SAMPLE[sample, x]
    return full


@kernel
def above_median(coefficients: Floats) -> Bytes:
    """Which of (16, 16) coefficients are above the 128th smallest: 256 bits as (32,) bytes.

    A number is above the 128th smallest when 128 are smaller than itself. Counting them for each
    needs no sorting and runs in vector registers: 4 us.
    """
    bits = np.zeros(32, np.uint8)
    flat = coefficients.reshape(256)
    for place in range(256):
        below = np.int32(0)
        for other in range(256):
            below += np.int32(flat[other] < flat[place])
        if below >= _HALF:
            bits[31 - place // 8] |= np.uint8(1 << place % 8)
    return bits


def warm() -> None:
    """Compile or load every kernel now: afterwards none compiles, reads or opens anything."""
    thumb = thumbnail(np.zeros((5, 5), np.uint8), blur=True)
    quality(thumb)
    above_median(spectrum(thumb))
