"""Covers: small, grey, without any detail; and parts, without anything of the rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.rendering.covering import (
    covered,
    fitting,
    part_of,
    sheet,
    uncovered_part,
)
from tutela.detection.media.rendering.rendition import Region, Rendition

Pixels = NDArray[np.uint8]

SEEDS = st.integers(0, 2**32 - 1)
MEANS = {1: 24, 2: 14, 3: 8}
MODES = st.sampled_from(["L", "RGB", "RGBA", "LA", "CMYK", "YCbCr"])


def noise(seed: int, width: int, height: int, mode: str = "RGB") -> Image.Image:
    """The sharpest picture there is: each pixel as it likes."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    shape = (height, width) if channels == 1 else (height, width, channels)
    return Image.frombytes(
        mode, (width, height), np.random.default_rng(seed).bytes(int(np.prod(shape)))
    )


def rendition(**asked: object) -> Rendition:
    return Rendition(**({"size": 96, "mark": "m", "blur": 0} | asked))  # type: ignore[arg-type]


def waves(pixels: Pixels) -> NDArray[np.float64]:
    """Strength of each frequency (DCT-II, orthonormal); [k, l] has k and l half waves."""
    grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels.astype(float)

    def basis(length: int) -> NDArray[np.float64]:
        k, x = np.mgrid[0:length, 0:length]
        rows = np.cos(np.pi * (x + 0.5) * k / length) * np.sqrt(2 / length)
        rows[0] /= np.sqrt(2)
        result: NDArray[np.float64] = rows
        return result

    result: NDArray[np.float64] = basis(grey.shape[0]) @ grey @ basis(grey.shape[1]).T
    return result


def fine_energy(pixels: Pixels, half_waves: int) -> float:
    """Energy of all that has more half waves along an edge than that, per pixel."""
    found = waves(pixels) ** 2
    found[:half_waves, :half_waves] = 0
    return float(found.sum() / found.size)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([16, 96, 192, 384]), MODES, SEEDS)
def test_it_is_no_larger_than_asked_for_and_never_enlarged(
    width: int, height: int, size: int, mode: str, seed: int
) -> None:
    pixels = covered(noise(seed, width, height, mode), rendition(size=size, grey=False))
    assert pixels.dtype == np.uint8
    assert max(pixels.shape[:2]) <= min(size, max(width, height))
    assert max(pixels.shape[:2]) >= min(size, max(width, height)) - 1
    across, down = pixels.shape[1] / width, pixels.shape[0] / height
    assert abs(across - down) <= 1.5 / min(width, height)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 3), MODES, SEEDS)
def test_grey_has_one_channel(width: int, height: int, blur: int, mode: str, seed: int) -> None:
    assert covered(noise(seed, width, height, mode), rendition(blur=blur)).ndim == 2
    assert covered(noise(seed, width, height, mode), rendition(blur=blur, grey=False)).ndim == 3


