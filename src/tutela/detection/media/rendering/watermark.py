"""Writes all over a picture who looks at it: to be read, and calm enough to look past."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tutela.detection.signals.kind import Pixels

_SMALLEST, _LARGEST = 7, 14
"""Sizes of the letters, in pixels."""

_LETTERS_PER_EDGE = 18
_LIGHT, _SHADOW = 0.34, 0.34
"""How much white the letters have, and how much black lies one pixel beside them."""

_FIRST, _LAST = " ", "~"
_UNKNOWN = "?"
_ROWS_APART = 4
"""From one row of words to the next, in heights of a letter."""

_TILES = 64


class _Tile(NamedTuple):
    """Words that are repeated; both of shape (height, width), from 0 to 1."""

    light: NDArray[np.float64]
    shadow: NDArray[np.float64]


def prepare() -> None:
    """Loads the font in every size. Once per process, before files can no longer be opened."""
    for size in range(_SMALLEST, _LARGEST + 1):
        _font(size).getmask("".join(map(chr, range(ord(_FIRST), ord(_LAST) + 1))))


def marked(pixels: Pixels, words: str, whole: tuple[int, int], at: tuple[int, int]) -> Pixels:
    """A picture with words all over it.

    Args:
        pixels: grey, or with 3 colours in a third dimension.
        words: printable ASCII; what is not becomes a question mark.
        whole: width and height of the whole picture, if this is a part of it: so its words lie
            where they would lie on the whole.
        at: how far the part is from the whole's left and top, in pixels.
    """
    tile = _tile(words, *whole)
    height, width = pixels.shape[:2]
    rows = (np.arange(height) + at[1]) % tile.light.shape[0]
    columns = (np.arange(width) + at[0]) % tile.light.shape[1]
    light, shadow = tile.light[np.ix_(rows, columns)], tile.shadow[np.ix_(rows, columns)]
    if pixels.ndim > light.ndim:
        light, shadow = light[..., None], shadow[..., None]
    shown = pixels * (1 - shadow)
    shown += (255 - shown) * light
    result: Pixels = np.rint(shown).astype(np.uint8)
    return result


@lru_cache(maxsize=_TILES)
def _tile(words: str, width: int, height: int) -> _Tile:
    """Words, and below them the same words half a width aside."""
    plain = "".join(c if _FIRST <= c <= _LAST else _UNKNOWN for c in words)
    size = min(max(max(width, height) // _LETTERS_PER_EDGE, _SMALLEST), _LARGEST)
    while size > _SMALLEST and _font(size).getlength(plain) > width:
        size -= 1
    font = _font(size)
    across, down = round(font.getlength(plain)) + 2 * size, _ROWS_APART * size
    page = Image.new("L", (across, 2 * down))
    draw = ImageDraw.Draw(page)
    for left, top in ((0, size), (across // 2, down + size), (across // 2 - across, down + size)):
        draw.text((left + 1, top), plain, fill=255, font=font)
    letters = np.asarray(page, dtype=np.float64) / 255
    beside = np.roll(letters, (1, 1), axis=(0, 1)) * (1 - letters)
    return _Tile(letters * _LIGHT, beside * _SHADOW)


@lru_cache(maxsize=_LARGEST)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, which comes with it and lies in memory."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):  # pragma: no cover - Pillow without FreeType
        raise RuntimeError("Pillow cannot draw letters here: it was built without FreeType")  # noqa: TRY004
    return font
