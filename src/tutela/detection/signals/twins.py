"""PDQ in NumPy, step by step: the specification of the kernels, and their twin in tests.

PDQ is Meta's perceptual fingerprint of pictures (facebook/ThreatExchange, folder `pdq`, with the
paper "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm", 2019). Programs
that round in another order give a hash that differs in a bit now and then, so the order belongs to
the specification. It is that of the package `pdqhash` 0.2.8 built for x86-64: every operation in
float32 unless said otherwise, none fused with another, none moved.

Each public function has a kernel of the same name, arguments and result, equal bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.signals.cosines import COSINES

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_SIDE = 64


def luma(pixels: Bytes) -> Floats:
    """Brightness of RGB pixels (h, w, 3) or of grey ones (h, w), shape (h, w), 0 to 255.

    The sum is made in double precision and rounded once. Equal channels give the channel itself,
    so a grey picture and its copy in RGB have the same brightness.
    """
    if pixels.ndim == 2:  # noqa: PLR2004 - two dimensions are what grey means
        return pixels.astype(np.float32)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    brightness: Floats = (red * 0.299 + green * 0.587 + blue * 0.114).astype(np.float32)
    return brightness


def thumbnail(pixels: Bytes, *, blur: bool) -> Floats:
    """The picture as (64, 64) brightness: blurred twice in each direction, then sampled.

    Args:
        pixels: (h, w, 3) RGB or (h, w) grey, at least 1 by 1.
        blur: False takes a picture of 64 by 64 pixels as it is.
    """
    brightness = luma(pixels)
    if not blur:
        return brightness
    for _ in range(2):
        brightness = _box(np.ascontiguousarray(brightness.T)).T
        brightness = _box(brightness)
    rows, columns = (_centres(length) for length in brightness.shape)
    return np.ascontiguousarray(brightness[np.ix_(rows, columns)])


def _centres(length: int) -> NDArray[np.intp]:
    """Where the middles of 64 equal parts of `length` samples lie, rounded down."""
    return (2 * np.arange(_SIDE) + 1) * length // (2 * _SIDE)


def _box(values: Floats) -> Floats:
    """Box filter down each column of (n, m), as one running sum from the top.

    With a window of w samples, the n-th mean is over the samples n - (w - 1) // 2 to n + w // 2
    that exist: it looks w // 2 samples ahead. The sum first takes the sample that enters, then
    loses the one that leaves.
    """
    length = values.shape[0]
    window = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    ahead = window // 2
    total = np.zeros(values.shape[1], dtype=np.float32)
    means = np.empty_like(values)
    for entering in range(length + ahead):
        leaving = entering - window
        if entering < length:
            total = total + values[entering]
        if leaving >= 0:
            total = total - values[leaving]
        if entering >= ahead:
            count = min(entering, length - 1) - max(leaving, -1)
            means[entering - ahead] = total / np.float32(count)
    return means


def quality(thumb: Floats) -> int:
    """How much structure a (64, 64) thumbnail has, 0 to 100: steps between neighbours, summed.

    Each step is cut to a whole per cent of the range, so that small steps count nothing.
    """
    total = 0
    for axis in (0, 1):
        steps = -np.diff(thumb, axis=axis) * np.float32(100) / np.float32(255)
        total += int(np.abs(steps.astype(np.int32)).sum())
    return min(total // 90, 100)


def spectrum(thumb: Floats) -> Floats:
    """Rows and columns 1 to 16 of the cosine transform of a (64, 64) thumbnail, shape (16, 16).

    Each sum runs from sample 0 to sample 63.
    """
    half = np.zeros((16, _SIDE), dtype=np.float32)
    for sample in range(_SIDE):
        half += COSINES[:, sample, None] * thumb[sample]
    full = np.zeros((16, 16), dtype=np.float32)
    for sample in range(_SIDE):
        full += half[:, sample, None] * COSINES[:, sample]
    return full


def above_median(coefficients: Floats) -> Bytes:
    """Which of (16, 16) coefficients are above the 128th smallest: 256 bits as (32,) bytes.

    The first coefficient is the last bit: the text form has the most significant word first.
    """
    flat = coefficients.ravel()
    median = np.partition(flat, 127)[127]
    return np.packbits((flat > median)[::-1])


def reduced_thumbnail(
    pixels: Bytes,
    *,
    height: int,
    width: int,
    scale: int,
    mirrored: tuple[bool, bool],
    turned: bool,
) -> Floats:
    """The thumbnail of a whole picture of which the means of blocks are known.

    The arguments are those of the kernel. One row of weights for each row of blocks, and one
    column for each column; sums run from the first to the last, brightness is taken in between.
    """
    across = _block_weights(width, scale, mirrored=mirrored[1])
    lines = np.zeros((_SIDE, *pixels.shape[1:]), np.float32)
    for block, weights in enumerate(_block_weights(height, scale, mirrored=mirrored[0]).T):
        lines += np.multiply.outer(weights, pixels[block].astype(np.float32))
    if pixels.ndim > 2:  # noqa: PLR2004 - two dimensions are what grey means
        red, green, blue = np.moveaxis(lines, 2, 0)
        lines = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    thumb = np.zeros((_SIDE, _SIDE), np.float32)
    for block, weights in enumerate(across.T):
        thumb += np.multiply.outer(lines[:, block], weights)
    return np.ascontiguousarray(thumb.T) if turned else thumb


def _block_weights(length: int, scale: int, *, mirrored: bool) -> Floats:
    """How much each block counts at each of 64 places: (64, blocks).

    Two means after each other give every sample its weight. Where a block has two neighbours, a
    sample is taken to lie on the line through the middles of these, else at its own block's mean.
    """
    window = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    blocks = -(-length // scale)
    weights = np.zeros((_SIDE, blocks))
    for place, centre in enumerate(_centres(length)):
        shares = np.zeros(length)
        outer = _within(int(centre), length, window)
        for middle in outer:
            inner = _within(middle, length, window)
            shares[inner.start : inner.stop] += 1 / len(outer) / len(inner)
        for sample, share in enumerate(shares):
            stored = length - 1 - sample if mirrored else sample
            block = stored // scale
            weights[place, block] += share
            if 0 < block < blocks - 1:
                off = (stored - block * scale - (scale - 1) / 2) / (2 * scale)
                weights[place, block + 1] += share * off
                weights[place, block - 1] -= share * off
    return weights.astype(np.float32)


def _within(centre: int, length: int, window: int) -> range:
    """The samples that exist of a window."""
    return range(max(centre - (window - 1) // 2, 0), min(centre + window // 2, length - 1) + 1)
