"""Landscapes drawn by code, and what looks at them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.examine import Examiner
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.signals.registry import builtin_kinds
from tutela.model import Content

Landscape = Callable[..., Image.Image]
Encode = Callable[..., bytes]
Examine = Callable[..., list[Content]]


def draw_landscape(width: int = 256, height: int = 192, seed: int = 1) -> Image.Image:
    """Sky, sun, three ranges of hills and a lake; never the same for two seeds."""
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    pixels = np.stack([120 + 90 * y, 160 + 60 * y, 230 - 20 * y], axis=-1)
    across, down, size = dice.uniform([0.1, 0.1, 0.05], [0.9, 0.3, 0.12])
    pixels[np.hypot((x - across) * width / height, y - down) < size] = (250, 230, 120)
    for distance in range(3):
        ridge = 0.45 + 0.15 * distance
        for wave in range(1, 5):
            ridge += (
                dice.uniform(-0.1, 0.1) / wave * np.sin(2 * np.pi * wave * (x + dice.uniform()))
            )
        shade = np.array([70, 120, 80]) * (1 - 0.25 * distance) + dice.uniform(-20, 20, 3)
        pixels[y > ridge] = shade
    pixels[y > 0.92] = (60, 100, 160)
    pixels += dice.normal(0, 3, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encode_picture(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def bits_apart(left: str, right: str) -> int:
    return (int(left, 16) ^ int(right, 16)).bit_count()


@pytest.fixture(scope="session")
def landscape() -> Landscape:
    return draw_landscape


@pytest.fixture(scope="session")
def encode() -> Encode:
    return encode_picture


@pytest.fixture(scope="session")
def pdq() -> Callable[[NDArray[np.uint8]], str]:
    """The fingerprint of pixels, straight from the signal kind."""
    (kind,) = builtin_kinds().pixel_kinds

    def fingerprint(pixels: NDArray[np.uint8]) -> str:
        result = kind.of_pixels(np.ascontiguousarray(pixels))
        assert hasattr(result, "value"), result
        return kind.text(result.value)

    return fingerprint


@pytest.fixture(scope="session")
def apart() -> Callable[[str, str], int]:
    return bits_apart


@pytest.fixture
def examine() -> Examine:
    """Looks at bytes in this process, without any wall: for what is no attack."""

    def look(
        data: bytes,
        *,
        archives: bool = True,
        dihedral: bool = False,
        exact_pixels: bool = False,
        **limits: float,
    ) -> list[Content]:
        members: list[Content] = []
        examiner = Examiner(
            builtin_kinds(),
            msgspec.convert(limits, Limits),
            Watch(60, deadly=False),
            archives=archives,
            dihedral=dihedral,
            exact_pixels=exact_pixels,
        )
        return [examiner.examine_bytes(data, members.append), *members]

    return look


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def pool() -> Iterator[DecoderPool]:
    """A pool with one child, for all tests that leave it whole."""
    with DecoderPool(children=1, limits=Limits()) as pool:
        pool.wait_ready(300)
        yield pool


PATIENCE = 120.0


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


class OwnPool(NamedTuple):
    """A pool that a test may treat badly.

    Attributes:
        ids: gives the process ids of its children.
    """

    pool: DecoderPool
    ids: Callable[[], set[int]]


@contextmanager
def start_pool(children: int = 1, **limits: float) -> Iterator[OwnPool]:
    """A pool with all its children ready."""
    with DecoderPool(children=children, limits=Limits(**limits)) as pool:  # type: ignore[arg-type]
        pool.wait_ready(PATIENCE)
        until(lambda: len(pool.child_ids) == children)
        yield OwnPool(pool, lambda: set(pool.child_ids))


@pytest.fixture
def own_pool() -> Callable[..., AbstractContextManager[OwnPool]]:
    return start_pool


@pytest.fixture(scope="session")
def photo(landscape: Landscape, encode: Encode) -> bytes:
    return encode(landscape(640, 480), "JPEG")
