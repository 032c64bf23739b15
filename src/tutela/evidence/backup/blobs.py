"""The blobs of a backup: lists of them, copied where they are new, removed where nobody needs them.

A list has a line for each blob, in the order of names: SHA-256, bytes and path, each of the
encrypted file as it lies in the backup.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import groupby
from pathlib import Path
from typing import IO

from tutela.errors import Conflict
from tutela.evidence.backup.folder import LIST, BackupFolder
from tutela.evidence.backup.manifest import DamagedBackup, Progress, damaged
from tutela.evidence.vault.store import Blob, BlobMissing, BlobStore, is_blob_name
from tutela.model.record import Record

FIELDS = 3


class Listed(Record, frozen=True, kw_only=True):
    """A line of a list: a blob's name, its bytes, and their SHA-256."""

    name: str
    size: int
    sha256: str

    @property
    def object_id(self) -> str:
        """Id of the object that it belongs to."""
        return self.name.rpartition("-")[2]

    @property
    def line(self) -> bytes:
        """As it stands in a list."""
        return f"{self.sha256} {self.size} vault/{self.name[:2]}/{self.name}\n".encode()


class Copied(Record, frozen=True, kw_only=True):
    """What came of copying.

    Attributes:
        new: blobs that were copied.
        new_bytes: of them.
        gone: ids of objects that were destroyed meanwhile.
        missing: ids of objects whose blobs the vault lacks.
    """

    new: int
    new_bytes: int
    gone: tuple[str, ...]
    missing: tuple[str, ...]


def read_list(file: IO[bytes], path: Path) -> Iterator[Listed]:
    """The lines of a list; raises `DamagedBackup`."""
    last = ""
    for line in file:
        fields = line.decode("ascii", "replace").split()
        if len(fields) != FIELDS or not fields[1].isdecimal():
            raise damaged(path, "the list of blobs is damaged")
        name = fields[2].rpartition("/")[2]
        if not is_blob_name(name) or name <= last:
            raise damaged(path, "the list of blobs is damaged")
        last = name
        yield Listed(name=name, size=int(fields[1]), sha256=fields[0])


class Copying:
    """Copies the blobs that a backup lacks.

    Args:
        store: the vault's.
        backup: the folder of the backup.
        living: which of some object ids have a key still.
        progress: told of `blobs`, one for each, and of `bytes` of those copied.
    """

    def __init__(
        self,
        store: BlobStore,
        backup: BackupFolder,
        living: Callable[[Sequence[str]], set[str]],
        progress: Progress,
    ) -> None:
        self._store, self._backup = store, backup
        self._living, self._progress = living, progress
        self._new = self._bytes = 0
        self._gone: list[str] = []
        self._missing: list[str] = []

    def copy(self, names: Iterable[str], known: Iterator[Listed]) -> Iterator[Listed]:
        """Make sure that the backup has these blobs; a line for each that it has then.

        Args:
            names: in their order.
            known: the list of an earlier generation, whose digests need not be made again.
        """
        present = self._backup.vault.list()
        there, line = next(present, None), next(known, None)
        for name in names:
            while there is not None and there.name < name:
                there = next(present, None)
            while line is not None and line.name < name:
                line = next(known, None)
            same = line if line is not None and line.name == name else None
            held = there if there is not None and there.name == name else None
            listed = self._held(held, same) if held is not None else self._copied(name)
            if listed is not None:
                yield listed
            self._progress("blobs", 1)

    def done(self) -> Copied:
        """What came of it."""
        return Copied(
            new=self._new,
            new_bytes=self._bytes,
            gone=tuple(self._gone),
            missing=tuple(self._missing),
        )

    def _held(self, held: Blob, known: Listed | None) -> Listed | None:
        if known is not None and known.size == held.size:
            return known
        if known is not None:  # it is not as it was copied: make it so
            self._backup.vault.delete(held.name)
            return self._copied(held.name)
        return listed(held.name, self._backup.vault.get(held.name))

    def _copied(self, name: str) -> Listed | None:
        object_id = name.rpartition("-")[2]
        summing = Summing(self._store.get(name))
        try:
            self._backup.vault.put(name, summing)
        except BlobMissing:
            living = self._living([object_id])
            (self._missing if living else self._gone).append(object_id)
            return None
        made = summing.listed(name)
        if listed(name, self._backup.vault.get(name)) != made:
            raise damaged(self._backup.path, "a blob that was just written reads otherwise")
        self._new += 1
        self._bytes += made.size
        self._progress("bytes", made.size)
        return made


