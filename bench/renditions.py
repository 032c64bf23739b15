"""How long it takes to make what people see of a picture or video, and how many bytes that is.

    python bench/renditions.py [--rounds N] [--json]

Everything goes through one sandboxed child, as in a server, one after the other. What comes on top
for a reader: the bytes out of the vault (`vault.py`), one transaction of the database that writes
the exposure down, and the network.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from PIL import Image

from machine import Machine, describe
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.media.rendering.reel import FRAMES_PER_SECOND, Reel
from tutela.detection.media.rendering.rendition import Clip, Region, Rendered, Rendition
from tutela.drill import photographs
from tutela.model.record import Record

MARK = "quiet-heron-00"
HALF = Region(x=0.25, y=0.25, width=0.5, height=0.5)
EIGHTH = Region(x=0.4, y=0.4, width=0.125, height=0.125)
STILLS = 9
SMALL, LARGE = 96, 384
FILM = (640, 360)
FILM_SECONDS = 60
ANIMATION_PICTURES = 40


class Figures(Record, frozen=True, kw_only=True):
    """One rendition of one kind of content: the medians of all rounds."""

    content: str
    rendition: str
    milliseconds: float
    slowest: float
    kilobytes: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    machine = describe()
    pool = DecoderPool(children=1, limits=Limits())
    try:
        pool.wait_ready(60)
        figures = list(measured(pool, asked.rounds))
    finally:
        pool.close()
    if asked.json:
        answer = {"machine": machine, "rounds": asked.rounds, "renditions": figures}
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    else:
        show(machine, asked.rounds, figures)


def show(machine: Machine, rounds: int, figures: Sequence[Figures]) -> None:
    """The table for people."""
    print(machine.heading())
    print(f"median and slowest of {rounds} rounds in milliseconds, and size in kB")
    for one in figures:
        print(
            f"{one.content:34} {one.rendition:28} {one.milliseconds:8.1f} {one.slowest:8.1f}"
            f" {one.kilobytes:8.1f}"
        )


def measured(pool: DecoderPool, rounds: int) -> Iterator[Figures]:
    """Each rendition of each content."""
    for content, (data, asked) in contents().items():
        for name, rendition in asked.items():
            spans, sizes = [], []
            for _ in range(rounds + 1):
                begun = time.perf_counter()
                rendered = pool.render(data, rendition).result(120)
                spans.append((time.perf_counter() - begun) * 1000)
                if not isinstance(rendered, Rendered):
                    raise SystemExit(f"{content}, {name}: {rendered}")
                sizes.append(len(rendered.data) / 1000)
            yield Figures(
                content=content,
                rendition=name,
                milliseconds=statistics.median(spans[1:]),
                slowest=max(spans[1:]),
                kilobytes=statistics.median(sizes),
            )


def contents() -> Mapping[str, tuple[bytes, Mapping[str, Rendition]]]:
    """What is shown, and how."""
    photograph = photographs.listed()[0].data
    with Image.open(io.BytesIO(photograph)) as image:
        picture = image.convert("RGB")
    width, height = picture.size
    still = {
        "covered, 96": _asked(SMALL),
        "covered, 384": _asked(LARGE),
        "a half of each edge, 96": _asked(SMALL, blur=0, region=HALF),
        "whole, 384": _asked(LARGE, blur=0),
        "an eighth, enlarged, 384": _asked(LARGE, blur=0, region=EIGHTH, zoom=8),
    }
    moving = {
        "sheet, covered, 96": _asked(SMALL, stills=STILLS),
        "sheet, uncovered, 384": _asked(LARGE, stills=STILLS, blur=0),
        "clip of 10 s, 96": _asked(SMALL, blur=0, clip=Clip()),
        "clip of 10 s, 384": _asked(LARGE, blur=0, clip=Clip()),
    }
    return {
        f"photograph, {width} x {height}": (photograph, still),
        "photograph, 4000 x 3000": (_enlarged(picture), still),
        f"animation, {ANIMATION_PICTURES} pictures": (_animation(picture), moving),
        f"video, {FILM[0]} x {FILM[1]}, {FILM_SECONDS} s": (_film(picture), moving),
    }


def _asked(size: int, **more: object) -> Rendition:
    return msgspec.convert(
        {"size": size, "mark": MARK, "grey": size == SMALL, **msgspec.to_builtins(more)}, Rendition
    )


def _enlarged(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.resize((4000, 3000), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def _moving(picture: Image.Image, size: tuple[int, int], count: int) -> Iterator[Image.Image]:
    """The picture, a part of it after the other, from left to right."""
    share = 0.6
    wide = round(picture.width * share)
    high = round(wide * size[1] / size[0])
    for number in range(count):
        left = round((picture.width - wide) * number / count)
        yield picture.crop((left, 0, left + wide, high)).resize(size)


def _animation(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    first, *others = _moving(picture, (480, 270), ANIMATION_PICTURES)
    first.save(stream, "GIF", save_all=True, append_images=others, duration=100, loop=0)
    return stream.getvalue()


def _film(picture: Image.Image) -> bytes:
    reel = Reel(*FILM, sound=False)
    for number, image in enumerate(_moving(picture, FILM, FILM_SECONDS * FRAMES_PER_SECOND)):
        reel.show(np.asarray(image), number / FRAMES_PER_SECOND)
    return reel.done()


if __name__ == "__main__":
    main()
