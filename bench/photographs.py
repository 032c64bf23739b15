"""Photographs to measure with: the shipped ones, and those in a folder.

`docs/how-to/measure.md` says how to get a folder of Debian's wallpapers. Many of these are
photographs, the others are drawn. They are not part of this project.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tutela.drill import photographs
from tutela.model.record import Record

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
MEGAPIXEL = 1_000_000


class Picture(Record, frozen=True, kw_only=True):
    """A picture file.

    Attributes:
        name: its path or name.
        data: its bytes.
    """

    name: str
    data: bytes

    def image(self) -> Image.Image:
        """Its pixels in RGB."""
        with Image.open(io.BytesIO(self.data)) as image:
            return image.convert("RGB")

    @property
    def is_jpeg(self) -> bool:
        """Whether it is a JPEG file."""
        return self.data.startswith(b"\xff\xd8\xff")


def collected(folder: Path | None, *, pixels: int = MEGAPIXEL) -> tuple[Picture, ...]:
    """The shipped photographs and those in a folder, each once, of at least so many pixels."""
    found: dict[bytes, Picture] = {}
    for picture in (*_shipped(), *_in(folder)):
        with Image.open(io.BytesIO(picture.data)) as image:
            if image.width * image.height >= pixels:
                found.setdefault(hashlib.sha256(picture.data).digest(), picture)
    return tuple(found.values())


def _shipped() -> Iterator[Picture]:
    for photograph in (*photographs.listed(), *photographs.unrelated()):
        yield Picture(name=photograph.name, data=photograph.data)


def _in(folder: Path | None) -> Iterator[Picture]:
    paths = sorted(folder.rglob("*")) if folder else []
    for path in paths:
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.is_symlink():
            yield Picture(name=str(path), data=path.read_bytes())


def encoded(image: Image.Image, media_format: str = "JPEG", **options: object) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    image.save(stream, media_format, **options)
    return stream.getvalue()
