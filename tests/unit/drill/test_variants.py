from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tutela.detection.signals.kind import PixelSignal
from tutela.detection.signals.pdq import Pdq
from tutela.drill import variants
from tutela.drill.photographs import listed, unrelated
from tutela.drill.plan import Recipe, recipes
from tutela.model.verdict import Verdict

DISTANCE = 31
"""Greatest distance at which a bank lets PDQ match."""
FAR = 90
"""Photographs that have nothing in common are about 128 bits apart."""
MATCHING = [recipe for recipe in recipes() if recipe.kind.expected is Verdict.MATCH]


def fingerprint(data: bytes) -> tuple[bytes, int]:
    with Image.open(BytesIO(data)) as image:
        signal = Pdq().of_pixels(np.asarray(image.convert("RGB")))
    assert isinstance(signal, PixelSignal)
    return signal.value, signal.quality


def apart(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


@pytest.fixture(scope="module")
def known() -> dict[str, bytes]:
    return {photograph.name: fingerprint(photograph.data)[0] for photograph in listed()}


@pytest.mark.parametrize("recipe", MATCHING)
def test_each_edit_of_each_photograph_stays_within_the_distance(
    recipe: Recipe, known: dict[str, bytes]
) -> None:
    for photograph in listed():
        value, _ = fingerprint(recipe.edit(photograph.data))
        assert apart(value, known[photograph.name]) <= DISTANCE


def test_photographs_are_clear_and_distinct(known: dict[str, bytes]) -> None:
    everything = list(known.values())
    for photograph in listed() + unrelated():
        value, quality = fingerprint(photograph.data)
        assert quality >= 80
        everything.extend([value] * (photograph in unrelated()))
    for number, left in enumerate(everything):
        assert all(apart(left, right) > FAR for right in everything[:number])


def test_one_photograph_has_the_size_that_figures_are_given_for() -> None:
    assert (1600, 1004) in set(sizes())


def sizes() -> Iterator[tuple[int, int]]:
    for photograph in listed():
        with Image.open(BytesIO(photograph.data)) as image:
            yield image.size


@pytest.mark.parametrize("percent", [1, 2, 3])
def test_a_crop_cuts_off_that_share_of_the_area(percent: int) -> None:
    photograph = listed()[0]
    with Image.open(BytesIO(photograph.data)) as image:
        before = image.width * image.height
    with Image.open(BytesIO(variants.cropped(percent)(photograph.data))) as image:
        after = image.width * image.height
    assert 1 - after / before == pytest.approx(percent / 100, rel=0.1)


def test_marks_change_the_picture() -> None:
    data = listed()[0].data
    plain = variants.encoded("PNG")(data)
    for mark in (variants.corner_mark(), variants.centre_mark()):
        with Image.open(BytesIO(mark(data))) as marked, Image.open(BytesIO(plain)) as original:
            difference = np.asarray(marked).astype(int) - np.asarray(original)
        assert abs(difference).max() > 30


@pytest.mark.parametrize("edit", [variants.cut_off, variants.headless, variants.text])
def test_what_is_spoiled_is_no_whole_picture(edit: variants.Edit) -> None:
    data = edit(unrelated()[0].data)
    with (
        pytest.raises(OSError, match=r"truncated|cannot identify"),
        Image.open(BytesIO(data)) as image,
    ):
        image.load()
