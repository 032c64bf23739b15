"""The mark: always there, to be read, and calm."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.rendering.covering import covered
from tutela.detection.media.rendering.rendition import Rendered, Rendition
from tutela.detection.media.rendering.watermark import marked

Pixels = NDArray[np.uint8]

WORDS = [
    f"{kind} {thing} {number}"
    for (kind, thing), number in zip(
        product(
            ("quiet", "amber", "silver", "early"), ("heron", "birch", "slate", "wren", "alder")
        ),
        range(3, 99, 4),
        strict=False,
    )
]


def flat(level: int, width: int = 192, height: int = 144) -> Pixels:
    return np.full((height, width), level, dtype=np.uint8)


def on_flat(words: str, level: int = 128, width: int = 192, height: int = 144) -> Pixels:
    return marked(flat(level, width, height), words, (width, height), (0, 0))


def fine(pixels: Pixels) -> NDArray[np.float64]:
    """What changes from pixel to pixel: letters do, skies and hills less."""
    grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels.astype(float)
    around = sum(np.roll(grey, shift, (0, 1)) for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)))
    result: NDArray[np.float64] = (grey - around / 4)[2:-2, 2:-2].clip(-40, 40)
    return result


def read(pixels: Pixels) -> str:
    """Which of `WORDS` stands on a picture: the reader knows neither the picture nor the words."""
    height, width = pixels.shape[:2]
    seen = fine(pixels)

    def fit(words: str) -> float:
        letters = fine(on_flat(words, 128, width, height))
        return float((seen * letters).sum() / np.sqrt((letters**2).sum()))

    return max(WORDS, key=fit)


@pytest.mark.parametrize("level", range(0, 256, 15))
def test_it_can_be_seen_on_every_grey_and_is_calm(level: int) -> None:
    pixels = on_flat("quiet heron 12", level).astype(int)
    assert pixels.max() - pixels.min() >= 55, "letters stand out"
    assert np.abs(pixels - level).max() <= 90, "they do not shout"
    assert np.abs(pixels - level).mean() <= 7, "they leave the picture alone"


@pytest.mark.parametrize("size", [96, 192, 384])
@pytest.mark.parametrize("blur", [0, 3])
def test_it_can_be_read_on_photographs_as_they_are_sent(
    photo_of: Callable[..., Image.Image],
    show: Callable[..., Rendered],
    seen: Callable[..., Pixels],
    size: int,
    blur: int,
) -> None:
    stream = io.BytesIO()
    photo_of(size // 96, 640, 480).save(stream, "JPEG")
    for words in WORDS[::4]:
        for grey in (True, False):
            rendered = show(stream.getvalue(), size=size, blur=blur, grey=grey, mark=words)
            assert read(seen(rendered)) == words


def test_a_picture_without_a_mark_is_not_read_by_chance(
    photo_of: Callable[..., Image.Image],
) -> None:
    """The reader above can fail: it finds another word where another stands."""
    pixels = covered(photo_of(3), Rendition(size=192, mark="m", blur=0))
    found = {read(marked(pixels, words, (192, 144), (0, 0))) for words in WORDS[:6]}
    assert found == set(WORDS[:6])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 90), st.integers(1, 90))
def test_a_part_has_the_words_where_the_whole_has_them(
    left: int, top: int, width: int, height: int
) -> None:
    whole = flat(100, 192, 192)
    part = whole[top : top + height, left : left + width]
    there = marked(whole, "quiet heron 12", (192, 192), (0, 0))
    assert (
        marked(part, "quiet heron 12", (192, 192), (left, top))
        == there[top : top + height, left : left + width]
    ).all()


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=64, min_size=1), st.integers(1, 300), st.integers(1, 300))
def test_any_words_on_any_size(words: str, width: int, height: int) -> None:
    assert on_flat(words, 128, width, height).shape == (height, width)


def test_strange_characters_become_question_marks() -> None:
    assert (on_flat("h\u00e9ron \u202e12") == on_flat("h?ron ?12")).all()


def test_colours_keep_their_hue_where_no_letters_are() -> None:
    pixels = np.empty((144, 192, 3), dtype=np.uint8)
    pixels[:] = (200, 100, 50)
    changed = (marked(pixels, "quiet heron 12", (192, 144), (0, 0)) != pixels).any(axis=2)
    assert 0.03 < changed.mean() < 0.25
