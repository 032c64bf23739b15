"""JPEG files on which a fingerprint of a part of the pixels could go wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from photographs import Picture, encoded

Dice = np.random.Generator
QUALITIES = (30, 50, 70, 80, 85, 90, 95)
SAMPLINGS = ("4:4:4", "4:2:2", "4:2:0", "4:2:0")


def variants(known: Sequence[Picture], count: int) -> Iterator[bytes]:
    """Photographs cut, scaled and saved in `count` ways, from 0.3 to 12 megapixels."""
    dice = np.random.default_rng(2026)
    for number, picture in enumerate(known):
        image = picture.image()
        for _ in range(count // len(known) + (number < count % len(known))):
            yield _saved(_cut(image, dice), dice)


def _cut(image: Image.Image, dice: Dice) -> Image.Image:
    """Some part of it, in some size."""
    width, height = (round(side * dice.uniform(0.4, 1)) for side in image.size)
    left = int(dice.integers(0, image.width - width + 1))
    top = int(dice.integers(0, image.height - height + 1))
    pixels = np.exp(dice.uniform(np.log(0.3e6), np.log(12e6)))
    factor = (pixels / (width * height)) ** 0.5
    part = image.crop((left, top, left + width, top + height))
    return part.resize((max(round(width * factor), 16), max(round(height * factor), 16)))


def _saved(image: Image.Image, dice: Dice) -> bytes:
    """In some quality, sampling, colour and order, sometimes with a tag that turns it."""
    exif = Image.Exif()
    if _one_in(5, dice):
        exif[274] = int(dice.integers(2, 9))
    if _one_in(10, dice):
        image = image.convert("L")
    elif _one_in(20, dice):
        image = image.convert("CMYK")
    return encoded(
        image,
        quality=int(dice.choice(QUALITIES)),
        progressive=_one_in(5, dice),
        optimize=_one_in(2, dice),
        exif=exif,
        subsampling=str(dice.choice(SAMPLINGS)),
    )


def _one_in(faces: int, dice: Dice) -> bool:
    return bool(dice.integers(faces) == 0)


def drawings(known: Sequence[Picture], count: int) -> Iterator[bytes]:
    """Pages of text, screens, lines, strong contrast, noise and dots."""
    dice = np.random.default_rng(2027)
    kinds = (_text, _screen, _lines, _contrast, _sharpened, _noise, _dots)
    for number in range(count):
        size = (int(dice.integers(780, 2400)), int(dice.integers(780, 1800)))
        photograph = known[int(dice.integers(len(known)))].image().resize(size)
        yield _saved(kinds[number % len(kinds)](photograph, dice), dice)


def patterns(count: int) -> Iterator[bytes]:
    """Stripes and checks of 1 to 3 pixels in strong colours, which mean something else halved.

    The decoder gives the mean of brightness and colour, and in such a pattern most pixels leave the
    range of RGB and are cut off there, each by itself.
    """
    dice = np.random.default_rng(2028)
    for number in range(count):
        width, height = int(dice.integers(800, 1800)), int(dice.integers(780, 1500))
        y, x = np.mgrid[:height, :width] // int(dice.integers(1, 4))
        odd = ((x, y, x + y)[number % 3] % 2)[..., None]
        fields = dice.integers(0, 256, (12, 12, 3)).astype(np.uint8)
        colours = np.asarray(Image.fromarray(fields).resize((width, height))).astype(float)
        yield _saved(_picture(colours * odd if number % 2 else colours + 120 * odd - 60), dice)


def _colour(dice: Dice) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in dice.integers(0, 256, 3))
    return red, green, blue


def _written(page: Image.Image, dice: Dice) -> Image.Image:
    draw = ImageDraw.Draw(page)
    size = int(dice.integers(10, 36))
    font = ImageFont.load_default(size)
    ink = [(0, 0, 0), (255, 255, 255), _colour(dice)][int(dice.integers(3))]
    for top in range(10, page.height, int(size * dice.uniform(1.2, 2))):
        letters = dice.choice(list("abcdefgh ijklm nopq"), int(dice.integers(5, 200)))
        draw.text((20, top), "".join(letters), fill=ink, font=font)
    return page


def _text(photograph: Image.Image, dice: Dice) -> Image.Image:
    paper = [(255, 255, 255), (255, 255, 255), (0, 0, 0), _colour(dice)][int(dice.integers(4))]
    return _written(Image.new("RGB", photograph.size, paper), dice)


def _screen(photograph: Image.Image, dice: Dice) -> Image.Image:
    page = Image.new("RGB", photograph.size, "white")
    draw = ImageDraw.Draw(page)
    for _ in range(int(dice.integers(3, 20))):
        left, top = (int(dice.integers(side)) for side in page.size)
        across, down = (int(dice.integers(20, side // 2)) for side in page.size)
        draw.rectangle((left, top, left + across, top + down), fill=_colour(dice))
    small = photograph.resize((page.width // 3, page.height // 3))
    page.paste(small, (page.width // 4, page.height // 4))
    return _written(page, dice)


def _lines(photograph: Image.Image, dice: Dice) -> Image.Image:
    page = Image.new("RGB", photograph.size, "white")
    draw = ImageDraw.Draw(page)
    for _ in range(int(dice.integers(30, 600))):
        ends = [int(dice.integers(side)) for side in (*page.size, *page.size)]
        draw.line(ends, fill=_colour(dice), width=int(dice.integers(1, 9)))
    return page


def _contrast(photograph: Image.Image, dice: Dice) -> Image.Image:
    strength = dice.uniform(1.5, 4)
    return photograph.point(lambda value: round((value - 128) * strength + 128))


def _sharpened(photograph: Image.Image, dice: Dice) -> Image.Image:
    return photograph.filter(ImageFilter.UnsharpMask(3, int(dice.integers(150, 500)), 0))


def _noise(photograph: Image.Image, dice: Dice) -> Image.Image:
    pixels = np.asarray(photograph) + dice.normal(0, dice.uniform(5, 60), (*_shape(photograph), 3))
    return _picture(pixels)


def _dots(photograph: Image.Image, _dice: Dice) -> Image.Image:
    return photograph.convert("1").convert("RGB")


def _shape(image: Image.Image) -> tuple[int, int]:
    return image.height, image.width


def _picture(pixels: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