class Summing:
    """Passes on the pieces of a blob, and counts and digests them."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        with closing(self._pieces):
            for piece in self._pieces:
                self._digest.update(piece)
                self._size += len(piece)
                yield piece

    def listed(self, name: str) -> Listed:
        """The line of what has passed."""
        return Listed(name=name, size=self._size, sha256=self._digest.hexdigest())


def listed(name: str, pieces: Generator[bytes, None, None]) -> Listed:
    """The line of a blob, read through."""
    summing = Summing(pieces)
    for _ in summing:
        pass
    return summing.listed(name)


class Unfit(Record, frozen=True, kw_only=True):
    """A blob that cannot be brought back, and why."""

    object_id: str
    what: str

    def error(self, backup: BackupFolder) -> DamagedBackup:
        """As an error."""
        return damaged(backup.path, self.what)


def bring_back(
    lines: Iterable[Listed], backup: BackupFolder, store: BlobStore, progress: Progress
) -> Iterator[Unfit]:
    """Put blobs of a backup into a store, unless it has them; tells of each that cannot be.

    Raises:
        StoreUnavailable: the store cannot take one.
    """
    for line in lines:
        found = Summing(backup.vault.get(line.name))
        try:
            store.put(line.name, _checked(line, found))
        except Conflict:
            pass  # it is there; whether it can be read is looked at when all of them are
        except BlobMissing:
            yield _lacking(line)
        except _Altered:
            yield _altered(line)
        progress("blobs", 1)
        progress("bytes", line.size)


class _Altered(Exception):
    """Keeps a store from taking a blob."""


def _checked(line: Listed, found: Summing) -> Iterator[bytes]:
    """The pieces of a blob; raises at their end if they are not what was listed."""
    yield from found
    if found.listed(line.name) != line:
        raise _Altered


def check(line: Listed, backup: BackupFolder) -> Unfit | None:
    """What is wrong with a blob of a backup, if anything."""
    try:
        found = listed(line.name, backup.vault.get(line.name))
    except BlobMissing:
        return _lacking(line)
    return None if found == line else _altered(line)


def _lacking(line: Listed) -> Unfit:
    what = f"the blob of object {line.object_id} is missing"
    return Unfit(object_id=line.object_id, what=what)


def _altered(line: Listed) -> Unfit:
    what = f"the blob of object {line.object_id} was altered or cut short"
    return Unfit(object_id=line.object_id, what=what)


def remove_unneeded(backup: BackupFolder) -> int | None:
    """Remove blobs that no generation names; how many. None where a list is missing: none then."""
    paths = [backup.file(name, LIST) for name in backup.generations()]
    if not all(path.exists() for path in paths):
        return None
    removed = 0
    with ExitStack() as opened:
        lists = [read_list(opened.enter_context(path.open("rb")), path) for path in paths]
        merged = heapq.merge(*map(_names, lists))
        needed = (name for name, _ in groupby(merged))
        wanted = next(needed, None)
        for blob in backup.vault.list():
            while wanted is not None and wanted < blob.name:
                wanted = next(needed, None)
            if blob.name != wanted:
                backup.vault.delete(blob.name)
                removed += 1
    return removed


def _names(lines: Iterator[Listed]) -> Iterator[str]:
    return (line.name for line in lines)
