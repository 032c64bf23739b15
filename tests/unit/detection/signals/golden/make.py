"""Write `pdq.json`: what the package `pdqhash` makes of the pictures in `pictures.py`.

    pip install pdqhash==0.2.8     # compiles; x86-64, whose roundings are the specification
    python -m tests.unit.detection.signals.golden.make

Only text is kept. The digest of the pixels is there to tell a changed picture from a changed hash.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pdqhash
from numpy.typing import NDArray
from tests.unit.detection.signals.golden.pictures import RECIPES

TARGET = Path(__file__).with_name("pdq.json")
TINY = [(1, 1), (2, 2), (1, 300), (4, 4), (4, 500), (500, 4)]
SMALL = [(5, 5), (5, 64), (64, 5), (6, 7), (31, 33), (32, 32), (33, 31), (63, 65), (64, 64)]
MIDDLE = [
    (64, 65),
    (65, 64),
    (127, 129),
    (128, 128),
    (129, 127),
    (240, 320),
    (256, 256),
    (257, 255),
]
LARGE = [(480, 640), (641, 479), (1004, 1600), (1003, 1599)]
LONG = [(5, 4000), (4000, 5), (100, 3000), (3000, 100)]
PLAN = [
    *[("noise", 1, size) for size in TINY + SMALL + MIDDLE + LONG],
    *[("haze", 2, size) for size in SMALL[5:] + MIDDLE + LARGE],
    *[("landscape", 2, size) for size in SMALL[4:] + MIDDLE + LARGE + LONG],
    *[("drawing", 3, size) for size in SMALL[4:] + MIDDLE + LARGE],
    *[("drawing", 4, size) for size in MIDDLE + LONG],
    *[("gradient", 5, size) for size in SMALL + MIDDLE],
    *[("checks", 8, size) for size in MIDDLE],
    *[("checks", 37, size) for size in MIDDLE + LARGE],
    ("plain", 0, (300, 400)),
    ("plain", 255, (300, 400)),
    ("landscape", 6, (1500, 2000)),
    ("gradient", 6, (3000, 4000)),
]


def hexadecimal(bits: NDArray[np.int64]) -> str:
    return np.packbits(bits.astype(np.uint8)).tobytes().hex()


def vector(recipe: str, seed: int, height: int, width: int) -> dict[str, object]:
    pixels = RECIPES[recipe](seed, height, width)
    bits, quality = pdqhash.compute(pixels)
    variants, dihedral_quality = pdqhash.compute_dihedral(pixels)
    made: dict[str, object] = {
        "recipe": recipe,
        "seed": seed,
        "height": height,
        "width": width,
        "pixels": hashlib.sha256(pixels.tobytes()).hexdigest()[:16],
        "quality": quality,
        "hash": hexadecimal(bits),
        "dihedral_quality": dihedral_quality,
        "dihedral": [hexadecimal(variant) for variant in variants],
    }
    if min(height, width) >= 5:
        # Below, the reference has no coefficients. They come last first, as the bits do.
        floats, _ = pdqhash.compute_float(pixels)
        made["spectrum"] = hashlib.sha256(floats[::-1].astype("<f4").tobytes()).hexdigest()[:16]
    return made


if __name__ == "__main__":
    vectors = [vector(recipe, seed, *size) for recipe, seed, size in PLAN]
    lines = ",\n".join(json.dumps(made) for made in vectors)
    TARGET.write_text(f"[\n{lines}\n]\n")
