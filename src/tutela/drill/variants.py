"""Edits of a photograph, as uploads undergo them on their way through the world.

This is the one place outside `detection.media` that may use Pillow: it opens our own photographs
only, never a byte from outside, so it needs no sandbox.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

Edit = Callable[[bytes], bytes]
"""From a picture file to an edited picture file."""

DELIVERY_QUALITY = 90
"""JPEG quality in which an edit is saved that is not itself about quality."""


def resized(factor: float) -> Edit:
    """Scale both sides by `factor`."""

    def edit(image: Image.Image) -> Image.Image:
        size = (round(image.width * factor), round(image.height * factor))
        return image.resize(size, Image.Resampling.BICUBIC)

    return _saved(edit)


def cropped(percent: float) -> Edit:
    """Cut off `percent` of the area, the same share from each of the four sides.

    PDQ looks at the whole frame, so it bears little more: with all shipped photographs 3 % moves
    at most 26 of its 256 bits, and 31 is the limit. A cut from one side only moves more.
    """
    share = (1 - (1 - percent / 100) ** 0.5) / 2

    def edit(image: Image.Image) -> Image.Image:
        left, top = round(image.width * share), round(image.height * share)
        return image.crop((left, top, image.width - left, image.height - top))

    return _saved(edit)


def corner_mark() -> Edit:
    """Write a word across a sixth of the width into the lower right corner, half transparent."""

    def edit(image: Image.Image) -> Image.Image:
        at = (round(image.width * 0.97), round(image.height * 0.97))
        return _written(image, at, "rs", size=image.width // 20, strength=150)

    return _saved(edit)


def centre_mark() -> Edit:
    """Write a large faint word across the middle."""

    def edit(image: Image.Image) -> Image.Image:
        at = (image.width // 2, image.height // 2)
        return _written(image, at, "mm", size=image.width // 6, strength=50)

    return _saved(edit)


def encoded(media_format: str, **options: object) -> Edit:
    """Save the same pixels in another format or quality."""
    return _saved(lambda image: image, media_format, **options)


def untouched(data: bytes) -> bytes:
    """Return the file as it is."""
    return data


def cut_off(data: bytes) -> bytes:
    """Return the first third of the file, as an interrupted upload leaves it."""
    return data[: len(data) // 3]


def headless(data: bytes) -> bytes:
    """Return the file with its first 512 bytes zeroed, so that nothing says what it is."""
    return bytes(512) + data[512:]


def text(data: bytes) -> bytes:
    """Return a short plain text that has nothing to do with the picture but its length."""
    return f"Shopping list\nmilk\nbread\n{len(data)} apples\n".encode()


def _saved(
    edit: Callable[[Image.Image], Image.Image], media_format: str = "JPEG", **options: object
) -> Edit:
    def apply(data: bytes) -> bytes:
        with Image.open(BytesIO(data)) as image:
            result = edit(image.convert("RGB"))
        file = BytesIO()
        result.save(file, media_format, **(options or {"quality": DELIVERY_QUALITY}))
        return file.getvalue()

    return apply


def _written(
    image: Image.Image, at: tuple[int, int], anchor: str, *, size: int, strength: int
) -> Image.Image:
    """Write white letters of `size` pixels with opacity `strength` (0 to 255) at `at`."""
    layer = Image.new("RGBA", image.size)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(layer).text(at, "DRILL", (255, 255, 255, strength), font, anchor)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
