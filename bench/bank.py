"""A bank and photographs to measure with: always the same, made once per scratch folder."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.signals.kind import PixelSignal
from tutela.detection.signals.pdq import Pdq
from tutela.drill import photographs
from tutela.drill.photographs import Photograph

SEED = 2026
KNOWN = 6
"""So many of the twelve shipped photographs are in the bank, so that half of a folder is known."""

QUALITIES = (95, 90, 85, 80, 75)


def random_signals(count: int) -> NDArray[np.uint8]:
    """PDQ signals that nothing has, uniform, shape (count, 32)."""
    return np.random.default_rng(SEED).integers(256, size=(count, 32), dtype=np.uint8)


def signal_of(photograph: Photograph) -> bytes:
    """The PDQ signal of a shipped photograph."""
    with Image.open(io.BytesIO(photograph.data)) as image:
        result = Pdq().of_pixels(np.asarray(image.convert("RGB")))
    if not isinstance(result, PixelSignal):
        raise SystemExit(f"{photograph.name} has no signal: {result.detail}")
    return result.value


def signals(entries: int) -> Iterator[str]:
    """The signals of the bank in hex: the known photographs, and random ones."""
    known = [signal_of(photograph).hex() for photograph in photographs.listed()[:KNOWN]]
    digits = random_signals(entries - len(known)).tobytes().hex()
    yield from known
    yield from (digits[at : at + 64] for at in range(0, len(digits), 64))


def bank_file(work: Path, entries: int) -> Path:
    """A bank file (CSV) with so many PDQ signals; made if it is not there yet."""
    path = work / f"bank-{entries}.csv"
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("w") as file:
            file.write("type,value\n")
            file.writelines(f"pdq,{value}\n" for value in signals(entries))
        part.rename(path)
    return path


def photograph_folder(work: Path, count: int) -> Path:
    """A folder of JPEG files, each another variant of a shipped photograph of 1.4 megapixels."""
    folder = work / f"photographs-{count}"
    if not folder.exists():
        part = work / f"photographs-{count}.part"
        part.mkdir(exist_ok=True)
        for number, photograph in zip(
            range(count), itertools.cycle(photographs.listed()), strict=False
        ):
            (part / f"{number:06}.jpg").write_bytes(_variant(photograph, number))
        part.rename(folder)
    return folder


def _variant(photograph: Photograph, number: int) -> bytes:
    """The photograph in another JPEG quality, a few pixels narrower."""
    with Image.open(io.BytesIO(photograph.data)) as image:
        width = image.width - number // len(QUALITIES) % 20
        out = io.BytesIO()
        image.crop((0, 0, width, image.height)).save(
            out, "JPEG", quality=QUALITIES[number % len(QUALITIES)]
        )
    return out.getvalue()
