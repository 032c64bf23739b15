from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from tutela.detection.signals import twins

if TYPE_CHECKING:
    from tests.unit.detection.signals.conftest import Vector


def test_the_twin_is_the_reference_bit_for_bit(vector: Vector, pixels: NDArray[np.uint8]) -> None:
    """Down to the last digit of each coefficient, which no hash would show."""
    if not vector.spectrum:
        assert min(pixels.shape[:2]) < 5
        return
    thumb = twins.thumbnail(pixels, blur=pixels.shape[:2] != (64, 64))
    coefficients = twins.spectrum(thumb)
    digest = hashlib.sha256(coefficients.astype("<f4").tobytes()).hexdigest()
    assert digest[:16] == vector.spectrum
    assert twins.quality(thumb) == vector.quality
    assert twins.above_median(coefficients).tobytes().hex() == vector.hash


@pytest.mark.parametrize("red", range(0, 256, 5))
def test_brightness_is_the_float32_next_to_the_true_one(red: int) -> None:
    """For every green and blue: the kernel divides a whole number instead of adding fractions."""
    green, blue = np.indices((256, 256), dtype=np.uint8)
    pixels = np.stack([np.full_like(green, red), green, blue], axis=-1)
    whole = (pixels.astype(np.int64) * (299, 587, 114)).sum(axis=-1)
    expected = whole.astype(np.float32) / np.float32(1000)
    np.testing.assert_array_equal(twins.luma(pixels), expected)


def test_grey_is_its_own_brightness() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(twins.luma(grey), grey)
    np.testing.assert_array_equal(twins.luma(rgb), grey)


def test_the_median_is_the_lower_of_the_two_in_the_middle() -> None:
    coefficients = np.arange(256, dtype=np.float32).reshape(16, 16)
    bits = np.unpackbits(twins.above_median(coefficients))
    assert bits.sum() == 128
    assert bits[:128].all()
    assert not twins.above_median(np.zeros((16, 16), dtype=np.float32)).any()
