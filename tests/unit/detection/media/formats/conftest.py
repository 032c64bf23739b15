"""Writes HEIF files, so that tests can have any structure with pictures that a real coder made."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import NamedTuple

import pytest

from tutela.detection.media.formats.heif import Heif


def box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


class Part(NamedTuple):
    """An item to write: its property boxes are written for it alone."""

    kind: bytes
    data: bytes
    properties: tuple[bytes, ...] = ()
    made_of: tuple[int, ...] = ()
    hidden: bool = False


def heif_file(parts: list[Part], *, brand: bytes = b"heic", extra: bytes = b"") -> bytes:
    """A HEIF file of these items, numbered from 1; the first is the primary one."""
    numbers = range(1, len(parts) + 1)
    entries = [
        full_box(
            b"infe", struct.pack(">HH4sx", number, 0, part.kind), version=2, flags=int(part.hidden)
        )
        for number, part in zip(numbers, parts, strict=True)
    ]
    links = [
        box(b"dimg", struct.pack(f">HH{len(p.made_of)}H", number, len(p.made_of), *p.made_of))
        for number, p in zip(numbers, parts, strict=True)
        if p.made_of
    ]
    start = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    meta = b""
    # The place of the data depends on the length of the description, which does not change.
    for _ in range(2):
        at = len(start) + len(meta) + len(extra) + 8
        meta = full_box(
            b"meta",
            full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", struct.pack(">H", 1)),
            full_box(b"iinf", struct.pack(">H", len(parts)), *entries),
            full_box(b"iref", *links) if links else b"",
            properties_box(parts),
            places_box(parts, at),
        )
    return start + meta + extra + box(b"mdat", *(part.data for part in parts))


def properties_box(parts: list[Part]) -> bytes:
    known = [data for part in parts for data in part.properties]
    links = b""
    index = 1
    for number, part in enumerate(parts, 1):
        links += struct.pack(">HB", number, len(part.properties))
        links += bytes(range(index, index + len(part.properties)))
        index += len(part.properties)
    association = full_box(b"ipma", struct.pack(">I", len(parts)), links)
    return box(b"iprp", box(b"ipco", *known), association)


def places_box(parts: list[Part], at: int) -> bytes:
    places = struct.pack(">HH", 0x4400, len(parts))
    for number, part in enumerate(parts, 1):
        places += struct.pack(">HHHII", number, 0, 1, at, len(part.data))
        at += len(part.data)
    return full_box(b"iloc", places)


def size_box(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


class Quarters(NamedTuple):
    """Four coded pictures that make one, row by row, and the setup of their decoder."""

    tiles: list[bytes]
    configuration: bytes

    def grid(self, *properties: bytes, rows: int = 2, columns: int = 2) -> bytes:
        """A file with them as the tiles of one picture of 256 by 192 pixels."""
        layout = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, 256, 192)
        tiles = [
            Part(b"hvc1", tile, (self.configuration, size_box(128, 96)), hidden=True)
            for tile in self.tiles
        ]
        whole = Part(b"grid", layout, (size_box(256, 192), *properties), (2, 3, 4, 5))
        return heif_file([whole, *tiles])


@pytest.fixture(scope="session")
def quarters(fixtures: Path) -> Quarters:
    heif = Heif(io.BytesIO((fixtures / "quarters.heic").read_bytes()))
    pictures = heif.pictures()
    configuration = pictures[0].property(b"hvcC")
    assert configuration is not None
    return Quarters([heif.data(item) for item in pictures], box(b"hvcC", bytes(configuration)))


class Writer:
    """The writer, for tests that need a structure of their own."""

    file = staticmethod(heif_file)
    box = staticmethod(box)
    full_box = staticmethod(full_box)
    size = staticmethod(size_box)
    part = Part


@pytest.fixture(scope="session")
def make_heif() -> type[Writer]:
    return Writer
