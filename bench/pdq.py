"""PDQ against the package `pdqhash`: the same bits, and how many pictures per second.

    pip install pdqhash==0.2.8
    python bench/pdq.py [--pictures N] [--json]

Both get the same RGB pixels in memory; the pictures are made by code. Equality is the point of the
first half: pictures of random sizes and contents, every hash, quality and dihedral variant.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator

import numpy as np
import pdqhash
from numpy.typing import NDArray

from tutela.detection.signals import kernels
from tutela.detection.signals.pdq import Pdq

Pixels = NDArray[np.uint8]
SIZES = ((480, 640), (1004, 1600), (3000, 4000))


def pictures(count: int) -> Iterator[Pixels]:
    """Random fields, from single pixels to a third of the picture, in random sizes."""
    random = np.random.default_rng(2026)
    for _ in range(count):
        height, width = np.exp(random.uniform(np.log(5), np.log(900), 2)).astype(int)
        field = int(random.integers(1, max(2, min(height, width) // 3 + 2)))
        coarse = random.integers(0, 256, (height // field + 1, width // field + 1, 3))
        whole = coarse.astype(np.uint8).repeat(field, 0).repeat(field, 1)
        yield np.ascontiguousarray(whole[:height, :width])


def packed(bits: NDArray[np.int64]) -> bytes:
    """The bits of the reference, first bit first, as bytes."""
    return np.packbits(bits.astype(np.uint8)).tobytes()


def ours(pixels: Pixels, *, blur: bool) -> tuple[bytes, int]:
    """Bits and quality, also below the quality at which there is no signal."""
    thumb = kernels.thumbnail(pixels, blur=blur)
    return kernels.above_median(kernels.spectrum(thumb)).tobytes(), int(kernels.quality(thumb))


def differences(count: int) -> int:
    """How many of so many pictures get other bits or another quality than from the reference."""
    pdq, wrong = Pdq(), 0
    for pixels in pictures(count):
        bits, quality = pdqhash.compute(pixels)
        same = ours(pixels, blur=pixels.shape[:2] != (64, 64)) == (packed(bits), quality)
        variants, _ = pdqhash.compute_dihedral(pixels)
        for (_, result), variant in zip(pdq.dihedral(pixels), variants, strict=True):
            same &= getattr(result, "value", packed(variant)) == packed(variant)
        wrong += not same
    return wrong


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The quickest of some rounds: what else runs on the machine only ever adds time."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def speed(height: int, width: int) -> dict[str, object]:
    """Milliseconds for one picture of that size, by both."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pdq = Pdq()
    reference = seconds(lambda: pdqhash.compute(pixels), 15) * 1000
    own = seconds(lambda: pdq.of_pixels(pixels), 100) * 1000
    return {
        "size": f"{width} x {height}",
        "pdqhash_ms": round(reference, 3),
        "tutela_ms": round(own, 3),
        "times": round(reference / own, 1),
        "megapixels_per_second": round(height * width / own / 1000),
    }


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000, help="compared bit for bit")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kernels.warm()
    wrong = differences(options.pictures)
    speeds = [speed(*size) for size in SIZES]
    if options.json:
        print(json.dumps({"pictures": options.pictures, "different": wrong, "speed": speeds}))
        return
    print(f"{options.pictures} pictures compared, {wrong} different")
    for row in speeds:
        print("{size:>12} {pdqhash_ms:9} ms {tutela_ms:8} ms {times:6} times".format(**row))


if __name__ == "__main__":
    main()