@pytest.mark.parametrize("blur", [1, 2, 3])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_nothing_sharp_is_left_of_random_pictures(blur: int, data: st.DataObject) -> None:
    """What has more than twice as many half waves as there are means is the tail of a curve."""
    size = data.draw(st.sampled_from([96, 192, 384]))
    width, height = data.draw(st.integers(24, 400)), data.draw(st.integers(24, 400))
    picture = noise(data.draw(SEEDS), width, height)
    # Also such as have strong large shapes: a board of black and white fields.
    if data.draw(st.booleans()):
        step = data.draw(st.integers(2, 60))
        y, x = np.mgrid[0:height, 0:width]
        board = ((x // step + y // step) % 2 * 255).astype(np.uint8)
        picture = Image.fromarray(board)
    cover = covered(picture, rendition(size=size, blur=blur))
    most = min(MEANS[blur], max(cover.shape) // 4)
    coarse = float(cover.var())
    assert fine_energy(cover, 2 * most) <= 0.02 * coarse + 0.5


def test_the_measure_of_sharpness_sees_what_is_sharp(photo_of: Callable[..., Image.Image]) -> None:
    """Without a blur, pictures are far over the bounds of the test above."""
    for picture, strengths in ((noise(1, 96, 96), (1, 2, 3)), (photo_of(3), (3,))):
        sharp = covered(picture, rendition())
        for blur in strengths:
            assert fine_energy(sharp, 2 * MEANS[blur]) > 2 * (0.02 * float(sharp.var()) + 0.5)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([(1, 96, 72, 24), (2, 84, 84, 14), (3, 96, 72, 8)]), SEEDS)
def test_a_cover_knows_nothing_but_means(case: tuple[int, int, int, int], seed: int) -> None:
    """Two pictures whose blocks have the same means have the same cover, whatever they show."""
    blur, width, height, means = case
    dice = np.random.default_rng(seed)
    block = width // means
    rows = height // block
    flat = np.kron(dice.integers(64, 192, (rows, means)), np.ones((block, block)))
    detail = dice.integers(-60, 61, (rows, block // 2, means, block)).astype(float)
    # The lower half of each block takes away what the upper one adds.
    fine = np.concatenate([detail, -detail], axis=1).reshape(height, width)
    asked = rendition(blur=blur)
    smooth = covered(Image.fromarray(flat.astype(np.uint8)), asked)
    sharp = covered(Image.fromarray((flat + fine).astype(np.uint8)), asked)
    assert np.abs(smooth.astype(int) - sharp).max() <= 4, "rounding apart; the detail is up to 60"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_part_holds_nothing_of_the_rest(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(8, 300)), data.draw(st.integers(8, 300))
    shares = st.floats(0, 1)
    region = Region(**{name: data.draw(shares) for name in ("x", "y", "width", "height")})
    asked = rendition(zoom=data.draw(st.integers(1, 4)), grey=data.draw(st.booleans()))
    picture = np.asarray(noise(data.draw(SEEDS), width, height))
    scale = min(1.0, asked.size * asked.zoom / max(width, height))
    # One pixel of the rendition around the region belongs to it at most.
    pixel = 1 / scale + 1
    inside = np.zeros((height, width, 1), dtype=bool)
    top, left = max(int(region.y * height - pixel), 0), max(int(region.x * width - pixel), 0)
    bottom = int((region.y + region.height) * height + pixel) + 1
    right = int((region.x + region.width) * width + pixel) + 1
    inside[top:bottom, left:right] = True
    other = np.where(inside, picture, 255 - picture)
    part = uncovered_part(Image.fromarray(picture), region, asked)
    assert (part.pixels == uncovered_part(Image.fromarray(other), region, asked).pixels).all()
    assert max(part.pixels.shape[:2]) <= asked.size
    assert part.at[0] <= part.whole[0]
    assert part.at[1] <= part.whole[1]


def test_a_part_is_what_the_whole_shows_there(photo_of: Callable[..., Image.Image]) -> None:
    photo, asked = photo_of(3), rendition(grey=False)
    whole = covered(photo, asked)
    region = Region(x=0.25, y=0.5, width=0.5, height=0.25)
    part = uncovered_part(photo, region, asked)
    assert (part.whole, part.at) == ((96, 72), (24, 36))
    there = whole[36:54, 24:72]
    assert part.pixels.shape == there.shape
    assert np.abs(part.pixels.astype(int) - there)[1:-1, 1:-1].mean() < 1
    assert (part_of(whole, region).pixels == there).all()


def test_a_part_can_be_seen_larger(photo_of: Callable[..., Image.Image]) -> None:
    region = Region(x=0.5, y=0.5, width=0.25, height=0.25)
    plain, zoomed, too_much = (
        uncovered_part(photo_of(3), region, rendition(zoom=zoom)).pixels.shape for zoom in (1, 2, 8)
    )
    assert (plain, zoomed) == ((18, 24), (36, 48))
    assert too_much == (60, 80), "never larger than it is"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=16))
def test_a_sheet_shows_each_picture_once_and_whole(sizes: list[tuple[int, int]]) -> None:
    stills = [np.full(size, number + 1, dtype=np.uint8) for number, size in enumerate(sizes)]
    page, columns = sheet(stills)
    assert columns**2 >= len(stills) > (columns - 1) ** 2
    for number, (height, width) in enumerate(sizes):
        assert (page == number + 1).sum() == height * width
    shapes = [np.argwhere(page == number + 1) for number in range(len(sizes))]
    for places, (height, width) in zip(shapes, sizes, strict=True):
        spans = places.max(axis=0) - places.min(axis=0) + 1
        assert tuple(spans) == (height, width)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 512))
def test_fitting_keeps_at_least_a_pixel(width: int, height: int, most: int) -> None:
    fitted = fitting(width, height, most)
    assert min(fitted) >= 1
    assert max(fitted) == min(most, max(width, height))


def test_what_is_transparent_is_shown_on_grey() -> None:
    """Both black and white on nothing can be seen."""
    for colour in (0, 255):
        image = Image.new("LA", (40, 40), (colour, 0))
        image.paste((colour, 255), (10, 10, 30, 30))
        pixels = covered(image, rendition())
        assert pixels[2, 2] == 128
        assert pixels[20, 20] == colour
