from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.signals import twins
from tutela.detection.signals.thumbnail import kernels

sides = st.one_of(
    st.integers(1, 140),
    st.sampled_from([31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 383, 385]),
    st.integers(1, 700),
)


def noise(seed: int, *shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def assert_as_the_twin(pixels: NDArray[np.uint8], *, blur: bool = True) -> None:
    made, expected = (module.thumbnail(pixels, blur=blur) for module in (kernels, twins))
    assert made.dtype == expected.dtype
    np.testing.assert_array_equal(made, expected)


@settings(deadline=None, max_examples=200)
@given(height=sides, width=sides, grey=st.booleans(), seed=st.integers(0, 99))
def test_a_thumbnail_is_that_of_the_twin(height: int, width: int, grey: bool, seed: int) -> None:  # noqa: FBT001 - hypothesis hands it in
    shape = (height, width) if grey else (height, width, 3)
    assert_as_the_twin(noise(seed, *shape))


@pytest.mark.parametrize(
    "shape",
    [
        (1, 1, 3),
        (5, 30_000, 3),
        (30_000, 5, 3),
        (3, 9000),
        (9000, 3),
        (1600, 1004, 3),
        (1004, 1600),
        (2000, 4100, 3),
    ],
    ids=str,
)
def test_so_it_is_for_long_and_large_pictures(shape: tuple[int, ...]) -> None:
    assert_as_the_twin(noise(1, *shape))


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_so_it_is_for_one_colour(level: int) -> None:
    """The running sums go astray by their roundings, and always in the same way."""
    assert_as_the_twin(np.full((300, 500, 3), level, dtype=np.uint8))


def test_64_by_64_pixels_can_be_taken_as_they_are() -> None:
    assert_as_the_twin(noise(1, 64, 64, 3), blur=False)
    assert_as_the_twin(noise(2, 64, 64), blur=False)
    assert_as_the_twin(noise(3, 64, 64, 3), blur=True)


@pytest.mark.parametrize("red", range(0, 256, 5))
def test_brightness_is_that_of_the_twin(red: int) -> None:
    """For every green and blue, 4 096 of these colours at a time."""
    green, blue = np.indices((256, 256), dtype=np.uint8)
    colours = np.stack([np.full_like(green, red), green, blue], axis=-1)
    for pixels in colours.reshape(16, 64, 64, 3):
        assert_as_the_twin(pixels, blur=False)


def test_nothing_is_read_beyond_the_pixels() -> None:
    """Pixels that end where memory ends, in a process of its own: reading on would kill it."""
    subprocess.run([sys.executable, "-c", AT_THE_END], check=True, timeout=120)


AT_THE_END = """
import ctypes, mmap
import numpy as np
from tutela.detection.signals.thumbnail.kernels import thumbnail
room, page = 1 << 20, mmap.PAGESIZE
memory = mmap.mmap(-1, room + 2 * page)
base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None, use_errno=True)
for edge in (base, base + page + room):
    assert libc.mprotect(ctypes.c_void_p(edge), page, 0) == 0
pixels = np.frombuffer(memory, np.uint8, room, page)
for height in (1, 5, 31, 32, 33, 64, 100):
    for width in range(1, 140):
        for channels in ((), (3,)):
            size = height * width * (channels or (1,))[0]
            for place in (pixels[:size], pixels[-size:]):
                thumbnail(place.reshape(height, width, *channels), blur=True)
"""
