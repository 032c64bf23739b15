"""Pictures with little in them: how often unrelated ones match, and what the guard makes of them.

    python bench/information.py [--folder FOLDER] [--each 120] [--json]

For each template, pictures are made that share their layout and nothing else: other harmless words,
other photographs. All pairs are compared by PDQ. Photographs must never be taken for plain.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from photographs import collected
from tutela.detection.signals.information import plain_share
from tutela.detection.signals.kernels import thumbnail
from tutela.detection.signals.kind import PixelSignal
from tutela.detection.signals.pdq import Pdq
from tutela.detection.silencing import NEAR
from tutela.model.record import Record

WITHIN = 31
DISTANCES = (10, 16, 20, 24, 31)
UNRELATED = 70
"""Bits that photographs must be apart to be taken for different pictures."""
WORDS = ("apple", "river", "garden", "window", "table", "summer", "bridge", "yellow", "paper",
         "morning", "bread", "music", "train", "cloud", "forest", "letter", "mountain", "kitchen",
         "silver", "ocean", "market", "winter", "pencil", "bicycle", "village")  # fmt: skip

Make = Callable[[random.Random], Image.Image]


class Row(Record, frozen=True, kw_only=True):
    """What was measured of one template.

    Attributes:
        made, fingerprinted: pictures, and those of PDQ's quality 50 and above.
        plain: share of the fingerprinted that the guard takes for plain.
        within, near: share of pairs within 31 bits, and within what plain ones must be.
        left: share of pairs within 31 bits that still match with the guard.
    """

    template: str
    made: int
    fingerprinted: int
    plain: float
    median: float
    least: int
    within: float
    near: float
    left: float


def text_page(rng: random.Random, *, size: tuple[int, int], points: int, lines: int) -> Image.Image:
    """Lines of words that fill the width, in the middle of a white page."""
    page = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(points)
    step, margin = int(points * 1.4), 80
    top = (size[1] - lines * step) // 2
    for line in range(lines):
        words = rng.choice(WORDS)
        while draw.textlength(words, font) < size[0] - 2 * margin:
            last, words = words, f"{words} {rng.choice(WORDS)}"
        draw.text((margin, top + line * step), last, "black", font)
    return page


def caption(rng: random.Random) -> Image.Image:
    """A white square with words at the top and at the bottom."""
    page = Image.new("RGB", (900, 900), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(70)
    for top in (60, 760):
        words = " ".join(rng.choice(WORDS) for _ in range(3))
        draw.text(((900 - draw.textlength(words, font)) / 2, top), words, "black", font)
    return page


def chat(rng: random.Random) -> Image.Image:
    """A screenshot of a chat: the same bubbles, other words."""
    page = Image.new("RGB", (1080, 1920), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(36)
    draw.rectangle((0, 0, 1080, 140), fill="#444444")
    for number in range(10):
        left, top = (40, 480)[number % 2], 200 + 150 * number
        draw.rounded_rectangle((left, top, left + 560, top + 110), 30, fill="#dddddd")
        words = " ".join(rng.choice(WORDS) for _ in range(3))
        draw.text((left + 30, top + 30), words, "black", font)
    return page


def gradient(rng: random.Random) -> Image.Image:
    """A smooth change between two brightnesses, in any direction, with a little noise."""
    y, x = np.mgrid[0:600, 0:900]
    turn = rng.uniform(0, 2 * np.pi)
    slope = np.cos(turn) * x / 900 + np.sin(turn) * y / 600
    slope = (slope - slope.min()) / np.ptp(slope)
    noise = np.random.default_rng(rng.randrange(2**32)).normal(0, 1.5, slope.shape)
    low, high = sorted((rng.uniform(0, 255), rng.uniform(0, 255)))
    return Image.fromarray((low + (high - low) * slope + noise).clip(0, 255).astype(np.uint8))


def framed(photograph: Image.Image, share: float) -> Image.Image:
    """A photograph that covers a share of a white square, in its middle."""
    side = int(900 * share**0.5)
    page = Image.new("RGB", (900, 900), "white")
    page.paste(ImageOps.fit(photograph, (side, side)), ((900 - side) // 2, (900 - side) // 2))
    return page


TEMPLATES: Mapping[str, Make] = {
    "one line of text": lambda rng: text_page(rng, size=(800, 800), points=40, lines=1),
    "two lines of text": lambda rng: text_page(rng, size=(800, 800), points=40, lines=2),
    "three lines of text": lambda rng: text_page(rng, size=(1200, 600), points=30, lines=3),
    "a full page of text": lambda rng: text_page(rng, size=(1000, 1400), points=16, lines=55),
    "a full page of large text": lambda rng: text_page(rng, size=(1000, 1400), points=32, lines=27),
    "captions above and below": caption,
    "a chat of equal bubbles": chat,
    "a gradient": gradient,
}
SHARES = (0.03, 0.05, 0.1, 0.2, 0.5)


def measured(template: str, pictures: Iterator[Image.Image]) -> Row:
    """Compare all pictures of a template with each other."""
    signals, made = [], 0
    for picture in pictures:
        made += 1
        signal = Pdq().of_pixels(np.ascontiguousarray(np.asarray(picture)))
        if isinstance(signal, PixelSignal):
            signals.append(signal)
    bits = np.unpackbits(_octets(signals), axis=1).astype(np.int16)
    plain = np.array([signal.low_information is not None for signal in signals], bool)
    first, second = np.triu_indices(len(signals), 1)
    distances = np.abs(bits[first] - bits[second]).sum(axis=1)
    within = distances <= WITHIN
    # Either may be the entry: only the picture that is looked up is judged.
    left = within & (~plain[first] | (distances <= NEAR))
    pairs = max(len(distances), 1)
    return Row(
        template=template,
        made=made,
        fingerprinted=len(signals),
        plain=float(plain.mean()) if len(plain) else 0.0,
        median=float(np.median(distances)) if len(distances) else 0.0,
        least=int(distances.min()) if len(distances) else 0,
        within=int(within.sum()) / pairs,
        near=int((distances <= NEAR).sum()) / pairs,
        left=int(left.sum()) / pairs,
    )


class Copies(Record, frozen=True, kw_only=True):
    """Edited copies of plain pictures.

    Attributes:
        within: copies within 31 bits of their original.
        kept: for each of `DISTANCES` the share of these that lie within it.
    """

    template: str
    within: int
    kept: tuple[float, ...]


def edited(picture: Image.Image) -> Iterator[Image.Image]:
    """Copies as they are met every day."""
    for media_format, quality in (("JPEG", 75), ("JPEG", 30), ("JPEG", 10), ("WEBP", 50)):
        stream = io.BytesIO()
        picture.save(stream, media_format, quality=quality)
        yield Image.open(stream).convert("RGB")
    width, height = picture.size
    yield picture.resize((width // 2, height // 2))
    yield picture.resize((width * 2, height * 2))
    yield picture.crop((width // 100, height // 100, width - width // 100, height - height // 100))
    yield picture.convert("L").convert("RGB")


def copies(template: str, pictures: Iterator[Image.Image]) -> Copies:
    """Compare plain pictures with their edited copies."""
    found: list[int] = []
    for picture in pictures:
        original = Pdq().of_pixels(np.ascontiguousarray(np.asarray(picture)))
        if not isinstance(original, PixelSignal) or original.low_information is None:
            continue
        for copy in edited(picture):
            signal = Pdq().of_pixels(np.ascontiguousarray(np.asarray(copy)))
            if isinstance(signal, PixelSignal):
                bits = np.unpackbits(_octets([original, signal]), axis=1)
                found.append(int((bits[0] != bits[1]).sum()))
    within = np.array([bits for bits in found if bits <= WITHIN])
    kept = tuple(float((within <= distance).mean()) for distance in DISTANCES)
    return Copies(template=template, within=len(within), kept=kept)


def _octets(signals: Sequence[PixelSignal]) -> np.ndarray:
    joined = b"".join(signal.value for signal in signals)
    return np.frombuffer(joined, np.uint8).reshape(-1, Pdq.bits // 8)


class Photographs(NamedTuple):
    """What the guard makes of photographs.

    Attributes:
        looked_at, plain: fingerprinted photographs, and how many are taken for plain.
        quarters, plain_quarters: the same of their four quarters, each as a picture.
        most: the greatest share of one brightness among the photographs.
        different: photographs that differ from each other.
    """

    looked_at: int
    plain: int
    quarters: int
    plain_quarters: int
    most: float
    different: tuple[Image.Image, ...]


def judged(folder: Path | None) -> Photographs:
    """Look at every photograph, and at its quarters."""
    kept: list[Image.Image] = []
    codes: list[np.ndarray] = []
    verdicts: dict[bool, list[bool]] = {True: [], False: []}
    most = 0.0
    for one in collected(folder, pixels=0):
        whole = one.image()
        whole.thumbnail((1600, 1600))
        for picture in (whole, *_quarters(whole)):
            pixels = np.ascontiguousarray(np.asarray(picture))
            signal = Pdq().of_pixels(pixels)
            if isinstance(signal, PixelSignal):
                verdicts[picture is whole].append(signal.low_information is not None)
                if picture is whole:
                    most = max(most, plain_share(thumbnail(pixels, blur=True)))
                    _keep(whole, signal, kept, codes)
    return Photographs(
        looked_at=len(verdicts[True]),
        plain=sum(verdicts[True]),
        quarters=len(verdicts[False]),
        plain_quarters=sum(verdicts[False]),
        most=most,
        different=tuple(kept),
    )


def _quarters(picture: Image.Image) -> Iterator[Image.Image]:
    width, height = picture.width // 2, picture.height // 2
    for left in (0, width):
        for top in (0, height):
            yield picture.crop((left, top, left + width, top + height))


def _keep(
    picture: Image.Image,
    signal: PixelSignal,
    kept: list[Image.Image],
    codes: list[np.ndarray],
) -> None:
    """Keep a photograph that differs from those kept so far."""
    code = np.unpackbits(np.frombuffer(signal.value, np.uint8)).astype(np.int16)
    if all(np.abs(code - other).sum() > UNRELATED for other in codes):
        codes.append(code)
        kept.append(picture)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, help="more photographs")
    parser.add_argument("--each", type=int, default=120, help="pictures of each template")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rng = random.Random(3)  # noqa: S311 - the same pictures in each run
    photographs = judged(options.folder)
    rows = [
        measured(name, (make(rng) for _ in range(options.each))) for name, make in TEMPLATES.items()
    ]
    rows += [
        measured(
            f"a photograph on {share:.0%} of white",
            (framed(p, share) for p in photographs.different),
        )
        for share in SHARES
    ]
    kept = [
        copies("one line of text", (TEMPLATES["one line of text"](rng) for _ in range(30))),
        *(
            copies(
                f"a photograph on {share:.0%}", (framed(p, share) for p in photographs.different)
            )
            for share in SHARES[:2]
        ),
    ]
    rows.append(measured("photographs that differ", iter(photographs.different)))
    if options.json:
        document = {**photographs._asdict(), "templates": rows, "copies": kept}
        document["different"] = len(photographs.different)
        sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
        return 0
    print(
        f"{photographs.looked_at} photographs and wallpapers: {photographs.plain} taken for plain; "
        f"{photographs.quarters} quarters of them: {photographs.plain_quarters}"
    )
    print(f"the plainest has {photographs.most:.0%} of one brightness; the limit is 90 %")
    print(f"template | made | fingerprinted | plain | median | least | <= 31 | <= {NEAR} | left")
    for row in rows:
        print(
            f"{row.template} | {row.made} | {row.fingerprinted} | {row.plain:.0%} | "
            f"{row.median:.0f} | {row.least} | {row.within:.3%} | {row.near:.3%} | {row.left:.3%}"
        )
    print(f"copies of plain pictures within 31 bits, kept at {DISTANCES} bits")
    for one in kept:
        shares = " | ".join(f"{share:.1%}" for share in one.kept)
        print(f"{one.template} | {one.within} | {shares}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
