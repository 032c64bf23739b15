"""Files that only grow: appended to durably, and cut where a crash tore them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TAIL = 1 << 16


def lines(path: Path) -> Iterator[bytes]:
    """Whole lines; one that is being written is none yet."""
    try:
        with path.open("rb") as file:
            yield from (line[:-1] for line in file if line.endswith(b"\n"))
    except FileNotFoundError:
        return


def last_line(path: Path) -> bytes:
    """The last whole line, of at most 64 kB; empty where there is none. Cut the file before."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        return file.read().removesuffix(b"\n").rpartition(b"\n")[2]


def append(path: Path, content: bytes, *, start: bool = False) -> None:
    """Append to a file, and sync it; anew, if this is its start."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if start else os.O_APPEND)
    descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def cut(path: Path, unit: int) -> None:
    """Cut what is less than a whole unit of bytes at the end."""
    size = path.stat().st_size if path.exists() else 0
    if size % unit:
        cut_at(path, size - size % unit)


def cut_line(path: Path) -> None:
    """Cut a last line that was not written whole."""
    if not path.exists():
        return
    with path.open("rb") as file:
        end = size = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - _TAIL)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
    if end < size:
        cut_at(path, end)


def cut_at(path: Path, size: int) -> None:
    """Cut a file at a size; durable on return."""
    with path.open("r+b") as file:
        file.truncate(size)
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make what was made in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
