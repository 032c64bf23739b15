"""Opens zip and tar archives and packed files, member by member, within limits.

Nothing is ever extracted to disk. Links, devices and folders are no content and are passed over.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple, Protocol, cast

from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import Exhausted, NotCompared, hostile
from tutela.detection.media.sniff import HEAD_BYTES, TAR, MediaType, Opener, sniff
from tutela.detection.media.source import CHUNK_BYTES
from tutela.model import GapReason

_RATIO_FROM_BYTES = 16 * 2**20
_NAME_CHARACTERS = 1000
_SLOW_CHUNK_BYTES = 4096
"""zipfile unpacks all of what it reads at once, except for deflate: so it may read little."""

_TAR_BUFFER_BYTES = 8192
_ENCRYPTED = 1
_NAME_IS_UTF8 = 0x800
_UNIX = 3
_LOCAL_HEADER_BYTES = 30
_WHAT = "the archive"


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        name: safe to show.
        size: what the archive says, 0 where it says nothing.
        chunks: its bytes. To be read before the next member is asked for.
        obstacle: why there are no bytes.
    """

    name: str
    size: int
    chunks: Iterator[bytes]
    obstacle: NotCompared | None = None


class Budget:
    """What is left for an archive, all levels of archives in it together.

    Args:
        packed: size of the outermost archive in bytes.
    """

    def __init__(self, limits: Limits, packed: int) -> None:
        self._limits = limits
        self._packed = packed
        self._unpacked = 0
        self._members = 0
        self._since = time.process_time()

    def member(self) -> None:
        """Counts one more member.

        Raises:
            Exhausted: there are too many, or they took too long.
        """
        self._members += 1
        if self._members > self._limits.archive_members:
            raise Exhausted(f"it has more than {self._limits.archive_members} members")
        if time.process_time() - self._since > self._limits.archive_seconds:
            raise Exhausted(f"it took more than {self._limits.archive_seconds:g} seconds to unpack")

    def unpacked(self, size: int) -> None:
        """Counts bytes that came out.

        Raises:
            Exhausted: they are too many, or too many for the archive's size.
        """
        self._unpacked += size
        if self._unpacked > self._limits.archive_bytes:
            raise Exhausted(f"it unpacks to more than {self._limits.archive_bytes} bytes")
        if self._unpacked > max(_RATIO_FROM_BYTES, self._packed * self._limits.archive_ratio):
            raise Exhausted(
                f"it unpacks to more than {self._limits.archive_ratio:g} times its size"
            )


def members(stream: BinaryIO, media_type: MediaType, budget: Budget) -> Iterator[Member]:
    """The files in an archive, in its order.

    Args:
        stream: seekable, at its beginning.
        media_type: an archive's, as sniffed.
        budget: what the outermost archive has left.

    Raises:
        NotCompared: the archive is damaged; what came before stands.
        Exhausted: a limit is passed.
        MemoryError: it takes more memory than the child may use.
    """
    if media_type.opener is Opener.ZIP:
        return _zip_members(stream, budget)
    if media_type.opener is Opener.TAR:
        return _tar_members(_Unpacked(stream, budget), budget)
    return _packed_members(stream, media_type.form, budget)


def shown(name: str) -> str:
    """A member's name for people: one line, without control or direction characters."""
    if not name.isprintable():
        name = "".join(c if c.isprintable() else _escaped(c) for c in name)
    return name if len(name) <= _NAME_CHARACTERS else f"{name[:_NAME_CHARACTERS]}..."


def _escaped(character: str) -> str:
    """As in Python's strings. What stands for a byte that is not UTF-8 is shown as that byte."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - what "surrogateescape" makes
        code -= 0xDC00
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - one byte


def _zip_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    with hostile(_WHAT):
        archive = zipfile.ZipFile(stream)
    with archive:
        entries = archive.infolist()
        _refuse_overlaps(entries)
        for entry in entries:
            budget.member()
            if not entry.is_dir() and not _is_link(entry):
                yield _zip_member(archive, entry, budget)


def _refuse_overlaps(entries: list[zipfile.ZipInfo]) -> None:
    """Entries that share bytes unpack them many times: the better zip bombs are made of them."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise Exhausted("its entries overlap, as in archives made to exhaust memory")
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return entry.create_system == _UNIX and stat.S_ISLNK(entry.external_attr >> 16)


