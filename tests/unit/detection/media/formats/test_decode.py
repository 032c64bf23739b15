from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin

from tutela.detection.media.formats import pixels
from tutela.detection.media.formats.decode import prepare, sampled
from tutela.detection.media.formats.pixels import over_white, plain_pixels
from tutela.model import Content, GapReason, Signal

Landscape = Callable[..., Image.Image]
Encode = Callable[..., bytes]
Examine = Callable[..., list[Content]]
Pdq = Callable[[NDArray[np.uint8]], str]

LOSSLESS: list[tuple[str, dict[str, object]]] = [
    ("PNG", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
]
LOSSY: list[tuple[str, dict[str, object]]] = [
    ("JPEG", {"quality": 90}),
    ("JPEG", {"quality": 90, "progressive": True}),
    ("WEBP", {"quality": 90}),
    ("AVIF", {"quality": 90}),
    ("TIFF", {"compression": "jpeg"}),
    ("GIF", {}),
]


@pytest.fixture(autouse=True)
def _prepared() -> None:
    prepare()


def prints(content: Content) -> dict[str, str]:
    """PDQ values by part."""
    return {s.part: s.value for s in content.signals if s.kind == "pdq"}


def pixel_signals(content: Content) -> list[Signal]:
    return [signal for signal in content.signals if signal.kind == "pdq"]


@pytest.mark.parametrize(("form", "options"), LOSSLESS)
def test_lossless_formats_give_the_fingerprint_of_the_pixels(
    landscape: Landscape,
    encode: Encode,
    examine: Examine,
    pdq: Pdq,
    form: str,
    options: dict[str, object],
) -> None:
    picture = landscape()
    (content,) = examine(encode(picture, form, **options))
    assert prints(content) == {"": pdq(np.asarray(picture))}
    assert (content.width, content.height, content.frames) == (256, 192, 1)
    assert content.gaps == ()


@pytest.mark.parametrize(("form", "options"), LOSSY)
def test_lossy_formats_give_nearly_that(
    landscape: Landscape,
    encode: Encode,
    examine: Examine,
    pdq: Pdq,
    apart: Callable[[str, str], int],
    form: str,
    options: dict[str, object],
) -> None:
    picture = landscape()
    (content,) = examine(encode(picture, form, **options))
    (value,) = prints(content).values()
    assert apart(value, pdq(np.asarray(picture))) <= 16
    assert content.gaps == ()


def test_exact_fingerprints_are_of_the_bytes(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    data = encode(landscape(), "PNG")
    (content,) = examine(data)
    exact = {s.kind: s.value for s in content.signals if s.kind != "pdq"}
    assert exact == {
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert content.size == len(data)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16", "PA"])
def test_every_colour_mode_has_a_fingerprint(
    landscape: Landscape,
    encode: Encode,
    examine: Examine,
    pdq: Pdq,
    mode: str,
) -> None:
    picture = landscape()
    if mode == "I;16":
        other = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    elif mode == "PA":
        other = picture.convert("P").convert("PA")
    else:
        other = picture.convert(mode)
    (content,) = examine(encode(other, "TIFF"))
    assert content.gaps == ()
    plain = picture.convert("L") if mode == "I;16" else other.convert("RGB")
    assert prints(content)[""] == pdq(np.asarray(plain))


@pytest.mark.parametrize("kind", ["i4", "f4"])
def test_deep_greys(
    landscape: Landscape,
    encode: Encode,
    examine: Examine,
    pdq: Pdq,
    kind: str,
    apart: Callable[[str, str], int],
) -> None:
    grey = np.asarray(landscape().convert("L"))
    deep = Image.fromarray((grey.astype(kind) * 1000).astype(kind))
    (content,) = examine(encode(deep, "TIFF"))
    assert apart(prints(content)[""], pdq(grey)) <= 8


def test_floating_point_that_is_not_a_number(encode: Encode, examine: Examine) -> None:
    pixels = np.full((80, 80), np.nan, dtype=np.float32)
    (content,) = examine(encode(Image.fromarray(pixels), "TIFF"))
    assert [gap.reason for gap in content.gaps] == [GapReason.FLAT]


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "JPEG", "AVIF"])
def test_turned_pictures_are_fingerprinted_as_stored_and_as_shown(
    landscape: Landscape,
    encode: Encode,
    examine: Examine,
    pdq: Pdq,
    apart: Callable[[str, str], int],
    form: str,
    orientation: int,
) -> None:
    picture = landscape()
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    (content,) = examine(encode(picture, form, exif=exif, **options))
    tagged = picture.copy()
    tagged.getexif()[274] = orientation
    shown = ImageOps.exif_transpose(tagged)
    found = prints(content)
    assert list(found) == ["", "turned"]
    assert apart(found[""], pdq(np.asarray(picture))) <= 8
    assert apart(found["turned"], pdq(np.asarray(shown))) <= 8
    assert (content.width, content.height) == picture.size


@pytest.mark.parametrize("orientation", [0, 1, 9, 300])
def test_a_strange_orientation_turns_nothing(
    landscape: Landscape, encode: Encode, examine: Examine, orientation: int
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    (content,) = examine(encode(landscape(), "JPEG", exif=exif))
    assert list(prints(content)) == [""]


def test_transparent_pictures_are_also_seen_over_white(
    landscape: Landscape, encode: Encode, examine: Examine, pdq: Pdq
) -> None:
    picture = landscape()
    mask = np.zeros((192, 256), dtype=np.uint8)
    mask[:, 128:] = 255
    glass = picture.copy()
    glass.putalpha(Image.fromarray(mask))
    (content,) = examine(encode(glass, "PNG"))
    white = np.asarray(picture).copy()
    white[:, :128] = 255
    assert prints(content) == {"": pdq(np.asarray(picture)), "over white": pdq(white)}
    assert content.gaps == ()


def test_a_drawing_that_is_all_transparency(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    """Its colours are flat, its shape is in the alpha channel only: no gap, it can be seen."""
    shape = landscape().convert("L")
    ink = Image.new("RGBA", shape.size, "black")
    ink.putalpha(shape)
    (content,) = examine(encode(ink, "PNG"))
    assert list(prints(content)) == ["over white"]
    assert content.gaps == ()


def test_an_unused_alpha_channel_adds_nothing(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    (content,) = examine(encode(landscape().convert("RGBA"), "PNG"))
    assert list(prints(content)) == [""]


def test_a_palette_with_a_transparent_colour(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    picture = landscape().quantize(8)
    (content,) = examine(encode(picture, "PNG", transparency=1))
    assert list(prints(content)) == ["", "over white"]


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("GIF", {}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 95}),
        ("TIFF", {}),
    ],
)
def test_each_frame_is_fingerprinted(
    landscape: Landscape,
    encode: Encode,
    examine: Examine,
    pdq: Pdq,
    apart: Callable[[str, str], int],
    form: str,
    options: dict[str, object],
) -> None:
    frames = [landscape(seed=seed) for seed in range(5)]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:], **options)
    (content,) = examine(data)
    found = prints(content)
    assert list(found) == [f"frame {number}" for number in range(5)]
    for frame, value in zip(frames, found.values(), strict=True):
        assert apart(value, pdq(np.asarray(frame))) <= 16
    assert content.frames == 5
    assert content.gaps == ()


