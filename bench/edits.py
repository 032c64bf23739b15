"""Edits that uploads undergo, by name: from pixels and other photographs to a file."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from photographs import encoded

Make = Callable[[Image.Image, Sequence[Image.Image]], bytes | None]
DELIVERY_QUALITY = 85
SCREEN_WIDTH = 1080


class Edit(NamedTuple):
    """One edit.

    Attributes:
        make: from a photograph and nine others to a file; None where a program is missing.
    """

    name: str
    make: Make


def _pixels(name: str, change: Callable[[Image.Image], Image.Image]) -> Edit:
    """An edit of pixels, saved as JPEG."""
    return Edit(name, lambda image, _: encoded(change(image), quality=DELIVERY_QUALITY))


def _file(name: str, media_format: str, **options: object) -> Edit:
    return Edit(name, lambda image, _: encoded(image, media_format, **options))


def _resized(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def _cropped(percent: float) -> Callable[[Image.Image], Image.Image]:
    """Cut off that share of the area, the same part from each side."""
    share = (1 - (1 - percent / 100) ** 0.5) / 2

    def crop(image: Image.Image) -> Image.Image:
        left, top = round(image.width * share), round(image.height * share)
        return image.crop((left, top, image.width - left, image.height - top))

    return crop


def _rotated(degrees: float) -> Callable[[Image.Image], Image.Image]:
    """On a black ground, as large as it becomes."""
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def _gamma(power: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(lambda value: round(255 * (value / 255) ** power))


def _bordered(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, round(image.width * 0.03), "white")


def _barred(image: Image.Image) -> Image.Image:
    """Black bars above and below, of a tenth of the height each."""
    return ImageOps.pad(image, (image.width, round(image.height * 1.2)))


def _written(
    size: float, strength: int, place: tuple[float, float], anchor: str
) -> Callable[[Image.Image], Image.Image]:
    """Words in white, of `size` times the width."""

    def write(image: Image.Image) -> Image.Image:
        layer = Image.new("RGBA", image.size)
        at = (image.width * place[0], image.height * place[1])
        font = ImageFont.load_default(image.width * size)
        ImageDraw.Draw(layer).text(at, "SAMPLE", (255, 255, 255, strength), font, anchor)
        return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")

    return write


def _caption(image: Image.Image) -> Image.Image:
    """A black band across the lower eighth with white words, as on shared pictures."""
    page = image.copy()
    draw = ImageDraw.Draw(page)
    top = image.height * 7 // 8
    draw.rectangle((0, top, image.width, image.height), fill="black")
    font = ImageFont.load_default(image.height / 16)
    middle = (image.width / 2, (top + image.height) / 2)
    draw.text(middle, "when it rains on a Monday", "white", font, "mm")
    return page


def _screenshot(image: Image.Image, _: Sequence[Image.Image]) -> bytes:
    """Shown at the width of a telephone, grabbed, sent: two scalings and two encoders."""
    height = round(image.height * SCREEN_WIDTH / image.width)
    grabbed = image.resize((SCREEN_WIDTH, height), Image.Resampling.BILINEAR)
    sent = grabbed.resize((SCREEN_WIDTH * 2 // 3, height * 2 // 3), Image.Resampling.BICUBIC)
    return encoded(sent, quality=70)


def _screen(image: Image.Image, _: Sequence[Image.Image]) -> bytes:
    """The whole screen of a telephone with the picture in its middle."""
    page = Image.new("RGB", (SCREEN_WIDTH, SCREEN_WIDTH * 2), "white")
    height = round(image.height * SCREEN_WIDTH / image.width)
    page.paste(image.resize((SCREEN_WIDTH, height)), (0, SCREEN_WIDTH - height // 2))
    return encoded(page, quality=DELIVERY_QUALITY)


def _collage(image: Image.Image, others: Sequence[Image.Image]) -> bytes:
    """One of four."""
    across, down = 800, 600
    page = Image.new("RGB", (2 * across, 2 * down))
    parts = (ImageOps.fit(image, (across, down)), *others[:3])
    for number, part in enumerate(parts):
        page.paste(part, (number % 2 * across, number // 2 * down))
    return encoded(page, quality=DELIVERY_QUALITY)


def _heic(image: Image.Image, _: Sequence[Image.Image]) -> bytes | None:
    program = shutil.which("heif-enc")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "picture.png"), Path(folder, "picture.heic")
        image.save(source, compress_level=1)
        done = [program, "-q", "60", "-p", "preset=ultrafast", "-o", str(target), str(source)]
        subprocess.run(done, check=True, capture_output=True)
        return target.read_bytes()


EDITS: tuple[Edit, ...] = (
    *(_file(f"JPEG, quality {quality}", "JPEG", quality=quality) for quality in (90, 70, 50, 30)),
    _file("JPEG, quality 10", "JPEG", quality=10),
    _file("WebP, quality 75", "WEBP", quality=75),
    _file("AVIF, quality 60", "AVIF", quality=60, speed=9),
    Edit("HEIC, quality 60", _heic),
    *(_pixels(f"resized to {f:g} of each side", _resized(f)) for f in (0.1, 0.25, 0.5, 0.75, 2)),
    _pixels("squeezed to half its width", lambda i: i.resize((i.width // 2, i.height))),
    *(_pixels(f"cropped by {share} % of its area", _cropped(share)) for share in (1, 3, 5, 10, 20)),
    *(_pixels(f"rotated by {angle}°", _rotated(angle)) for angle in (1, 2, 5, 10, 45, 90, 180)),
    _pixels("mirrored", ImageOps.mirror),
    _pixels("blurred over 2 pixels", lambda i: i.filter(ImageFilter.GaussianBlur(2))),
    _pixels("blurred over 8 pixels", lambda i: i.filter(ImageFilter.GaussianBlur(8))),
    _pixels("sharpened", lambda i: i.filter(ImageFilter.UnsharpMask(2, 150, 3))),
    _pixels("lighter (gamma 0.6)", _gamma(0.6)),
    _pixels("darker (gamma 1.6)", _gamma(1.6)),
    _pixels("contrast raised by half", lambda i: ImageEnhance.Contrast(i).enhance(1.5)),
    _pixels("grey", ImageOps.grayscale),
    _pixels("white border of 3 %", _bordered),
    _pixels("black bars above and below", _barred),
    _pixels("small mark in a corner", _written(0.05, 150, (0.97, 0.97), "rs")),
    _pixels("faint word across", _written(0.2, 60, (0.5, 0.5), "mm")),
    _pixels("strong word across", _written(0.2, 255, (0.5, 0.5), "mm")),
    _pixels("caption in a band", _caption),
    Edit("grabbed from a screen and sent", _screenshot),
    Edit("a telephone's whole screen", _screen),
    Edit("one of four in a collage", _collage),
)