def _zip_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> Member:
    obstacle = None
    if entry.flag_bits & _ENCRYPTED:
        obstacle = NotCompared(GapReason.ENCRYPTED, "encrypted in the archive")
    return Member(_zip_name(entry), entry.file_size, _zip_chunks(archive, entry, budget), obstacle)


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Many programs write UTF-8 without saying so; what is not UTF-8 is code page 437."""
    name = entry.filename
    if not entry.flag_bits & _NAME_IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return shown(name)


def _zip_chunks(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget
) -> Iterator[bytes]:
    simple = entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    step = CHUNK_BYTES if simple else _SLOW_CHUNK_BYTES
    with hostile("this member"), archive.open(entry) as file:
        while chunk := file.read(step):
            budget.unpacked(len(chunk))
            yield chunk


class _Reader(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""


class _Unpacked:
    """A stream whose bytes count, and whose beginning can be looked at first."""

    def __init__(self, stream: _Reader, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._ahead = b""

    def head(self) -> bytes:
        """Its first `HEAD_BYTES` bytes, which `read` gives again."""
        while len(self._ahead) < HEAD_BYTES and (more := self._read(HEAD_BYTES)):
            self._ahead += more
        return self._ahead[:HEAD_BYTES]

    def read(self, size: int) -> bytes:
        """Up to `size` bytes."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._read(size)

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._budget.unpacked(len(data))
        return data


def _packed_members(stream: BinaryIO, form: str, budget: Budget) -> Iterator[Member]:
    """The members of a packed tar archive, or the one file that was packed."""
    name = _gzip_name(stream) if form == "gzip" else ""
    with hostile(_WHAT):
        unpacked = _Unpacked(_unpacker(stream, form), budget)
        is_tar = sniff(unpacked.head()) == TAR
    if is_tar:
        yield from _tar_members(unpacked, budget)
        return
    budget.member()
    yield Member(shown(name) or "data", 0, _chunks(unpacked))


def _unpacker(stream: BinaryIO, form: str) -> _Reader:
    if form == "gzip":
        return cast("_Reader", gzip.GzipFile(fileobj=stream))
    return bz2.BZ2File(stream) if form == "bzip2" else lzma.LZMAFile(stream)


def _gzip_name(stream: BinaryIO) -> str:
    """The name in a gzip header (RFC 1952), or nothing."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    has_extra, has_name = head[3:4] and head[3] & 4, head[3:4] and head[3] & 8
    start = 12 + int.from_bytes(head[10:12], "little") if has_extra else 10
    end = head.find(b"\x00", start)
    return head[start:end].decode("latin-1") if has_name and end > 0 else ""


def _chunks(reader: _Reader) -> Iterator[bytes]:
    with hostile("this member"):
        while chunk := reader.read(CHUNK_BYTES):
            yield chunk


def _tar_members(unpacked: _Unpacked, budget: Budget) -> Iterator[Member]:
    with hostile(_WHAT):
        archive = tarfile.open(  # noqa: SIM115 - closed below, outside of the net for its errors
            fileobj=cast("BinaryIO", unpacked),
            mode="r|",
            # Little at a time: what is read together with the place of a damage is lost.
            bufsize=_TAR_BUFFER_BYTES,
            encoding="utf-8",
            errors="surrogateescape",
        )
    with archive:
        while (entry := _next_entry(archive)) is not None:
            budget.member()
            if entry.isreg():
                yield Member(shown(entry.name), entry.size, _tar_chunks(archive, entry, budget))


def _next_entry(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    with hostile(_WHAT):
        entry = archive.next()
        archive.members.clear()  # type: ignore[attr-defined]  # It would remember all of them.
        return entry


def _tar_chunks(
    archive: tarfile.TarFile, entry: tarfile.TarInfo, budget: Budget
) -> Iterator[bytes]:
    with hostile("this member"):
        file = archive.extractfile(entry)
        while file is not None and (chunk := file.read(CHUNK_BYTES)):
            if entry.issparse():  # Its holes come from nowhere: they were not counted as read.
                budget.unpacked(len(chunk))
            yield chunk
