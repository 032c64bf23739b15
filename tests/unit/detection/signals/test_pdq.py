from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.signals import kernels
from tutela.detection.signals.kind import NoSignal, PixelSignal
from tutela.detection.signals.pdq import Pdq
from tutela.errors import InvalidInput
from tutela.model import GapReason

if TYPE_CHECKING:
    from tests.unit.detection.signals.conftest import Vector

Pixels = NDArray[np.uint8]
Picture = Callable[..., Pixels]

NAMES = (
    "original",
    "rotate90",
    "rotate180",
    "rotate270",
    "flip_x",
    "flip_y",
    "flip_plus1",
    "flip_minus1",
)
# From pdq/README of facebook/ThreatExchange: one of its published hashes.
PUBLISHED = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@pytest.fixture
def pdq() -> Pdq:
    return Pdq()


def distance(left: PixelSignal | NoSignal, right: PixelSignal | NoSignal) -> int:
    assert isinstance(left, PixelSignal)
    assert isinstance(right, PixelSignal)
    return (int.from_bytes(left.value) ^ int.from_bytes(right.value)).bit_count()


def test_the_golden_pictures_are_the_same_everywhere(vector: Vector, pixels: Pixels) -> None:
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == vector.pixels


def test_a_hash_is_that_of_the_reference_bit_for_bit(
    vector: Vector, pixels: Pixels, pdq: Pdq
) -> None:
    result = pdq.of_pixels(pixels)
    if vector.quality < 50:
        assert isinstance(result, NoSignal)
        assert result.reason is GapReason.FLAT
    else:
        assert isinstance(result, PixelSignal)
        assert (pdq.text(result.value), result.quality) == (vector.hash, vector.quality)


def test_turned_and_mirrored_hashes_are_those_of_the_reference(
    vector: Vector, pixels: Pixels, pdq: Pdq
) -> None:
    variants = pdq.dihedral(pixels)
    assert tuple(name for name, _ in variants) == NAMES
    for (_, result), golden in zip(variants, vector.dihedral, strict=True):
        if vector.dihedral_quality < 50:
            assert isinstance(result, NoSignal)
        else:
            assert isinstance(result, PixelSignal)
            expected = (golden, vector.dihedral_quality)
            assert (pdq.text(result.value), result.quality) == expected


def test_the_vectors_hold_flat_small_and_good_pictures(picture: Picture, pdq: Pdq) -> None:
    """A test above that never saw a refusal would prove half."""
    flat = pdq.of_pixels(picture("haze", 2, 1004, 1600))
    small = pdq.of_pixels(picture("noise", 1, 4, 500))
    good = pdq.of_pixels(picture("landscape", 2, 1004, 1600))
    assert isinstance(flat, NoSignal)
    assert flat.detail.endswith("of 100, 50 needed")
    assert isinstance(small, NoSignal)
    assert "500 by 4 pixels" in small.detail
    assert isinstance(good, PixelSignal)


