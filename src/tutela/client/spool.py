"""The spool: a folder in which events wait that could not be sent.

One file for each event, written whole before it has its name, so that a file with a name is
complete and durable. Its layout: a line with the version, the facts as one line of JSON, the bytes
of the content, and 32 bytes SHA-256 of all before. Names tell the time only, never who or what.

A file belongs to whoever holds its lock, and the lock ends with the process: several processes can
send from one folder, and one that dies leaves all as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from tutela.client.problems import SpoolFull
from tutela.errors import InvalidInput, TutelaError

HEAD = b"tutela-spool 1\n"
DIGEST_BYTES = 32
PIECE = 1 << 20
LIMIT_BYTES = 1_000_000_000
PARTIAL_SECONDS = 3600.0
"""A file that was not finished for so long was left by a process that died."""
NAME = "*.event"


class Damaged(TutelaError):
    """A file of the spool is not as it was written."""

    code = "damaged"


class Slice(io.RawIOBase):
    """A part of a file, to be read as if it were one. The file stays open for its owner.

    Args:
        file: the whole.
        start, size: the part, in bytes.
    """

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read again."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Read on from elsewhere."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = origin + offset
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        """Read up to the end of the part."""
        self._file.seek(self._start + self._at)
        piece = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class Waiting(NamedTuple):
    """An event of the spool, held by this process until `file` is closed.

    Attributes:
        name: of its file.
        file: the open file, with the lock.
        facts: the event as it is sent, without its content.
        media: its content, or None where the facts say all.
    """

    name: str
    file: IO[bytes]
    facts: dict[str, Any]
    media: IO[bytes] | None


class Spool:
    """A folder with waiting events. For any number of threads and processes.

    Args:
        folder: made where it is missing, for its owner only.
        limit_bytes: what all files in it may take.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = Path(folder)
        self.limit_bytes = limit_bytes
        self.aside = self.folder / "aside"
        self.aside.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, facts: Mapping[str, Any], media: bytes | IO[bytes] | None) -> str:
        """Write an event; it is durable when this returns. Gives the name of its file.

        Raises:
            SpoolFull: there is no room; nothing was written.
        """
        source = io.BytesIO(media) if isinstance(media, bytes) else media
        head = HEAD + msgspec.json.encode({"facts": facts, "media": source is not None}) + b"\n"
        self._make_room(len(head) + DIGEST_BYTES + (_size(source) if source else 0))
        name = f"{time.time_ns():020d}-{secrets.token_hex(8)}.event"
        partial = self.folder / f"{name}.partial"
        try:
            with _new(partial) as file:
                _write(file, head, source)
            partial.rename(self.folder / name)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(self.folder)
        return name

    def names(self) -> list[str]:
        """The events that wait, oldest first."""
        return sorted(path.name for path in self.folder.glob(NAME))

    def claim(self, name: str) -> Waiting | None:
        """Hold an event; None where another process holds it or it was sent by now.

        Raises:
            Damaged: it is not as it was written.
        """
        try:
            file = (self.folder / name).open("rb")
        except FileNotFoundError:
            return None
        try:
            if not self._held(file, name):
                file.close()
                return None
            return _read(name, file)
        except BaseException:
            file.close()
            raise

    def remove(self, waiting: Waiting) -> None:
        """Forget an event that was answered."""
        (self.folder / waiting.name).unlink(missing_ok=True)

    def put_aside(self, name: str, why: str) -> None:
        """Keep an event that can never be sent as it is, with a report beside it."""
        report = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "why": why}
        with _new(self.aside / f"{name}-{secrets.token_hex(4)}.json") as file:
            _write_through(file, msgspec.json.encode(report) + b"\n")
        with suppress(FileNotFoundError):
            (self.folder / name).rename(self.aside / name)
        _sync_folder(self.aside)

    def abandoned(self) -> list[str]:
        """Files that a process has begun and never finished."""
        before = time.time() - PARTIAL_SECONDS
        found = []
        for path in self.folder.glob(f"{NAME}.partial"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    found.append(path.name)
        return found

    def _held(self, file: IO[bytes], name: str) -> bool:
        """Lock a file; False where another has it, or had it and has sent it meanwhile."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(file.fileno()), (self.folder / name).stat())
        except (BlockingIOError, FileNotFoundError):
            return False

    def _make_room(self, size: int) -> None:
        used = sum(_sizes(self.folder)) + sum(_sizes(self.aside))
        if used + size > self.limit_bytes:
            raise SpoolFull(
                f"the spool holds {used:,} of {self.limit_bytes:,} bytes, and {size:,} more do not "
                "fit",
                where="spool",
                remedy="see why the server is not reached, or raise the limit",
            )


def _sizes(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.stat().st_size if entry.is_file() else 0


def _size(source: IO[bytes]) -> int:
    return source.seek(0, os.SEEK_END)


def _new(path: Path) -> IO[bytes]:
    """Create a file for its owner only."""
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"
    )


def _write(file: IO[bytes], head: bytes, source: IO[bytes] | None) -> None:
    digest = hashlib.sha256(head)
    file.write(head)
    if source is not None:
        source.seek(0)
        while piece := source.read(PIECE):
            digest.update(piece)
            file.write(piece)
    _write_through(file, digest.digest())


def _write_through(file: IO[bytes], end: bytes) -> None:
    file.write(end)
    file.flush()
    os.fsync(file.fileno())


def _read(name: str, file: IO[bytes]) -> Waiting:
    size = os.fstat(file.fileno()).st_size - DIGEST_BYTES
    digest = hashlib.sha256()
    left = size
    while left > 0 and (piece := file.read(min(PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    if left or size <= 0 or file.read() != digest.digest():
        raise Damaged("the file is not as it was written", where=name)
    file.seek(0)
    if file.readline() != HEAD:
        raise Damaged("the file is of another version", where=name)
    head = msgspec.json.decode(file.readline())
    start = file.tell()
    media = io.BufferedReader(Slice(file, start, size - start)) if head["media"] else None
    return Waiting(name, file, head["facts"], media)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def opened(media: Path) -> IO[bytes]:
    """Open a file that is to be sent.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        return media.open("rb")
    except OSError as problem:
        raise InvalidInput(
            f"the file cannot be read ({problem.strerror or type(problem).__name__})", where="media"
        ) from None
