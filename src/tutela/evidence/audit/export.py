"""A log in one file, to be verified offline: JSON lines, written and read as a stream.

The first line is the header. Each other line is one of three kinds, known by its first member: a
checkpoint, a leaf (its very bytes, as they were hashed), or the stored hashes of the 256 leaves
that follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from tutela.errors import InvalidInput
from tutela.evidence.audit.tampered import Tampered
from tutela.merkle import HASH_BYTES
from tutela.model.record import Record
from tutela.storage.audit.reading import Checkpoint, StoredLeaf
from tutela.storage.values import now

FORMAT = "tutela-audit-log"
VERSION = 1
BLOCK = 256
"""Leaves after each line of hashes."""
LEAF_START = b'{"index":'
"""How the line of a leaf begins, and no other."""
LONGEST_LINE = 1 << 20


class Header(Record, frozen=True, kw_only=True):
    """The first line.

    Attributes:
        origin: the log's name.
        origins: all names that it has had.
        size: leaves in the file.
        exported_at: when.
    """

    format: str
    version: int
    origin: str
    origins: tuple[str, ...]
    size: int
    exported_at: datetime


class CheckpointLine(Record, frozen=True, kw_only=True):
    """A line with a checkpoint; bytes are Base64."""

    checkpoint: Checkpoint


class HashesLine(Record, frozen=True, kw_only=True):
    """A line with the hashes of the leaves that follow, as they stood in the database."""

    hashes: bytes


class Lines(NamedTuple):
    """A file that was opened: its header, its checkpoints, and its leaves, which are read once."""

    header: Header
    checkpoints: tuple[Checkpoint, ...]
    leaves: Iterator[StoredLeaf]


def write(
    file: BinaryIO,
    header: Header,
    checkpoints: Iterator[Checkpoint],
    leaves: Iterator[StoredLeaf],
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Write a log.

    Args:
        file: where to.
        header: with the number of leaves.
        checkpoints: those of so many leaves or fewer, smallest first.
        leaves: all of them in order.
        progress: told how many leaves were written since.

    Raises:
        Tampered: a leaf is missing, or one that no line can hold.
    """
    file.write(msgspec.json.encode(header) + b"\n")
    lines = (msgspec.json.encode(CheckpointLine(checkpoint=one)) + b"\n" for one in checkpoints)
    file.writelines(lines)
    block: list[StoredLeaf] = []
    for index in range(header.size):
        leaf = next(leaves, None)
        if leaf is None or leaf.index != index:
            raise Tampered(f"leaf {index:,} is gone", leaf=index)
        if "\n" in leaf.text or not leaf.text.encode().startswith(LEAF_START):
            raise Tampered(f"leaf {index:,} was altered", leaf=index)
        block.append(leaf)
        if len(block) == BLOCK or index == header.size - 1:
            hashes = HashesLine(hashes=b"".join(one.hash for one in block))
            file.write(msgspec.json.encode(hashes) + b"\n")
            file.write("".join(f"{one.text}\n" for one in block).encode())
            progress(len(block))
            block.clear()


def header_of(origin: str, origins: tuple[str, ...], size: int) -> Header:
    """The header of an export that is made now."""
    return Header(
        format=FORMAT,
        version=VERSION,
        origin=origin,
        origins=origins,
        size=size,
        exported_at=now(),
    )


def read(file: BinaryIO, name: str) -> Lines:
    """Read a log as it stands in a file; nothing of it is verified.

    Args:
        file: from its start.
        name: for errors.

    Raises:
        InvalidInput: it is no such file. A line that is none is told when the leaves are read.
    """
    lines = _lines(file)
    try:
        header = msgspec.json.decode(next(lines, b""), type=Header)
    except (msgspec.DecodeError, UnicodeError):
        raise _no_log(name, "its first line is no header") from None
    if (header.format, header.version) != (FORMAT, VERSION):
        raise _no_log(name, f"its format is not {FORMAT} {VERSION}")
    checkpoints: list[Checkpoint] = []
    first = b""
    for line in lines:
        if not line.startswith(b'{"checkpoint":'):
            first = line
            break
        checkpoints.append(_checkpoint(line, name))
    return Lines(header, tuple(checkpoints), _leaves(first, lines))


def open_file(path: Path) -> BinaryIO:
    """Open an export; raises `InvalidInput` where it cannot be."""
    try:
        return path.open("rb")
    except OSError as problem:
        raise InvalidInput(f"it cannot be read ({problem.strerror})", where=str(path)) from None


def _checkpoint(line: bytes, name: str) -> Checkpoint:
    try:
        return msgspec.json.decode(line, type=CheckpointLine).checkpoint
    except (msgspec.DecodeError, UnicodeError):
        raise _no_log(name, "a line is no checkpoint") from None


def _leaves(first: bytes, lines: Iterator[bytes]) -> Iterator[StoredLeaf]:
    """Leaves, each with the hash that stands for it; a line that is nothing else is a bad leaf."""
    hashes, at = b"", 0
    line: bytes | None = first or next(lines, None)
    while line is not None:
        block = None if line.startswith(LEAF_START) else _hashes(line)
        if block is None:
            digest, at = hashes[at : at + HASH_BYTES], at + HASH_BYTES
            text = line.decode("utf-8", "replace")
            yield StoredLeaf(index=_index(line), text=text, hash=digest)
        else:
            hashes, at = block, 0
        line = next(lines, None)


class _Index(msgspec.Struct):
    index: int


def _index(line: bytes) -> int:
    """A leaf's own index, which must be that of its place; -1 where it cannot be read."""
    try:
        return msgspec.json.decode(line, type=_Index).index
    except (msgspec.DecodeError, UnicodeError):
        return -1


def _hashes(line: bytes) -> bytes | None:
    try:
        return msgspec.json.decode(line, type=HashesLine).hashes
    except (msgspec.DecodeError, UnicodeError):
        return None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines: what follows one that is torn off is as good as gone."""
    while (line := file.readline(LONGEST_LINE)).endswith(b"\n"):
        yield line[:-1]


def _no_log(name: str, why: str) -> InvalidInput:
    return InvalidInput(f"this is no exported audit log: {why}", where=name)
