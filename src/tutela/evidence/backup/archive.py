"""The tar archive within a generation: written as a stream, and gone through once."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, TypeVar, cast

import msgspec

from tutela.errors import BadConfiguration
from tutela.evidence.backup.age import Identities, Plain, decrypted
from tutela.evidence.backup.manifest import FORMAT, KeyCopy, Manifest, Start, damaged
from tutela.storage.dump.layout import Digests, Part

START, BLOBS, MANIFEST = "start.json", "blobs.txt", "manifest.json"
KEYS, TABLES = "keys/", "tables/"
MOST_BYTES = 1 << 28
"""Of a member that is held in memory. A part of a table is far smaller."""
PIECE = 1 << 20

_Document = TypeVar("_Document", Start, Manifest)


class Taker(Protocol):
    """Who is told what an archive holds, in its order."""

    def start(self, start: Start) -> None:
        """It begins."""

    def key(self, name: str, content: bytes) -> None:
        """A key file, by the name of its setting."""

    def part(self, part: Part) -> None:
        """Some rows of a table."""


class Nothing:
    """Takes what an archive holds, and keeps none of it."""

    def start(self, start: Start) -> None:
        """Nothing is needed of it."""

    def key(self, name: str, content: bytes) -> None:
        """Nothing is needed of it."""

    def part(self, part: Part) -> None:
        """Nothing is needed of it."""


def member(name: str, content: bytes) -> Iterator[bytes]:
    """A member of a tar archive."""
    yield _header(name, len(content))
    yield content
    yield _padding(len(content))


def member_of(name: str, path: Path) -> Iterator[bytes]:
    """A member with the content of a file, which does not change meanwhile."""
    size = path.stat().st_size
    yield _header(name, size)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
    yield _padding(size)


def ending() -> Iterator[bytes]:
    """The end of a tar archive."""
    yield bytes(2 * tarfile.BLOCKSIZE)


def go_through(
    path: Path, identities: Identities, generation: str, taker: Taker, blobs: IO[bytes]
) -> tuple[Start, Manifest]:
    """Read an archive from its start to its end, and compare it with its manifest.

    What the taker is told is authentic as far as it goes, and whole only when this returns.

    Args:
        path: the file.
        identities: what opens it.
        generation: its name, as the folder has it.
        taker: told of everything as it comes.
        blobs: where the list of blobs is written to.

    Raises:
        InvalidInput: none of the identities opens it.
        BadConfiguration: a newer program wrote it.
        DamagedBackup: it is not as it was written, or another generation under this name.
    """
    reading = _Reading(path, generation, taker, blobs)
    with decrypted(path, identities) as plain:
        try:
            with tarfile.open(fileobj=_stream(plain), mode="r|", bufsize=PIECE) as archive:
                for entry in archive:
                    reading.take(entry.name, archive.extractfile(entry))
        except tarfile.TarError:
            _drain(plain)  # what was altered or cut is said as such
            raise damaged(path, "it is no archive of a backup") from None
        _drain(plain)  # nothing counts before the last byte has been authenticated
    return reading.compared()


def _stream(plain: Plain) -> IO[bytes]:
    """All that tarfile asks of a stream is `read`."""
    return cast("IO[bytes]", plain)


def _drain(plain: Plain) -> None:
    while plain.read(PIECE):
        pass


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy a stream; its SHA-256."""
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        digest.update(piece)
        target.write(piece)
    return digest.hexdigest()


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


class _Stated(msgspec.Struct):
    """All that is read of a document to know whether the rest can be."""

    format: int = FORMAT


class _Reading:
    """One archive, member by member."""

    def __init__(self, path: Path, generation: str, taker: Taker, blobs: IO[bytes]) -> None:
        self._path, self._generation = path, generation
        self._taker, self._blobs = taker, blobs
        self._start: Start | None = None
        self._manifest: Manifest | None = None
        self._digests = Digests([])
        self._keys: list[KeyCopy] = []
        self._list = ""

    def take(self, name: str, file: IO[bytes] | None) -> None:
        """The next member."""
        if file is None or self._manifest is not None or (self._start is None) != (name == START):
            raise self._wrong()
        if name == START:
            self._begin(self._document(file, Start))
        elif name == MANIFEST:
            self._manifest = self._document(file, Manifest)
        elif name == BLOBS:
            self._list = _copied(file, self._blobs)
        elif name.startswith(KEYS):
            self._key(name.removeprefix(KEYS), self._content(file))
        elif name.startswith(TABLES):
            self._part(name.removeprefix(TABLES).partition("/")[0], self._content(file))
        else:
            raise self._wrong()

    def compared(self) -> tuple[Start, Manifest]:
        """What it says of itself, if that is so."""
        start, manifest = self._start, self._manifest
        if start is None or manifest is None:
            raise damaged(self._path, "its end is missing")
        if manifest.generation != start.generation:
            raise self._wrong()
        if manifest.keys != tuple(self._keys) or manifest.blobs.sha256 != self._list:
            raise self._wrong()
        for said, found in zip(manifest.tables, self._digests.all(), strict=True):
            if said != found:
                raise damaged(self._path, f"the rows of {said.table} are not those it was made of")
        return start, manifest

    def _begin(self, start: Start) -> None:
        if start.generation != self._generation:
            raise damaged(self._path, f"it is generation {start.generation} under another name")
        self._start = start
        self._digests = Digests([table.name for table in start.tables])
        self._taker.start(start)

    def _key(self, name: str, content: bytes) -> None:
        self._keys.append(KeyCopy(name=name, sha256=hashlib.sha256(content).hexdigest()))
        self._taker.key(name, content)

    def _part(self, table: str, lines: bytes) -> None:
        part = Part(table=table, rows=lines.count(b"\n"), lines=lines)
        try:
            self._digests.add(part)
        except KeyError:
            raise self._wrong() from None
        self._taker.part(part)

    def _document(self, file: IO[bytes], kind: type[_Document]) -> _Document:
        content = self._content(file)
        try:
            stated = msgspec.json.decode(content, type=_Stated)
            if stated.format > FORMAT:
                raise BadConfiguration(
                    "a newer version of this program made the backup",
                    where=str(self._path),
                    remedy="install that version, and restore with it",
                )
            return msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, UnicodeError):
            raise self._wrong() from None

    def _content(self, file: IO[bytes]) -> bytes:
        content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise self._wrong()
        return content

    def _wrong(self) -> Exception:
        return damaged(self._path, "what it holds is not what a backup holds")
