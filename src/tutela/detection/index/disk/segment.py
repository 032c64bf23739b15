"""One sealed part in one file that is never changed; its format: `docs/reference/index-files.md`.

A file is mapped privately: its pages are shared by all processes that map it, and a page that one
of them writes (the groups of its rows, when entries are disabled) becomes its own. The file stays
as it is.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from tutela.detection.index.certificate import Certificate
from tutela.detection.index.layers import Sealed
from tutela.detection.index.shapes import Arrays
from tutela.errors import TutelaError
from tutela.model.record import Record

MAGIC = b"TUTELAIX"
FORMAT = 1
ORDER, OTHER_ORDER = 0x01020304, 0x04030201
PREFIX = struct.Struct("=8sIIQ32s8x")
"""Magic, byte order, format, bytes of the header, SHA-256 of the header and its padding."""

REMEDY = "nothing: the index is made anew from the database"

PAGE = 4096
MOST_HEADER = 1 << 24
GROUPS = "groups"


class IndexRefused(TutelaError):
    """A file of the index is damaged, or not what it must be; it is never used."""

    code = "index-refused"


class IndexForeign(IndexRefused):
    """The index on disk is sound, but not for this program and this database as they are now."""

    code = "index-foreign"


class Column(Record, frozen=True, kw_only=True):
    """Where one array lies.

    Attributes:
        dtype: as NumPy writes it, with the byte order: `<u8`.
        offset: from the start of the file, a multiple of `PAGE`.
        size: bytes up to the next array or the end of the file; zeros follow the array itself.
        sha256: of all of these bytes, in hex.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    sha256: str


class Header(Record, frozen=True, kw_only=True):
    """What a file holds.

    Attributes:
        kind, bits: signal kind, and the length of its signals.
        kernel, layout, form: which part this is; see `tutela.detection.index.certificate.Part`.
        version: list version that the groups of the rows are as of.
        certificate: the proof of the part.
        rows: names of the columns that are the rows; the others are the part's own.
    """

    kind: str
    bits: int
    kernel: str
    layout: int
    form: dict[str, Any]
    version: int
    certificate: Certificate
    rows: tuple[str, ...]
    columns: tuple[Column, ...]


class Segment(NamedTuple):
    """A mapped file.

    Attributes:
        digest: SHA-256 of its header, in hex, which vouches for everything else.
        arrays: every column by name; private to this process as soon as it writes to them.
    """

    header: Header
    digest: str
    arrays: Arrays
    mapped: mmap.mmap