def test_an_animation_is_sampled_from_first_to_last(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    frames = [landscape(seed=seed) for seed in range(9)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    (content,) = examine(data, frames=3)
    assert list(prints(content)) == ["frame 0", "frame 4", "frame 8"]
    assert content.gaps == ()


def test_pages_that_were_left_out_are_a_gap(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    """Pages are pictures of their own: no page stands for its neighbours."""
    pages = [landscape(seed=seed) for seed in range(5)]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    (content,) = examine(data, frames=3)
    assert content.frames == 3
    assert [gap.reason for gap in content.gaps] == [GapReason.TOO_LARGE]


def test_a_picture_of_several_jpegs(landscape: Landscape, encode: Encode, examine: Examine) -> None:
    pictures = [landscape(seed=seed) for seed in range(2)]
    (content,) = examine(encode(pictures[0], "MPO", save_all=True, append_images=pictures[1:]))
    assert list(prints(content)) == ["frame 0", "frame 1"]
    assert content.media_type == "image/jpeg"


def test_equal_frames_are_kept_once(landscape: Landscape, encode: Encode, examine: Examine) -> None:
    frames = [landscape(seed=seed) for seed in (1, 2, 1)]
    data = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    (content,) = examine(data)
    assert list(prints(content)) == ["frame 0", "frame 1"]
    assert content.frames == 3


def test_a_flat_frame_among_others_is_a_gap_of_its_own(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    frames = [landscape(), Image.new("RGB", (256, 192), "teal")]
    (content,) = examine(encode(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    assert list(prints(content)) == ["frame 0"]
    assert [(gap.reason, gap.part) for gap in content.gaps] == [(GapReason.FLAT, "frame 1")]


def test_a_flat_picture_has_no_signal_and_a_reason(encode: Encode, examine: Examine) -> None:
    (content,) = examine(encode(Image.new("RGB", (300, 200), "teal"), "PNG"))
    assert pixel_signals(content) == []
    assert [gap.reason for gap in content.gaps] == [GapReason.FLAT]
    assert {signal.kind for signal in content.signals} == {"md5", "sha1", "sha256"}


def test_dihedral_variants(landscape: Landscape, encode: Encode, examine: Examine) -> None:
    picture = landscape()
    (content,) = examine(encode(picture, "PNG"), dihedral=True)
    found = prints(content)
    assert len(found) == 8
    assert found[""] == prints(examine(encode(picture, "PNG"))[0])[""]


def test_dihedral_variants_of_frames(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    frames = [landscape(seed=seed) for seed in range(2)]
    data = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    (content,) = examine(data, dihedral=True)
    parts = [signal.part for signal in pixel_signals(content)]
    assert len(parts) == 16
    assert parts[0] == "frame 0"
    assert all(part.startswith(("frame 0", "frame 1")) for part in parts)
    assert sum(", " in part for part in parts) == 14


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_half_a_picture_is_damaged(
    landscape: Landscape, encode: Encode, examine: Examine, form: str
) -> None:
    data = encode(landscape(), form)
    (content,) = examine(data[: len(data) // 2])
    assert [gap.reason for gap in content.gaps] == [GapReason.DAMAGED]
    assert pixel_signals(content) == []
    assert len(content.signals) == 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_pictures_over_the_pixel_limit_are_not_decoded(
    landscape: Landscape, encode: Encode, examine: Examine, form: str
) -> None:
    (content,) = examine(encode(landscape(), form), pixels=256 * 192 - 1)
    assert [gap.reason for gap in content.gaps] == [GapReason.TOO_MANY_PIXELS]
    assert "256 x 192 pixels" in content.gaps[0].detail
    assert pixel_signals(content) == []


def test_a_lossless_webp_over_the_pixel_limit(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    (content,) = examine(encode(landscape(), "WEBP", lossless=True), pixels=1000)
    assert content.gaps[0].detail.startswith("256 x 192 pixels")


def test_the_preview_of_a_raw_picture_is_not_all_of_it(
    landscape: Landscape, encode: Encode, examine: Examine
) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[50706] = b"\x01\x04\x00\x00"
    tags.tagtype[50706] = 1
    (content,) = examine(encode(landscape(), "TIFF", tiffinfo=tags))
    assert len(pixel_signals(content)) == 1
    assert [gap.reason for gap in content.gaps] == [GapReason.UNSUPPORTED]


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("most", [1, 2, 3, 7, 64])
def test_samples_are_spread_evenly(frames: int, most: int) -> None:
    chosen = sampled(frames, most)
    assert len(chosen) == len(set(chosen)) <= most
    assert chosen[0] == 0
    if most > 1:
        assert chosen[-1] == frames - 1
        steps = np.diff(chosen)
        assert not len(steps) or steps.max() - steps.min() <= 1


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "1"])
def test_large_pictures_are_converted_in_strips(
    landscape: Landscape, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    picture = landscape().convert(mode)
    if mode == "RGBA":
        picture.putalpha(landscape(seed=2).convert("L"))
    whole, shown = plain_pixels(picture), over_white(picture)
    monkeypatch.setattr(pixels, "_STRIP_PIXELS", 256 * 7)
    np.testing.assert_array_equal(plain_pixels(picture), whole)
    if mode == "RGBA":
        assert shown is not None
        again = over_white(picture)
        assert again is not None
        np.testing.assert_array_equal(again, shown)
    else:
        assert shown is None
