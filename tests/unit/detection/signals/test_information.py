from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tutela.detection.signals.information import (
    BUSY_SHARE,
    PLAIN_SHARE,
    Floats,
    busy_share,
    low_information,
    plain_share,
)
from tutela.detection.signals.kernels import thumbnail
from tutela.detection.signals.kind import PixelSignal
from tutela.detection.signals.pdq import Pdq
from tutela.drill.photographs import listed, unrelated
from tutela.model import LowInformation

WORDS = ["river", "garden", "window", "table", "bridge", "paper", "bread", "music", "train"]


def thumb_of(image: Image.Image) -> Floats:
    return thumbnail(np.asarray(image.convert("RGB")), blur=True)


def photographs() -> Iterator[Image.Image]:
    for one in (*listed(), *unrelated()):
        yield Image.open(io.BytesIO(one.data)).convert("RGB")


def lines(count: int, *, size: int = 800) -> Image.Image:
    """A few lines of harmless words in the middle of a white page."""
    page = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(page)
    for line in range(count):
        words = " ".join(WORDS[line : line + 6])
        draw.text((80, size // 2 - 20 * count + 40 * line), words, "black", font_size=36)
    return page


def framed(photograph: Image.Image, share: float, colour: str) -> Image.Image:
    """A photograph in the middle of a plain page of which it covers a share."""
    page = Image.new("RGB", (800, 800), colour)
    side = int(800 * share**0.5)
    page.paste(photograph.resize((side, side)), ((800 - side) // 2, (800 - side) // 2))
    return page


def test_no_photograph_is_plain() -> None:
    for photograph in photographs():
        assert low_information(thumb_of(photograph)) is None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_words_on_a_page_are_plain(count: int) -> None:
    assert low_information(thumb_of(lines(count))) is LowInformation.PLAIN


def test_a_full_page_of_text_is_not(  # its fingerprint tells it from others: see the manual
) -> None:
    assert low_information(thumb_of(lines(19))) is None


@pytest.mark.parametrize("colour", ["white", "black", "#36c"])
def test_a_small_picture_in_a_wide_border_is_plain_and_a_large_one_is_not(colour: str) -> None:
    photograph = next(photographs())
    assert low_information(thumb_of(framed(photograph, 0.05, colour))) is LowInformation.PLAIN
    for share in (0.2, 0.5, 0.9):
        assert low_information(thumb_of(framed(photograph, share, colour))) is None


def test_the_fingerprint_carries_it_however_the_picture_is_turned() -> None:
    pixels = np.ascontiguousarray(np.asarray(lines(2)))
    plain = Pdq().of_pixels(pixels)
    assert isinstance(plain, PixelSignal)
    assert plain.low_information is LowInformation.PLAIN
    results = [result for _, result in Pdq().dihedral(pixels)]
    assert {result.low_information for result in results if isinstance(result, PixelSignal)} == {
        LowInformation.PLAIN
    }
    photograph = Pdq().of_pixels(np.ascontiguousarray(np.asarray(next(photographs()))))
    assert isinstance(photograph, PixelSignal)
    assert photograph.low_information is None


def slow_plain_share(thumb: Floats) -> float:
    levels = np.clip(thumb, 0, 255).astype(int)
    return max(float(((levels >= low) & (levels <= low + 12)).mean()) for low in range(-12, 256))


def slow_busy_share(thumb: Floats) -> float:
    busy = 0
    for top in range(0, 64, 8):
        for left in range(0, 64, 8):
            busy += any(
                (x and abs(thumb[y, x] - thumb[y, x - 1]) > 4)
                or (y and abs(thumb[y, x] - thumb[y - 1, x]) > 4)
                for y in range(top, top + 8)
                for x in range(left, left + 8)
            )
    return busy / 64


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(-20, 280))
def test_the_shares_are_what_they_say(seed: int, share: float, level: float) -> None:
    rng = np.random.default_rng(seed)
    thumb = rng.uniform(-10, 265, (64, 64)).astype(np.float32)
    thumb[: int(64 * share)] = level
    assert plain_share(thumb) == pytest.approx(slow_plain_share(thumb))
    assert busy_share(thumb) == pytest.approx(slow_busy_share(thumb))
    plain = plain_share(thumb) >= PLAIN_SHARE and busy_share(thumb) <= BUSY_SHARE
    assert (low_information(thumb) is not None) == plain