def test_the_least_quality_is_50(picture: Picture, pdq: Pdq) -> None:
    """A landscape of growing contrast: a signal appears at quality 50 and not before."""
    bright = picture("landscape", 2, 256, 256).astype(np.int64) - 128
    seen = {}
    for contrast in range(200, 400, 2):
        pixels = (128 + bright * contrast // 512).astype(np.uint8)
        score = int(kernels.quality(kernels.thumbnail(pixels, blur=True)))
        seen[score] = type(pdq.of_pixels(pixels))
    assert {49, 50} <= set(seen)
    assert all(kind is (PixelSignal if score >= 50 else NoSignal) for score, kind in seen.items())


def test_a_grey_picture_is_its_copy_in_rgb(pixels: Pixels, pdq: Pdq) -> None:
    grey = pixels[..., 1]
    assert pdq.of_pixels(grey) == pdq.of_pixels(np.repeat(grey[..., None], 3, axis=2))


TURNS: dict[str, Callable[[Pixels], Pixels]] = {
    "original": lambda pixels: pixels,
    "rotate90": np.rot90,
    "rotate180": lambda pixels: np.rot90(pixels, 2),
    "rotate270": lambda pixels: np.rot90(pixels, 3),
    "flip_x": np.flipud,
    "flip_y": np.fliplr,
    "flip_plus1": lambda pixels: pixels.transpose(1, 0, 2),
    "flip_minus1": lambda pixels: np.rot90(pixels, 2).transpose(1, 0, 2),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_what_was_done(name: str, picture: Picture, pdq: Pdq) -> None:
    """480 by 640: whole windows in both directions, so that the blur is nearly symmetric."""
    pixels = picture("landscape", 2, 480, 640)
    variants = dict(pdq.dihedral(pixels))
    truth = pdq.of_pixels(TURNS[name](pixels))
    assert distance(variants[name], truth) <= 30
    others = [distance(other, truth) for key, other in variants.items() if key != name]
    assert min(others) > 90


@pytest.mark.parametrize("size", [(48, 64), (64, 48), (300, 200)])
def test_pixels_may_lie_in_memory_in_any_way(
    size: tuple[int, int], picture: Picture, pdq: Pdq
) -> None:
    pixels = picture("landscape", 2, *size)
    frozen = pixels.copy()
    frozen.flags.writeable = False
    wide = np.zeros((*size, 4), dtype=np.uint8)
    wide[..., :3] = pixels
    expected = pdq.of_pixels(pixels)
    assert pdq.of_pixels(frozen) == expected
    assert pdq.of_pixels(np.asfortranarray(pixels)) == expected
    assert pdq.of_pixels(wide[..., :3]) == expected
    assert pdq.of_pixels(pixels[::-1][::-1]) == expected
    assert pixels.flags.writeable


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((64, 64), dtype=np.float32),
        np.zeros((64, 64), dtype=np.int8),
        np.zeros(4096, dtype=np.uint8),
        np.zeros((64, 64, 1), dtype=np.uint8),
        np.zeros((64, 64, 4), dtype=np.uint8),
        np.zeros((2, 64, 64, 3), dtype=np.uint8),
    ],
    ids=lambda pixels: f"{pixels.dtype}-{pixels.shape}",
)
def test_other_arrays_are_refused(pixels: Pixels, pdq: Pdq) -> None:
    with pytest.raises(InvalidInput, match="no pixels"):
        pdq.of_pixels(pixels)
    with pytest.raises(InvalidInput, match="no pixels"):
        pdq.dihedral(pixels)


@pytest.mark.parametrize("shape", [(0, 0), (0, 9, 3), (9, 0, 3), (4, 900, 3), (900, 4)])
def test_a_picture_below_5_by_5_has_no_signal(shape: tuple[int, ...], pdq: Pdq) -> None:
    pixels = np.zeros(shape, dtype=np.uint8)
    result = pdq.of_pixels(pixels)
    assert isinstance(result, NoSignal)
    assert result.reason is GapReason.FLAT
    assert dict(pdq.dihedral(pixels)) == dict.fromkeys(NAMES, result)


@given(st.binary(min_size=32, max_size=32))
def test_every_known_text_form_is_read(value: bytes) -> None:
    pdq = Pdq()
    texts = [value.hex(), value.hex().upper(), b64encode(value).decode()]
    for text in texts:
        assert pdq.parse(text) == value
        assert pdq.parse(f" \t{text}\r\n") == value
    assert pdq.text(value) == value.hex()


def test_a_published_hash_keeps_its_text(pdq: Pdq) -> None:
    assert pdq.text(pdq.parse(PUBLISHED)) == PUBLISHED
    assert pdq.parse(PUBLISHED)[:2] == b"\xf8\xf8"


@pytest.mark.parametrize(
    "text",
    [
        "",
        PUBLISHED[:-1],
        PUBLISHED + "0",
        PUBLISHED[:-2] + "zz",
        PUBLISHED[:32] + " " + PUBLISHED[32:],
        " ".join(PUBLISHED[i : i + 2] for i in range(0, 64, 2)),
        b64encode(bytes(31)).decode(),
        b64encode(bytes(33)).decode(),
        b64encode(bytes(32)).decode().rstrip("="),
        "\N{FULLWIDTH DIGIT ZERO}" * 64,
    ],
)
def test_other_texts_are_refused_and_not_repeated(text: str, pdq: Pdq) -> None:
    with pytest.raises(InvalidInput) as caught:
        pdq.parse(text)
    assert str(caught.value) == (
        "expected a PDQ fingerprint: 64 hexadecimal digits, or base64 of 32 bytes"
    )
    assert caught.value.__context__ is None
