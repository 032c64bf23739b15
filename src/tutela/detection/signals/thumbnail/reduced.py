"""PDQ's thumbnail of a picture that was decoded at a half, a quarter or an eighth of its size.

Blurring and sampling are linear, and rows and columns do not mix: of a picture Y the thumbnail is
A Y B', where A holds for each of the 64 rows of the thumbnail the weights of the picture's rows,
and B those of its columns. A JPEG decoder that scales gives the means of square blocks of the
whole picture's pixels. So the weights of the whole picture are used here, its own windows, edges
and positions, and only the pixels within a block are not known. They are taken to lie on a line
through the neighbouring blocks' means, which moves some weight to these neighbours. What is lost
are details finer than a block, of which the blur would have left next to nothing; how many bits
that costs is measured in `bench/pdq.py`.

To scale a picture down and take PDQ of the small one is not the same: windows and positions are
rounded for another size then, and the result is 4 to 24 bits off.

Brightness is linear too, so it is taken last, of 64 rows instead of all. Every sum has its order,
so that a picture has one fingerprint everywhere; `twins.reduced_thumbnail` is the specification.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.kernels import inlined, kernel
from tutela.errors import InvalidInput

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]

_SIDE = 64
_RGB = 3


@inlined
def _window(centre: int, length: int, window: int) -> tuple[int, int]:
    """The first and the last sample of a mean around `centre`."""
    return max(centre - (window - 1) // 2, 0), min(centre + window // 2, length - 1)


@inlined
def _full_weights(row: int, length: int, window: int, into: Doubles) -> int:
    """Weights of the whole picture's samples for one row of the thumbnail; gives the first."""
    into[:] = 0
    low, high = _window((2 * row + 1) * length // (2 * _SIDE), length, window)
    start = _window(low, length, window)[0]
    for middle in range(low, high + 1):
        first, last = _window(middle, length, window)
        share = 1.0 / (high - low + 1) / (last - first + 1)
        for sample in range(first, last + 1):
            into[sample - start] += share
    return start


@inlined
def _gather(
    full: Doubles, start: int, axis: tuple[int, int, bool], first: int, into: Doubles
) -> None:
    """Weights of blocks, from block `first` on, of the weights of samples from `start` on."""
    length, scale, mirrored = axis
    blocks = (length + scale - 1) // scale
    into[:] = 0
    for place in range(full.size):
        if full[place] == 0.0:
            continue
        sample = length - 1 - (start + place) if mirrored else start + place
        block = sample // scale
        into[block - first] += full[place]
        if 0 < block < blocks - 1:
            # A line through the neighbours' means, which are two blocks apart.
            off = (sample - block * scale - 0.5 * (scale - 1)) / (2.0 * scale)
            into[block + 1 - first] += full[place] * off
            into[block - 1 - first] -= full[place] * off


@inlined
def _weights(axis: tuple[int, int, bool]) -> tuple[NDArray[np.int64], Floats]:
    """For each of 64 places, the first block that counts and the weights from there on.

    Beyond the last block, weights are 0.

    Args:
        axis: samples of the whole picture, samples in a block, and whether the whole picture is
            looked at from its other end.
    """
    length, scale, mirrored = axis
    window = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    blocks = (length + scale - 1) // scale
    full = np.empty(2 * window + 1, np.float64)
    span = min(2 * window // scale + 4, blocks)
    sums = np.empty(span, np.float64)
    firsts = np.empty(_SIDE, np.int64)
    weights = np.empty((_SIDE, span), np.float32)
    for row in range(_SIDE):
        start = _full_weights(row, length, window, full)
        lowest = length - 1 - (start + 2 * window - 2) if mirrored else start
        first = min(max(lowest // scale - 1, 0), blocks - span)
        _gather(full, start, axis, first, sums)
        firsts[row] = first
        for place in range(span):
            weights[row, place] = np.float32(sums[place])
    return firsts, weights


@inlined
def _add(line: Floats, weight: np.float32, values: Bytes) -> None:
    for x in range(line.size):
        line[x] += weight * np.float32(values[x])


@inlined
def _brightness(line: Floats, columns: int, channels: int, into: Floats) -> None:
    if channels == _RGB:
        for x in range(columns):
            red, green, blue = line[3 * x], line[3 * x + 1], line[3 * x + 2]
            into[x] = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    else:
        for x in range(columns):
            into[x] = line[x]


@kernel
def _reduced_thumbnail(
    pixels: Bytes,
    size: tuple[int, int],
    channels: int,
    scale: int,
    mirrored: tuple[bool, bool],
    turned: bool,  # noqa: FBT001
) -> Floats:
    height, width = size
    columns = (width + scale - 1) // scale
    row_firsts, row_weights = _weights((height, scale, mirrored[0]))
    column_firsts, column_weights = _weights((width, scale, mirrored[1]))
    wide = columns * channels
    line = np.empty(wide, np.float32)
    bright = np.empty(columns, np.float32)
    thumb = np.empty((_SIDE, _SIDE), np.float32)
    for row in range(_SIDE):
        line[:] = 0
        for place in range(row_weights.shape[1]):
            weight = row_weights[row, place]
            if weight == 0:
                continue
            start = (row_firsts[row] + place) * wide
            _add(line, weight, pixels[start : start + wide])
        _brightness(line, columns, channels, bright)
        for column in range(_SIDE):
            total = np.float32(0)
            for place in range(column_weights.shape[1]):
                total += column_weights[column, place] * bright[column_firsts[column] + place]
            if turned:
                thumb[column, row] = total
            else:
                thumb[row, column] = total
    return thumb


def reduced_thumbnail(
    pixels: Bytes,
    *,
    height: int,
    width: int,
    scale: int,
    mirrored: tuple[bool, bool],
    turned: bool,
) -> Floats:
    """The thumbnail of the whole picture as (64, 64) brightness, from its blocks. 0.2 ms.

    Args:
        pixels: (h, w, 3) RGB or (h, w) grey, uint8: h and w are the whole picture's, divided by
            `scale` and rounded up.
        height, width: of the whole picture.
        scale: 2, 4 or 8.
        mirrored: whether the whole picture is looked at with its rows, and its columns, in the
            other order.
        turned: whether rows become columns after that.

    Raises:
        InvalidInput: so many blocks do not make such a picture.
    """
    if pixels.shape[:2] != (-(-height // scale), -(-width // scale)):
        raise InvalidInput(
            "these are not the blocks of a picture of that size",
            remedy="hand in one for each square of pixels, also for those that are cut off",
        )
    flat = np.ascontiguousarray(pixels).reshape(-1)
    flat.flags.writeable = False
    channels = _RGB if pixels.ndim == _RGB else 1
    return _reduced_thumbnail(flat, (height, width), channels, scale, mirrored, turned)
