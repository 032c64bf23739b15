"""Pictures, animations and pages, as they are shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.limits import Limits
from tutela.detection.media.rendering.rendition import Rendered
from tutela.model import Gap, GapReason

Pixels = NDArray[np.uint8]
Show = Callable[..., Rendered | Gap]
Seen = Callable[..., Pixels]
Photo = Callable[..., Image.Image]

CLEAR = {"blur": 0, "grey": False}


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def apart(left: Pixels, right: Image.Image) -> float:
    """Mean distance of two pictures in levels; marks and coding account for a few."""
    if left.ndim == 2:
        right = right.convert("L")
    fitted = np.asarray(right.resize(left.shape[1::-1]))
    return float(np.abs(left.astype(int) - fitted).mean())


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("GIF", {}),
        ("AVIF", {}),
    ],
)
def test_every_format(
    show: Show, seen: Seen, photo_of: Photo, form: str, options: dict[str, object]
) -> None:
    data = encoded(photo_of(3), form, **options)
    rendered = show(data, **CLEAR)
    assert isinstance(rendered, Rendered)
    assert (rendered.whole_width, rendered.whole_height) == (320, 240)
    assert (rendered.width, rendered.height) == (192, 144)
    assert rendered.gaps == ()
    assert apart(seen(rendered), photo_of(3)) < 12


def test_heic(show: Show, seen: Seen, fixtures: Path) -> None:
    rendered = show((fixtures / "landscape.heic").read_bytes(), **CLEAR)
    assert seen(rendered).std() > 10


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16", "F"])
def test_every_mode(show: Show, seen: Seen, photo_of: Photo, mode: str) -> None:
    photo = photo_of(3).convert("L")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(photo).astype(np.uint16) << 8)
    elif mode in {"L", "LA", "F"}:
        picture = photo.convert(mode)
    else:
        picture = photo.convert("RGB").convert(mode)
    form = "TIFF" if mode in {"CMYK", "F"} else "PNG"
    rendered = show(encoded(picture, form), blur=0)
    assert apart(seen(rendered), photo) < (70 if mode == "1" else 14)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_pictures_stand_upright(
    show: Show, seen: Seen, photo_of: Photo, form: str, orientation: int
) -> None:
    """A camera that was held aside stores the picture so that the tag turns it upright."""
    upright = photo_of(3)
    back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if back is None else upright.transpose(back)
    exif = Image.Exif()
    exif[274] = orientation
    rendered = show(encoded(stored, form, exif=exif), **CLEAR)
    assert isinstance(rendered, Rendered)
    assert (rendered.whole_width, rendered.whole_height) == upright.size
    assert apart(seen(rendered), upright) < 12


def test_an_animation_is_a_sheet_of_its_scenes(
    show: Show, seen: Seen, scenes: tuple[Image.Image, ...]
) -> None:
    frames = [scene.resize((160, 120)) for scene in scenes for _ in range(5)]
    for form in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        rendered = show(data, stills=4, size=160, **CLEAR)
        assert isinstance(rendered, Rendered)
        assert (rendered.stills, rendered.columns) == (4, 2)
        page = seen(rendered)
        assert page.shape == (240, 320, 3)
        for number, scene in enumerate(scenes):
            row, column = divmod(number, 2)
            still = page[row * 120 :, column * 160 :][:120, :160]
            assert apart(still, scene) < 25
        assert isinstance(first := show(data, size=160, **CLEAR), Rendered)
        assert (first.stills, first.width) == (1, 160)


def test_the_pages_of_a_file(show: Show, scenes: tuple[Image.Image, ...]) -> None:
    data = encoded(scenes[0], "TIFF", save_all=True, append_images=scenes[1:])
    rendered = show(data, stills=9)
    assert isinstance(rendered, Rendered)
    assert rendered.stills == 4


def test_a_huge_picture_that_lies_about_nothing_is_too_large(show: Show, photo_of: Photo) -> None:
    gap = show(encoded(photo_of(3), "PNG"), Limits(pixels=10_000))
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.TOO_MANY_PIXELS


def test_a_damaged_animation_shows_what_came_before(
    show: Show, scenes: tuple[Image.Image, ...]
) -> None:
    data = encoded(scenes[0], "GIF", save_all=True, append_images=scenes[1:])
    rendered = show(data[: len(data) * 3 // 4], stills=4)
    if isinstance(rendered, Rendered):
        assert rendered.stills < 4 or rendered.gaps
    else:
        assert rendered.reason is GapReason.DAMAGED


def test_nothing_of_the_file_but_its_pixels_is_sent(show: Show, photo_of: Photo) -> None:
    exif = Image.Exif()
    exif[315] = "somebody by name"
    data = encoded(photo_of(3), "JPEG", exif=exif, comment=b"words of somebody")
    rendered = show(data, **CLEAR)
    assert isinstance(rendered, Rendered)
    assert b"somebody" in data
    assert b"somebody" not in rendered.data
    with Image.open(io.BytesIO(rendered.data)) as image:
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_grey_pictures_have_equal_channels(show: Show, photo_of: Photo) -> None:
    rendered = show(encoded(photo_of(3), "JPEG"), blur=0)
    assert isinstance(rendered, Rendered)
    with Image.open(io.BytesIO(rendered.data)) as image:
        red, green, blue = image.convert("RGB").split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()
