"""What PDQ bears: named edits of photographs, by our way and by Pillow + `pdqhash`.

    pip install pdqhash==0.2.8
    python bench/robustness.py [--folder FOLDER] [--photographs N] [--json] [--write]

Each photograph is brought to one megapixel and saved as JPEG of quality 90: that is what a bank
lists. An edit of it counts as found when it is within 31 bits, once as it is and once with the
eight turned and mirrored variants of the edited picture as queries. Left out are pictures that are
too flat to be listed, and those within 31 bits of one before, mostly the same in another size. HEIC
needs `heif-enc` (Debian: libheif-examples). Ctrl-C ends it early, with what there is. `--write`
brings table and chart of the docs up to date.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from edits import EDITS, Edit
from machine import Machine, describe
from own import Own
from photographs import Picture, collected, encoded
from report import write
from tutela.detection.media.formats.decode import prepare
from tutela.model.record import Record

DISTANCE = 31
LEAST_QUALITY = 50
PIXELS = 1e6
PER_PICTURE = 3

Bits = NDArray[np.uint8]


class Row(Record, frozen=True, kw_only=True):
    """Shares of the photographs that are found after an edit, in per cent.

    Attributes:
        reference: None where Pillow cannot open the format.
        middle: bits between the edit and the original, median, by our way.
    """

    edit: str
    own: float
    own_dihedral: float
    reference: float | None
    reference_dihedral: float | None
    middle: int


class Result(Record, frozen=True, kw_only=True):
    """Everything that was measured.

    Attributes:
        photographs: how many were edited.
        sources: from how many files they were cut.
        flat: how many were left out as too flat to be listed.
        again: how many were left out as within 31 bits of one before.
    """

    machine: Machine
    photographs: int
    sources: int
    flat: int
    again: int
    rows: tuple[Row, ...]


def originals(known: tuple[Picture, ...]) -> Iterator[tuple[str, Image.Image]]:
    """Whole pictures first, then the left and the right halves of large wide ones."""
    for part in range(PER_PICTURE):
        for picture in known:
            image = picture.image()
            width, height = image.size
            if part and (width < height or width * height < 2 * PIXELS):
                continue
            left = (0, 0, width - width // 2)[part]
            image = image.crop((left, 0, width if not part else left + width // 2, height))
            factor = (PIXELS / (image.width * image.height)) ** 0.5
            yield (
                picture.name,
                image.resize(
                    (round(image.width * factor), round(image.height * factor)),
                    Image.Resampling.LANCZOS,
                ),
            )


class Query:
    """Fingerprints of one edited picture: as it is, and in all ways it can be turned."""

    def __init__(self, plain: list[Bits], turned: list[Bits]) -> None:
        self.plain = plain
        self.turned = turned

    def distances(self, original: Bits) -> tuple[int, int]:
        """Bits to the original, as it is and turned; 256 where there is no fingerprint."""
        return _nearest(self.plain, original), _nearest(self.plain + self.turned, original)


def _nearest(fingerprints: list[Bits], original: Bits) -> int:
    return min((int(np.count_nonzero(one != original)) for one in fingerprints), default=256)


def own_query(own: Own, data: bytes) -> Query:
    """By our way, from the file's bytes. Its parts say which are turned."""
    found = [(signal.part, _bits(signal.value)) for signal in own.signals(data)]
    return Query(
        [bits for part, bits in found if part in {"", "turned"}],
        [bits for part, bits in found if part not in {"", "turned"}],
    )


def _bits(text: str) -> Bits:
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8))


def reference_query(data: bytes) -> Query | None:
    """By Pillow and `pdqhash`; None where Pillow cannot open it."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            pixels = np.asarray(image.convert("RGB"))
    except OSError:
        return None
    variants, quality = pdqhash.compute_dihedral(pixels)  # The first is the picture as it is.
    plain, *turned = (bits.astype(np.uint8) for bits in variants)
    return Query([plain], turned) if quality >= LEAST_QUALITY else Query([], [])


class Tally:
    """Distances of one edit."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._own: list[tuple[int, int]] = []
        self._reference: list[tuple[int, int]] = []

    def add(self, own: Query, own_bits: Bits, reference: Query | None, bits: Bits) -> None:
        """One photograph more."""
        self._own.append(own.distances(own_bits))
        if reference is not None:
            self._reference.append(reference.distances(bits))

    @property
    def empty(self) -> bool:
        """Whether the edit could not be made."""
        return not self._own

    def row(self) -> Row:
        """What it comes to."""
        own, own_turned = zip(*self._own, strict=True)
        reference = list(zip(*self._reference, strict=True)) or [(), ()]
        return Row(
            edit=self._edit.name,
            own=_share(own) or 0.0,
            own_dihedral=_share(own_turned) or 0.0,
            reference=_share(reference[0]),
            reference_dihedral=_share(reference[1]),
            middle=int(np.median(own)),
        )


def _share(distances: tuple[int, ...]) -> float | None:
    if not distances:
        return None
    found = sum(distance <= DISTANCE for distance in distances)
    return round(100 * found / len(distances), 1)


def measure(known: tuple[Picture, ...], count: int) -> Result:
    """Edit every photograph in every way, and look for it."""
    own, tallies = Own(dihedral=True), [Tally(edit) for edit in EDITS]
    others = [ImageOps.fit(picture.image(), (800, 600)) for picture in known[:9]]
    listed: list[Bits] = []
    sources = set()
    left_out: Counter[str] = Counter()
    with suppress(KeyboardInterrupt):
        for name, image in originals(known):
            original = encoded(image, quality=90)
            ours, theirs = own_query(own, original), reference_query(original)
            if not ours.plain or theirs is None or not theirs.plain:
                left_out["flat"] += 1
                continue
            if _nearest(listed, ours.plain[0]) <= DISTANCE:
                left_out["again"] += 1
                continue
            edited = [edit.make(image, others) for edit in EDITS]
            queries = [data and (own_query(own, data), reference_query(data)) for data in edited]
            sources.add(name)
            listed.append(ours.plain[0])
            for tally, query in zip(tallies, queries, strict=True):
                if query:
                    tally.add(query[0], ours.plain[0], query[1], theirs.plain[0])
            if len(listed) == count:
                break
    rows = tuple(tally.row() for tally in tallies if not tally.empty)
    return Result(
        machine=describe(),
        photographs=len(listed),
        sources=len(sources),
        flat=left_out["flat"],
        again=left_out["again"],
        rows=rows,
    )


def show(result: Result) -> None:
    """Print it for people."""
    print(result.machine.heading())
    print(f"{result.photographs} photographs from {result.sources} files")
    print(f"left out: {result.flat} too flat, {result.again} within 31 bits of one before")
    print(f"{'edit':34} {'ours':>6} {'turned':>7} {'pdqhash':>8} {'turned':>7} {'bits':>5}")
    for row in result.rows:
        reference = "-" if row.reference is None else f"{row.reference:.1f}"
        turned = "-" if row.reference_dihedral is None else f"{row.reference_dihedral:.1f}"
        print(
            f"{row.edit:34} {row.own:6.1f} {row.own_dihedral:7.1f} {reference:>8} {turned:>7} "
            f"{row.middle:5}"
        )


def main() -> None:
    """Print what was measured, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="more photographs; see photographs.py")
    parser.add_argument("--photographs", type=int, default=220)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="bring the docs up to date")
    options = parser.parse_args()
    ImageFile.MAXBLOCK = 2**26  # Pillow's encoder needs room for noisy pictures.
    prepare()
    result = measure(collected(options.folder, pixels=500_000), options.photographs)
    if options.write:
        write(result.rows)
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()
