"""Tutela's own bank file: columns that are mapped into memory instead of being parsed.

A million entries open in well under a second. The layout is described in
`docs/reference/snapshot.md`; where the two differ, one of them is wrong.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, NoReturn

import msgspec
import numpy as np
from numpy.typing import NDArray

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.columns import BANKS_DISTANCE, Columns, SignalColumns
from tutela.lists.replacing import replacing
from tutela.model.bank import DISTANCE
from tutela.model.record import Record

MAGIC = b"\x89TUTELA\n"
VERSION = 2
ALIGNMENT = 64
DIGEST_BYTES = 32

_START = struct.Struct("<8sII")

Arrays = dict[str, NDArray[np.uint8] | NDArray[np.int64]]


class _Column(Record, frozen=True, kw_only=True):
    """Where one column lies: `offset` bytes from the start of the file."""

    name: str
    type: Literal["uint8", "int64"]
    shape: tuple[int, ...]
    offset: int

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape, dtype=object)) * (1 if self.type == "uint8" else 8)


class _Header(Record, frozen=True, kw_only=True):
    created_at: datetime
    banks: tuple[str, ...]
    kinds: dict[str, int]
    columns: tuple[_Column, ...]


def write_snapshot(path: Path, columns: Columns) -> None:
    """Write columns as a snapshot: whole or not at all.

    Raises:
        InvalidInput: the file cannot be written there.
    """
    arrays: Arrays = {
        "entry.bank": columns.entry_banks,
        "entry.facts": columns.entry_facts,
        "entry.distances": columns.entry_distances,
        "facts.ends": columns.fact_ends,
        "facts.text": columns.fact_text,
    }
    for kind, signals in columns.signals.items():
        arrays[f"{kind}.codes"] = signals.codes
        arrays[f"{kind}.entries"] = signals.entries
    kinds = {kind: signals.codes.shape[1] * 8 for kind, signals in columns.signals.items()}
    digest = hashlib.sha256()
    with replacing(path) as stream:
        for block in _blocks(_header(columns.banks, kinds, arrays), arrays):
            digest.update(block)
            stream.write(block)
        stream.write(digest.digest())


def _header(
    banks: tuple[str, ...],
    kinds: dict[str, int],
    arrays: Arrays,
) -> bytes:
    """The start of the file up to its first column, with the place of every column."""
    size = 0
    while True:
        header = _Header(
            created_at=datetime.now(UTC).replace(microsecond=0),
            banks=banks,
            kinds=kinds,
            columns=tuple(_places(arrays, size)),
        )
        text = msgspec.json.encode(header)
        needed = _aligned(_START.size + len(text))
        if needed == size:
            padded = text.ljust(size - _START.size)
            return _START.pack(MAGIC, VERSION, len(padded)) + padded
        size = max(size, needed)


def _places(arrays: Arrays, offset: int) -> Iterator[_Column]:
    for name, values in arrays.items():
        kind: Literal["uint8", "int64"] = "uint8" if values.dtype == np.uint8 else "int64"
        yield _Column(name=name, type=kind, shape=values.shape, offset=offset)
        offset = _aligned(offset + values.nbytes)


def _blocks(header: bytes, arrays: Arrays) -> Iterator[bytes | memoryview]:
    yield header
    for values in arrays.values():
        little = values if values.dtype == np.uint8 else values.astype("<i8", copy=False)
        yield np.ascontiguousarray(little).reshape(-1).view(np.uint8).data
        yield bytes(_aligned(values.nbytes) - values.nbytes)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def open_snapshot(path: Path, kinds: SignalKinds) -> Columns:
    """Map a snapshot into memory after checking all of it.

    The columns stay valid while they are referred to, even if the file is replaced; cutting a file
    short that is in use is an error of the system, not of the reader, and ends the program.

    Raises:
        InvalidInput: it cannot be opened, is no snapshot, is damaged, or a newer Tutela wrote it.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except OSError as error:
        raise InvalidInput(
            f"the snapshot cannot be read ({error.strerror})", where=str(path)
        ) from error
    return _Reader(data, str(path), kinds).columns()


def read_snapshot(stream: BinaryIO, name: str, kinds: SignalKinds) -> Columns:
    """Read a snapshot from a stream into memory, for where there is no path.

    Raises:
        InvalidInput: as for `open_snapshot`.
    """
    stream.seek(0)
    return _Reader(stream.read(), name, kinds).columns()


