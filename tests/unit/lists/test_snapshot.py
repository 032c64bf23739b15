from __future__ import annotations

import hashlib
import io
import re
import struct
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.columns import Columns, ColumnsBuilder
from tutela.lists.snapshot import (
    DIGEST_BYTES,
    MAGIC,
    VERSION,
    open_snapshot,
    read_snapshot,
    write_snapshot,
)
from tutela.model import NewEntry, Signal

START = struct.Struct("<8sII")


@pytest.fixture
def columns(kinds: SignalKinds) -> Columns:
    builder = ColumnsBuilder(kinds)
    for bank in ("lakes", "hills"):
        builder.add_bank(bank)
        for number in range(100):
            pdq, md5 = f"{number:064x}", hashlib.md5(b"%d" % number).hexdigest()  # noqa: S324
            signals = (Signal(kind="pdq", value=pdq), Signal(kind="md5", value=md5))
            own = None if number % 3 else number % 32
            label = f"item {number // 10}"
            builder.add(NewEntry(signals=signals[: 1 + number % 2], label=label, distance=own))
    return builder.build()


@pytest.fixture
def path(tmp_path: Path, columns: Columns) -> Path:
    path = tmp_path / "list.tutela"
    write_snapshot(path, columns)
    return path


def same(one: Columns, other: Columns, kinds: SignalKinds) -> bool:
    return one.banks == other.banks and list(one.entries(kinds)) == list(other.entries(kinds))


def test_what_was_written_is_read(path: Path, columns: Columns, kinds: SignalKinds) -> None:
    assert same(open_snapshot(path, kinds), columns, kinds)
    assert same(read_snapshot(io.BytesIO(path.read_bytes()), "x", kinds), columns, kinds)


def test_an_opened_snapshot_is_mapped_and_not_copied(path: Path, kinds: SignalKinds) -> None:
    column = open_snapshot(path, kinds).signals["pdq"]
    assert not column.codes.flags.owndata
    assert not column.codes.flags.writeable


def test_a_mapped_snapshot_outlives_its_replacement(
    path: Path, columns: Columns, kinds: SignalKinds
) -> None:
    opened = open_snapshot(path, kinds)
    write_snapshot(path, columns._replace(banks=("other", "names")))
    path.unlink()
    assert same(opened, columns, kinds)


def test_a_snapshot_without_entries(tmp_path: Path, kinds: SignalKinds) -> None:
    write_snapshot(tmp_path / "x", ColumnsBuilder(kinds).build())
    assert open_snapshot(tmp_path / "x", kinds).size == 0


def test_the_layout_is_as_documented(path: Path, columns: Columns) -> None:
    """Reads the file with nothing but what docs/reference/snapshot.md says."""
    data = path.read_bytes()
    assert data[-32:] == hashlib.sha256(data[:-32]).digest()
    magic, version, length = START.unpack(data[:16])
    assert (magic, version) == (b"\x89TUTELA\n", 2)
    header = msgspec.json.decode(data[16 : 16 + length])
    assert set(header) == {"created_at", "banks", "kinds", "columns"}
    assert header["banks"] == ["lakes", "hills"]
    assert header["kinds"] == {"pdq": 256, "md5": 128}
    places = {column["name"]: column for column in header["columns"]}
    assert all(column["offset"] % 64 == 0 for column in places.values())
    pdq = places["pdq.codes"]
    assert (pdq["type"], pdq["shape"]) == ("uint8", [200, 32])
    own = places["entry.distances"]
    assert (own["type"], own["shape"]) == ("uint8", [200])
    distances = data[own["offset"] : own["offset"] + 200]
    assert list(distances) == 2 * [255 if number % 3 else number % 32 for number in range(100)]
    start = pdq["offset"]
    assert data[start : start + 6400] == columns.signals["pdq"].codes.tobytes()
    entries = places["md5.entries"]
    raw = data[entries["offset"] : entries["offset"] + 8 * entries["shape"][0]]
    assert list(struct.unpack(f"<{entries['shape'][0]}q", raw)) == [
        number for number in range(200) if number % 2
    ]


def refuse(data: bytes, kinds: SignalKinds, tmp_path: Path) -> str:
    path = tmp_path / "broken.tutela"
    path.write_bytes(data)
    with pytest.raises(InvalidInput) as caught:
        open_snapshot(path, kinds)
    return caught.value.what


@pytest.mark.parametrize("data", [b"", b"\x89TUT", b"type,value\nmd5,0123456789abcdef\n"])
def test_foreign_files_are_refused(data: bytes, kinds: SignalKinds, tmp_path: Path) -> None:
    assert refuse(data, kinds, tmp_path) == "this is not a snapshot of Tutela"


