from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tutela.detection.signals import kernels, twins
from tutela.detection.signals.thumbnail.kernels import _thumbnail

Floats = NDArray[np.float32]

brightness = st.floats(min_value=0, max_value=255, width=32)
thumbs = arrays.arrays(np.float32, (64, 64), elements=brightness)
coefficients = arrays.arrays(
    np.float32,
    (16, 16),
    elements=st.one_of(
        st.sampled_from([-1.0, -0.0, 0.0, 1.0]), st.floats(-9000.0, 9000.0, width=32)
    ),
)


@settings(deadline=None)
@given(thumb=thumbs)
def test_quality_and_spectrum_are_those_of_the_twin(thumb: Floats) -> None:
    assert kernels.quality(thumb) == twins.quality(thumb)
    expected = twins.spectrum(thumb)
    assert kernels.spectrum(thumb).tobytes() == expected.tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_they_are_for_noise_too(seed: int) -> None:
    """hypothesis likes arrays that are mostly one number; these are not."""
    random = np.random.default_rng(seed)
    thumb = (random.random((64, 64)) * random.uniform(1, 255)).astype(np.float32)
    assert kernels.quality(thumb) == twins.quality(thumb)
    expected = twins.spectrum(thumb)
    assert kernels.spectrum(thumb).tobytes() == expected.tobytes()
    assert kernels.above_median(expected).tobytes() == twins.above_median(expected).tobytes()


@settings(deadline=None)
@given(values=coefficients)
def test_the_median_is_that_of_the_twin_with_ties_too(values: Floats) -> None:
    assert kernels.above_median(values).tobytes() == twins.above_median(values).tobytes()


ALL: tuple[Any, ...] = (
    _thumbnail,
    kernels.quality,
    kernels.spectrum,
    kernels.above_median,
)


def test_after_warming_nothing_is_compiled() -> None:
    """A child that decodes hostile bytes may neither compile nor open files."""
    kernels.warm()
    for pixels in (
        np.zeros((7, 9), dtype=np.uint8),
        np.zeros((7, 9, 3), dtype=np.uint8),
        np.zeros((64, 64, 3), dtype=np.uint8)[::-1],
        np.frombuffer(bytes(70 * 80 * 3), dtype=np.uint8).reshape(70, 80, 3),
    ):
        thumb = kernels.thumbnail(pixels, blur=pixels.shape[0] != 64)
        kernels.quality(thumb)
        kernels.above_median(kernels.spectrum(thumb))
    assert [len(function.signatures) for function in ALL] == [1, 1, 1, 1]


def test_warming_is_enough_for_every_method_of_pdq() -> None:
    """In a process of its own, where from then on compiling is an error."""
    program = """
import numpy as np
from tutela.detection.signals import kernels
from tutela.detection.signals.kind import PixelSignal
from tutela.detection.signals.pdq import Pdq
from tutela.detection.signals.thumbnail.kernels import _thumbnail
kernels.warm()
for function in (_thumbnail, kernels.quality, kernels.spectrum, kernels.above_median):
    function.disable_compile()
grey = np.random.default_rng(0).integers(0, 256, (70, 80), dtype=np.uint8)
for pixels in (grey, np.repeat(grey[..., None], 3, axis=2), grey[:64, :64], grey.T):
    results = [Pdq().of_pixels(pixels), *(result for _, result in Pdq().dihedral(pixels))]
    assert all(isinstance(result, PixelSignal) for result in results)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_no_two_operations_are_fused() -> None:
    """A fused multiply-add rounds once instead of twice: another hash, one day."""
    # What was loaded from disk has no assembly to show, so it is compiled again elsewhere.
    program = """
import numpy as np
from numba import njit
from tutela.detection.signals import kernels
for function in (kernels.quality, kernels.spectrum):
    again = njit(**function.targetoptions)(function.py_func)
    again(np.zeros((64, 64), np.float32))
    print(*again.inspect_asm().values())
"""
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120
    )
    assert "ret" in run.stdout
    assert re.findall(r"\b(?:vfn?m(?:add|sub)|fn?m(?:add|sub|la|ls))\w*", run.stdout) == []


def test_threads_do_not_disturb_each_other() -> None:
    pictures = [
        np.random.default_rng(seed).integers(0, 256, (300 + seed, 200, 3), dtype=np.uint8)
        for seed in range(8)
    ]
    expected = [twins.thumbnail(pixels, blur=True) for pixels in pictures]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            made = pool.map(lambda pixels: kernels.thumbnail(pixels, blur=True), pictures)
            for thumb, truth in zip(made, expected, strict=True):
                np.testing.assert_array_equal(thumb, truth)
