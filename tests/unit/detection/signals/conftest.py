"""The golden pictures and what the reference makes of them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

GOLDEN = Path(__file__).with_name("golden")


class Vector(msgspec.Struct, frozen=True):
    """One picture and what `pdqhash` makes of it."""

    recipe: str
    seed: int
    height: int
    width: int
    pixels: str
    quality: int
    hash: str
    dihedral_quality: int
    dihedral: tuple[str, ...]
    spectrum: str = ""

    def __str__(self) -> str:
        return f"{self.recipe}-{self.seed}-{self.width}x{self.height}"


def _pictures() -> ModuleType:
    """`golden/pictures.py`, which is no package: tests are found by path."""
    spec = importlib.util.spec_from_file_location("golden_pictures", GOLDEN / "pictures.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a `vector` with each of them."""
    if "vector" in metafunc.fixturenames:
        vectors = msgspec.json.decode((GOLDEN / "pdq.json").read_bytes(), type=list[Vector])
        # One vector after the other, so that the pixels of each are made once.
        metafunc.parametrize("vector", vectors, ids=str, scope="module")


@pytest.fixture(scope="session")
def picture() -> Callable[..., NDArray[np.uint8]]:
    """Make a golden picture of its recipe, seed, height and width."""
    recipes = _pictures().RECIPES

    def made(recipe: str, seed: int, height: int, width: int) -> NDArray[np.uint8]:
        pixels: NDArray[np.uint8] = recipes[recipe](seed, height, width)
        return pixels

    return made


@pytest.fixture(scope="module")
def pixels(vector: Vector, picture: Callable[..., NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The pixels of a golden vector."""
    return picture(vector.recipe, vector.seed, vector.height, vector.width)