def test_a_missing_file_is_refused(kinds: SignalKinds, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        open_snapshot(tmp_path / "none", kinds)


def test_every_cut_is_refused(path: Path, kinds: SignalKinds, tmp_path: Path) -> None:
    data = path.read_bytes()
    for length in [*range(16, 200), *range(200, len(data), 997), len(data) - 1]:
        assert "damaged or cut short" in refuse(data[:length], kinds, tmp_path)


def test_every_flipped_bit_is_refused(path: Path, kinds: SignalKinds, tmp_path: Path) -> None:
    data = path.read_bytes()
    for at in [*range(16, 40), *range(40, len(data), 499), len(data) - 1]:
        broken = bytearray(data)
        broken[at] ^= 1 << at % 8
        assert "damaged or cut short" in refuse(bytes(broken), kinds, tmp_path)


def test_a_newer_version_is_refused_with_a_remedy(
    path: Path, kinds: SignalKinds, tmp_path: Path
) -> None:
    data = path.read_bytes()
    newer = tmp_path / "newer.tutela"
    newer.write_bytes(START.pack(MAGIC, VERSION + 1, 0) + data[16:])
    with pytest.raises(InvalidInput) as caught:
        open_snapshot(newer, kinds)
    assert str(caught.value) == (
        f"{newer}: the snapshot has version 3, this program reads version 2; update Tutela, or "
        "pack the lists again"
    )


def sealed(header: object, body: bytes) -> bytes:
    """A file with a right checksum and any header, as one who wants to harm would make it."""
    text = header if isinstance(header, bytes) else msgspec.json.encode(header)
    data = START.pack(MAGIC, VERSION, len(text)) + text + body
    return data + hashlib.sha256(data).digest()


CHANGES: list[tuple[str, object]] = [
    ("header", b"{}"),
    ("header", b"not json"),
    ("header", b"\xff\xfe"),
    ("kinds", {"pdq": 128}),
    ("kinds", {"tmk": 256}),
    ("banks", ["lakes"]),
    ("columns", []),
    ("offset", -64),
    ("offset", 1 << 60),
    ("shape", [1 << 40, 32]),
    ("shape", [-1, 32]),
    ("shape", [1 << 62, 1 << 62]),
    ("shape", [6400]),
    ("shape", [199, 32]),
    ("shape", [100, 64]),
    ("type", "int64"),
    ("type", "float64"),
]


@pytest.mark.parametrize(("member", "value"), CHANGES)
def test_a_header_that_contradicts_itself_is_refused(
    path: Path, kinds: SignalKinds, tmp_path: Path, member: str, value: object
) -> None:
    data = path.read_bytes()
    _, _, length = START.unpack(data[:16])
    header = msgspec.json.decode(data[16 : 16 + length])
    if member == "header":
        header = value
    elif member in header:
        header[member] = value
    else:
        column = next(column for column in header["columns"] if column["name"] == "pdq.codes")
        column[member] = value
    text = header if isinstance(header, bytes) else msgspec.json.encode(header)
    # Columns stay where they are: the header is shorter or longer than its room only in text.
    body = data[16 + length : -DIGEST_BYTES]
    what = refuse(sealed(text.ljust(length), body), kinds, tmp_path)
    assert re.search("contradicts itself|kind that is not known", what)


@pytest.mark.parametrize("value", [-1, 200, 1 << 62])
@pytest.mark.parametrize("column", ["entry.bank", "entry.facts", "facts.ends", "pdq.entries"])
def test_numbers_out_of_range_are_refused(
    path: Path, kinds: SignalKinds, tmp_path: Path, column: str, value: int
) -> None:
    data = path.read_bytes()
    _, _, length = START.unpack(data[:16])
    header = msgspec.json.decode(data[16 : 16 + length])
    place = next(each for each in header["columns"] if each["name"] == column)
    changed = bytearray(data[:-DIGEST_BYTES])
    changed[place["offset"] : place["offset"] + 8] = struct.pack("<q", value)
    whole = bytes(changed) + hashlib.sha256(changed).digest()
    assert refuse(whole, kinds, tmp_path) == "the snapshot contradicts itself"


def test_big_endian_columns_are_written_little_endian(
    tmp_path: Path, columns: Columns, kinds: SignalKinds
) -> None:
    swapped = columns._replace(entry_banks=columns.entry_banks.astype(">i8"))
    write_snapshot(tmp_path / "x", swapped)
    opened = open_snapshot(tmp_path / "x", kinds)
    assert np.array_equal(opened.entry_banks, columns.entry_banks)
