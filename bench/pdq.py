"""PDQ against Pillow and the package `pdqhash`: the same bits, how many differ, and how fast.

    pip install pdqhash==0.2.8
    python bench/pdq.py [--folder FOLDER] [--pictures N] [--variants N] [--json]

1. The same pixels give the same bits, quality and dihedral variants: pictures made by code.
2. A large JPEG is decoded at a part of its size where that does. How many bits are then other than
   those of its full decode is counted over variants of photographs, over drawings, and over
   patterns that were made to be as hard as they can be.
3. From the bytes of a JPEG file of a megapixel or more to its signal, ours and theirs in turn, on
   one core, in processor time. Theirs is `Image.open(...).convert("RGB")` and `pdqhash.compute`.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image, ImageFile

from hard import drawings, patterns, variants
from machine import Machine, describe
from own import Own, apart
from photographs import Picture, collected
from tutela.detection.media.child import keep_memory
from tutela.detection.media.formats.decode import prepare
from tutela.detection.signals import kernels
from tutela.detection.signals.pdq import Pdq
from tutela.model.record import Record

Pixels = NDArray[np.uint8]
ROUNDS = 7


class Histogram(Record, frozen=True, kw_only=True):
    """Bits between the fingerprint that is made and that of the full decode.

    Attributes:
        bits: how many pictures differ in so many bits.
        decoded: how many were decoded at 1/8, 1/4 and 1/2 of their size, and whole ("1").
    """

    pictures: int
    mean: float
    worst: int
    bits: dict[int, int]
    decoded: dict[str, int]


class Speed(Record, frozen=True, kw_only=True):
    """Processor time from bytes to signal, medians."""

    files: int
    megapixels: float
    own_ms: float
    reference_ms: float
    times: float
    least_times: float


class Result(Record, frozen=True, kw_only=True):
    """Everything that was measured."""

    machine: Machine
    compared: int
    different: int
    photographs: Histogram
    drawings: Histogram
    patterns: Histogram
    shipped: Speed
    all_files: Speed


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
        turned, _ = pdqhash.compute_dihedral(pixels)
        for (_, result), variant in zip(pdq.dihedral(pixels), turned, strict=True):
            same &= getattr(result, "value", packed(variant)) == packed(variant)
        wrong += not same
    return wrong


def histogram(files: Iterator[bytes]) -> Histogram:
    """Count bits between the fingerprint that is made and that of the full decode.

    The full decode is fingerprinted by our kernel, which the part before shows to be the
    reference. Pictures that are too flat for a fingerprint must be so either way.
    """
    own = Own()
    bits: Counter[int] = Counter()
    decoded: Counter[str] = Counter()
    for data in files:
        made = own.signals(data)
        scale = own.pdq.scale
        whole = own.signals(data, reduce=False)
        if not whole:
            if made:
                raise SystemExit("a flat picture was given a fingerprint")
            continue
        decoded["1" if scale == 1 else f"1/{scale}"] += 1
        # In another order where some variants of a picture could do with less and others not.
        parts = {full.part: full.value for full in whole}
        if len(made) != len(whole):
            raise SystemExit("variants of a picture have no fingerprint where they should")
        for signal in made:
            bits[apart(signal.value, parts[signal.part])] += 1
    total = max(bits.total(), 1)
    return Histogram(
        pictures=decoded.total(),
        mean=round(sum(apart * count for apart, count in bits.items()) / total, 3),
        worst=max(bits, default=0),
        bits=dict(sorted(bits.items())),
        decoded=dict(sorted(decoded.items())),
    )


def reference(data: bytes) -> object:
    """What a program with Pillow and `pdqhash` does."""
    with Image.open(io.BytesIO(data)) as image:
        return pdqhash.compute(np.asarray(image.convert("RGB")))


def processor_time(work: Callable[[bytes], object], data: bytes) -> float:
    """Milliseconds of this thread."""
    start = time.thread_time()
    work(data)
    return (time.thread_time() - start) * 1000


def speed(files: list[Picture]) -> Speed:
    """Ours and theirs in turn, medians of some rounds; the ratio of each file, in the middle."""
    own = Own()
    pairs = []
    for picture in files:
        rounds = [
            (processor_time(own.signals, picture.data), processor_time(reference, picture.data))
            for _ in range(ROUNDS)
        ]
        pairs.append(tuple(statistics.median(side) for side in zip(*rounds, strict=True)))
    ratios = [theirs / mine for mine, theirs in pairs]
    sizes = [Image.open(io.BytesIO(picture.data)).size for picture in files]
    return Speed(
        files=len(files),
        megapixels=round(statistics.median(width * height for width, height in sizes) / 1e6, 2),
        own_ms=round(statistics.median(mine for mine, _ in pairs), 2),
        reference_ms=round(statistics.median(theirs for _, theirs in pairs), 2),
        times=round(statistics.median(ratios), 1),
        least_times=round(min(ratios), 1),
    )


def show(result: Result) -> None:
    """Print it for people."""
    print(result.machine.heading())
    print(f"{result.compared} pictures in memory compared, {result.different} different")
    for name, counted in (
        ("photographs", result.photographs),
        ("drawings", result.drawings),
        ("hard patterns", result.patterns),
    ):
        print(f"\n{counted.pictures} JPEG files of {name}, bits from the full decode:")
        print(f"  on average {counted.mean}, at worst {counted.worst}; decoded at", counted.decoded)
        for bits, count in counted.bits.items():
            print(f"  {bits:3} bits {count:5}  {'#' * round(60 * count / counted.pictures)}")
    for name, timed in (("shipped photographs", result.shipped), ("all files", result.all_files)):
        print(
            f"\n{name}, {timed.files} JPEG files, {timed.megapixels} megapixels in the middle:\n"
            f"  ours {timed.own_ms} ms, Pillow and pdqhash {timed.reference_ms} ms: "
            f"{timed.times} times as fast, {timed.least_times} at least"
        )


def main() -> None:
    """Print what was measured, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="more photographs; see photographs.py")
    parser.add_argument("--pictures", type=int, default=1000, help="compared bit for bit")
    parser.add_argument("--variants", type=int, default=600, help="of photographs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ImageFile.MAXBLOCK = 2**26  # Pillow's encoder needs room for noisy pictures.
    keep_memory()
    prepare()
    kernels.warm()
    known = collected(options.folder)
    jpegs = [picture for picture in known if picture.is_jpeg]
    own_files = [picture for picture in collected(None) if picture.is_jpeg]
    result = Result(
        machine=describe(),
        compared=options.pictures,
        different=differences(options.pictures),
        photographs=histogram(variants(known, options.variants)),
        drawings=histogram(drawings(known, options.variants // 2)),
        patterns=histogram(patterns(options.variants // 4)),
        shipped=speed(own_files),
        all_files=speed(jpegs),
    )
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()
