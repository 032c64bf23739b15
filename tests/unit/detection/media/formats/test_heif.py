from __future__ import annotations

import io
import random
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.media.formats.heif import Cursor, Grid, Heif, Malformed, boxes

if TYPE_CHECKING:
    from tests.unit.detection.media.formats.conftest import Quarters, Writer


def test_boxes_one_after_the_other(make_heif: type[Writer]) -> None:
    data = make_heif.box(b"free", b"abc") + make_heif.box(b"skip")
    assert [(box.type, bytes(box.data)) for box in boxes(memoryview(data))] == [
        (b"free", b"abc"),
        (b"skip", b""),
    ]


def test_a_large_box_and_one_to_the_end() -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 19) + b"abc"
    last = struct.pack(">I4s", 0, b"free") + b"to the end"
    found = list(boxes(memoryview(large + last)))
    assert [bytes(box.data) for box in found] == [b"abc", b"to the end"]


@pytest.mark.parametrize("size", [2, 7, 9, 2**32 - 1])
def test_a_box_of_a_wrong_size(size: int) -> None:
    with pytest.raises(Malformed):
        list(boxes(memoryview(struct.pack(">I4s", size, b"free"))))


def test_a_cursor_stops_at_the_end() -> None:
    cursor = Cursor(memoryview(b"\x01\x02\x03"))
    assert cursor.number(2) == 0x102
    with pytest.raises(Malformed):
        cursor.number(2)


def test_items_and_their_bytes(quarters: Quarters) -> None:
    heif = Heif(io.BytesIO(quarters.grid()))
    (whole,) = heif.pictures()
    assert whole.type == b"grid"
    assert heif.grid(whole) == Grid(2, 2, 256, 192)
    assert [heif.data(heif.items[part]) for part in whole.parts] == quarters.tiles


def test_bytes_outside_the_file(make_heif: type[Writer]) -> None:
    data = make_heif.file([make_heif.part(b"hvc1", b"12345678", (make_heif.size(8, 8),))])
    shorter = data[:-16] + make_heif.box(b"mdat")
    heif = Heif(io.BytesIO(shorter))
    with pytest.raises(Malformed):
        heif.data(heif.items[1])


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00\x08ftyp", b"nothing of the kind"])
def test_no_description(data: bytes) -> None:
    with pytest.raises(Malformed):
        Heif(io.BytesIO(data))


def test_no_primary_picture(make_heif: type[Writer]) -> None:
    heif = Heif(io.BytesIO(make_heif.file([])))
    with pytest.raises(Malformed):
        heif.pictures()


def test_flipped_bytes_end_in_items_or_in_malformed(fixtures: Path) -> None:
    original = (fixtures / "quarters.heic").read_bytes()
    dice = random.Random(5)  # noqa: S311 - to be repeated
    for _ in range(3000):
        data = bytearray(original)
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(1000)] = dice.randrange(256)
        with suppress(Malformed):
            heif = Heif(io.BytesIO(data))
            for item in heif.pictures():
                heif.data(item)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_description(noise: bytes) -> None:
    data = struct.pack(">I4sI", 12 + len(noise), b"meta", 0) + noise
    with suppress(Malformed):
        Heif(io.BytesIO(data)).pictures()