def write_segment(path: Path, sealed: Sealed, *, bits: int, version: int) -> str:
    """Write a part to a new file, durably, for its owner alone; returns the header's digest.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    part = sealed.part
    arrays = {**part.sorted.arrays, **part.arrays}
    header = Header(
        kind=sealed.certificate.kind,
        bits=bits,
        kernel=part.kernel,
        layout=part.layout,
        form=dict(part.form),
        version=version,
        certificate=sealed.certificate,
        rows=tuple(part.sorted.arrays),
        columns=(),
    )
    # The offsets count on the length of the header, which holds them: room for the largest.
    room = _padded(PREFIX.size + len(msgspec.json.encode(header)) + 400 * len(arrays))
    columns = tuple(_columns(arrays, room))
    text = msgspec.json.encode(msgspec.structs.replace(header, columns=columns))
    text = text.ljust(room - PREFIX.size)
    digest = hashlib.sha256(text)
    prefix = PREFIX.pack(MAGIC, ORDER, FORMAT, len(text), digest.digest())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(prefix + text)
            for column in columns:
                file.write(_octets(arrays[column.name]))
                file.write(bytes(column.size - arrays[column.name].nbytes))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def map_segment(path: Path, *, digest: str | None = None) -> Segment:
    """Map a file and look at its header; `check_segments` looks at the rest.

    Args:
        digest: what its header's digest must be, if that is known.

    Raises:
        IndexRefused: it is missing, cut short, damaged, of another format, or another file.
    """
    mapped = _mapped(path)
    view = memoryview(mapped)
    _refuse_unless(len(view) >= PREFIX.size, path, "the file is cut short")
    magic, order, version, length, own = PREFIX.unpack(view[: PREFIX.size])
    _refuse_unless(magic == MAGIC, path, "this is no file of an index")
    _refuse_unless(order != OTHER_ORDER, path, "it comes from a machine of another byte order")
    _refuse_unless(order == ORDER, path, "the beginning is damaged")
    _refuse_unless(version == FORMAT, path, f"it has format {version}, not {FORMAT}")
    start = PREFIX.size + length
    whole = length <= MOST_HEADER and start <= len(view) and not any(view[56:64])
    _refuse_unless(whole, path, "the header is cut short")
    _refuse_unless(hashlib.sha256(view[PREFIX.size : start]).digest() == own, path, _DAMAGED)
    _refuse_unless(digest in (None, own.hex()), path, "it is not the file that is listed")
    try:
        header = msgspec.json.decode(bytes(view[PREFIX.size : start]), type=Header)
    except msgspec.DecodeError:
        raise _refused(path, "the header cannot be read") from None
    end = max((column.offset + column.size for column in header.columns), default=start)
    _refuse_unless(end == len(view), path, "its length is not what the header says")
    arrays = {column.name: _array(mapped, column) for column in header.columns}
    return Segment(header, own.hex(), arrays, mapped)


def check_segments(segments: Iterable[tuple[Path, Segment]]) -> None:
    """Compare every byte with its checksum, on all cores; raises `IndexRefused`."""
    work = [
        (path, segment, column) for path, segment in segments for column in segment.header.columns
    ]
    work.sort(key=lambda one: -one[2].size)
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="index-check") as pool:
        sums = pool.map(lambda one: _is_whole(one[1], one[2]), work)
        for (path, _, _), right in zip(work, sums, strict=True):
            _refuse_unless(right, path, _DAMAGED)


def fresh_groups(path: Path, segment: Segment) -> np.ndarray[Any, Any]:
    """The groups as the file has them, in pages of their own; raises `IndexRefused`."""
    (column,) = (column for column in segment.header.columns if column.name == GROUPS)
    return _array(_mapped(path), column)


_DAMAGED = "it is damaged: a checksum differs"


def _columns(arrays: Arrays, start: int) -> Iterator[Column]:
    for name, array in arrays.items():
        size = _padded(array.nbytes)
        digest = hashlib.sha256(_octets(array))
        digest.update(bytes(size - array.nbytes))
        yield Column(
            name=name,
            dtype=array.dtype.str,
            shape=array.shape,
            offset=start,
            size=size,
            sha256=digest.hexdigest(),
        )
        start += size


def _is_whole(segment: Segment, column: Column) -> bool:
    part = memoryview(segment.mapped)[column.offset : column.offset + column.size]
    return hashlib.sha256(part).hexdigest() == column.sha256


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "the file is empty"
        raise _refused(path, f"it cannot be mapped ({why})") from None


def _array(mapped: mmap.mmap, column: Column) -> np.ndarray[Any, Any]:
    count = int(np.prod(column.shape, dtype=np.int64))
    if not count:
        return np.empty(column.shape, column.dtype)
    flat = np.frombuffer(mapped, column.dtype, count, column.offset)
    return flat.reshape(column.shape)


def _octets(array: np.ndarray[Any, Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _padded(size: int) -> int:
    return -(-size // PAGE) * PAGE


def _refuse_unless(right: bool, path: Path, what: str) -> None:  # noqa: FBT001 - a condition
    if not right:
        raise _refused(path, what)


def _refused(path: Path, what: str) -> IndexRefused:
    return IndexRefused(what, where=path.name, remedy=REMEDY)
