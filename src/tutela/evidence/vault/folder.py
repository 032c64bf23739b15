"""A store in a folder: a file per blob, written beside its place and linked into it when whole."""

from __future__ import annotations

import errno
import os
import secrets
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from tutela.durable import sync_folder
from tutela.errors import Conflict
from tutela.evidence.vault.store import (
    Blob,
    BlobMissing,
    StoreUnavailable,
    checked_name,
    is_blob_name,
)

WRITING = "writing"
"""Folder of unfinished files, which nobody reads. In the same tree, so on the same disk."""
SHARDS = tuple("".join(digits) for digits in product("0123456789abcdef", repeat=2))
"""Folders of the blobs, by the first digits of their names."""
PIECE_BYTES = 2**16
"""What is read at once. Below the size from which malloc asks the system for fresh memory each
time: with pieces of 1 MB, objects of that size are read at half the speed."""

_SAYINGS = {
    errno.ENOSPC: ("the disk is full", "make room on it, or move the vault to a larger one"),
    errno.EDQUOT: ("the disk quota is used up", "raise the quota, or make room"),
    errno.EROFS: ("the disk is read-only", "look for errors of the disk, and mount it writable"),
    errno.EIO: ("the disk reports an error", "look into the system's log, and replace the disk"),
    errno.EFBIG: ("the file would be too large", "raise the limit, or use another file system"),
    errno.ENOENT: (
        "the folder, or a part of it, is not there",
        "mount its disk again, or bring it back from a backup, and restart",
    ),
    errno.EACCES: ("the folder may not be used", "give it to the account that Tutela runs as"),
    errno.EPERM: (
        "the folder may not be used, or its disk knows no hard links",
        "give it to the account that Tutela runs as, on a file system with hard links",
    ),
}


class Folder:
    """Keeps blobs in a folder that only its owner may enter. Thread-safe, as are processes.

    Args:
        path: the folder; made where it is missing. What cannot be made now is told by the first
            `put`, so that a vault on a read-only disk can still be read.
    """

    name = "folder"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = path / WRITING
        self._lock = threading.Lock()
        self._ready = False
        with suppress(OSError):
            self._lay_out()

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a blob: whole on the disk first, then under its name.

        Raises:
            StoreUnavailable: it could not be written; nothing is visible under the name.
            Conflict: there is a blob of this name; it is left as it is.
        """
        place = self._place(name)
        with self._told():
            self._lay_out()
            draft = self._writing / f"{name}.{secrets.token_hex(8)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self._write(descriptor, chunks)
            with self._told():
                _link(draft, place)
        finally:
            with suppress(OSError):
                draft.unlink()
        with self._told():
            _settle(place)

    def get(self, name: str, *, start: int = 0) -> Generator[bytes, None, None]:
        """A blob's bytes. Raises `BlobMissing`, `StoreUnavailable`."""
        place = self._place(name)
        with self._told():
            try:
                descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                if not place.parent.is_dir():  # an unmounted disk is no missing blob
                    raise
                raise BlobMissing("the store does not have this blob", where=name) from None
        try:
            while piece := self._read(descriptor, start):
                yield piece
                start += len(piece)
        finally:
            os.close(descriptor)

    def delete(self, name: str) -> None:
        """Delete a blob, durably. Raises `StoreUnavailable`."""
        place = self._place(name)
        with self._told():
            try:
                place.unlink()
            except FileNotFoundError:
                if not place.parent.is_dir():
                    raise
                return
            sync_folder(place.parent)

    def list(self, *, after: str = "") -> Iterator[Blob]:
        """Every blob after a name, in the order of names. Raises `StoreUnavailable`."""
        for shard in SHARDS:
            if shard >= after[:2]:
                yield from self._shard(shard, after)

    def tidy(self, before: datetime) -> int:
        """Remove files that were last written before a time and never finished."""
        removed = 0
        with self._told():
            for entry in _entries(self._writing):
                with suppress(FileNotFoundError):  # finished, or removed by another
                    if entry.stat(follow_symlinks=False).st_mtime < before.timestamp():
                        Path(entry.path).unlink()
                        removed += 1
        return removed

    def close(self) -> None:
        """Nothing is held."""

    def _place(self, name: str) -> Path:
        return self._path / checked_name(name)[:2] / name

    def _lay_out(self) -> None:
        """Make the folders once, and durable: a blob's name is only as durable as its folder's.

        Later a folder that is missing is an error: an empty one in its place would hide that a disk
        is not mounted.
        """
        with self._lock:
            if self._ready:
                return
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (WRITING, *SHARDS):
                (self._path / folder).mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._path)
            sync_folder(self._path.parent)
            self._ready = True

    def _write(self, descriptor: int, chunks: Iterable[bytes]) -> None:
        try:
            for chunk in chunks:
                with self._told():
                    _write_all(descriptor, chunk)
            with self._told():
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, at: int) -> bytes:
        with self._told():
            return os.pread(descriptor, PIECE_BYTES, at)

    def _shard(self, shard: str, after: str) -> Iterator[Blob]:
        with self._told():
            entries = _entries(self._path / shard)
        for entry in entries:
            if entry.name > after and is_blob_name(entry.name):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # deleted since
                    continue
                stored_at = datetime.fromtimestamp(status.st_mtime, UTC)
                yield Blob(name=entry.name, size=status.st_size, stored_at=stored_at)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the system says into what people can use."""
        try:
            yield
        except OSError as problem:
            number = problem.errno or 0
            what, remedy = _SAYINGS.get(
                number, (f"the folder cannot be used ({problem.strerror})", "look into its disk")
            )
            raise StoreUnavailable(what, where=str(self._path), remedy=remedy) from problem


def _write_all(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)


def _link(draft: Path, place: Path) -> None:
    try:
        os.link(draft, place)  # unlike a rename, never over what is there already
    except FileExistsError:
        raise Conflict("there is a blob of this name", where=place.name) from None


def _settle(place: Path) -> None:
    """Make a name durable, or take it back."""
    try:
        sync_folder(place.parent)
    except OSError:
        with suppress(OSError):
            place.unlink()
        raise