class _Reader:
    """Checks every statement of a file before anything is made of it."""

    def __init__(self, data: bytes | mmap.mmap, name: str, kinds: SignalKinds) -> None:
        self._data = data
        self._name = name
        self._kinds = kinds
        self._size = len(data)

    def columns(self) -> Columns:
        header = self._header()
        self._check_kinds(header.kinds)
        places = {column.name: column for column in header.columns}
        columns = Columns(
            banks=header.banks,
            entry_banks=self._indices(places, "entry.bank"),
            entry_facts=self._indices(places, "entry.facts"),
            entry_distances=self._bytes(places, "entry.distances", 1),
            fact_ends=self._indices(places, "facts.ends"),
            fact_text=self._bytes(places, "facts.text", 1),
            signals={
                kind: SignalColumns(
                    self._bytes(places, f"{kind}.codes", 2),
                    self._indices(places, f"{kind}.entries"),
                )
                for kind in header.kinds
            },
        )
        self._check(columns, header.kinds)
        return columns

    def _header(self) -> _Header:
        if self._size < _START.size or self._data[: len(MAGIC)] != MAGIC:
            self._refuse("this is not a snapshot of Tutela")
        _, version, length = _START.unpack(self._data[: _START.size])
        if version != VERSION:
            raise InvalidInput(
                f"the snapshot has version {version}, this program reads version {VERSION}",
                where=self._name,
                remedy="update Tutela, or pack the lists again",
            )
        end = self._size - DIGEST_BYTES
        with memoryview(self._data) as view:
            digest = hashlib.sha256(view[: max(end, 0)]).digest()
        if end < _START.size or digest != self._data[end:]:
            self._refuse("the snapshot is damaged or cut short: its checksum is wrong")
        try:
            return msgspec.json.decode(
                self._data[_START.size : min(_START.size + length, end)], type=_Header
            )
        except msgspec.DecodeError:
            self._damaged()

    def _check_kinds(self, kinds: dict[str, int]) -> None:
        known = {kind.name: kind.bits for kind in self._kinds}
        for name, bits in kinds.items():
            if known.get(name) != bits:
                self._refuse(f"the snapshot holds {bits}-bit signals of a kind that is not known")

    def _indices(self, places: dict[str, _Column], name: str) -> NDArray[np.int64]:
        raw = self._raw(places, name, "int64", 1)
        # A view where the machine is little-endian, as nearly all are.
        return raw.view("<i8").astype(np.int64, copy=False)

    def _bytes(self, places: dict[str, _Column], name: str, axes: int) -> NDArray[np.uint8]:
        return self._raw(places, name, "uint8", axes).reshape(places[name].shape)

    def _raw(
        self, places: dict[str, _Column], name: str, kind: str, axes: int
    ) -> NDArray[np.uint8]:
        place = places.get(name)
        if place is None or place.type != kind or len(place.shape) != axes:
            self._damaged()
        inside = min((*place.shape, place.offset)) >= 0
        if not inside or place.offset + place.bytes > self._size - DIGEST_BYTES:
            self._damaged()
        return np.frombuffer(self._data, np.uint8, place.bytes, place.offset)

    def _check(self, columns: Columns, kinds: dict[str, int]) -> None:
        ends = columns.fact_ends
        sound = (
            len(columns.entry_facts) == columns.size
            and len(columns.entry_distances) == columns.size
            and _distances(columns.entry_distances)
            and _within(columns.entry_banks, len(columns.banks))
            and _within(columns.entry_facts, len(ends) - 1)
            and _within(ends, len(columns.fact_text) + 1)
            and _ascending(ends)
            and all(
                signals.codes.shape == (len(signals.entries), kinds[kind] // 8)
                and _within(signals.entries, columns.size)
                and _ascending(signals.entries)
                for kind, signals in columns.signals.items()
            )
        )
        if not sound:
            self._damaged()

    def _damaged(self) -> NoReturn:
        self._refuse("the snapshot contradicts itself")

    def _refuse(self, what: str) -> NoReturn:
        raise InvalidInput(what, where=self._name)


def _within(values: NDArray[np.int64], limit: int) -> bool:
    return not len(values) or (int(values.min()) >= 0 and int(values.max()) < limit)


def _distances(values: NDArray[np.uint8]) -> bool:
    return bool(np.all((values <= DISTANCE) | (values == BANKS_DISTANCE)))


def _ascending(values: NDArray[np.int64]) -> bool:
    return bool(np.all(values[1:] >= values[:-1]))
