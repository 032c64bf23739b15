"""What makes files and the names in a folder durable."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

BUFFER = 1 << 20
PRIVATE = 0o600
"""Mode of a file that its owner alone may read."""


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_new(path: Path, mode: int = PRIVATE) -> BinaryIO:
    """Open a file that is not there yet, for its owner alone, to write it. Raises `OSError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, mode), "wb", buffering=BUFFER)


def write_new(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Write a file that is not there yet, for its owner alone, to the disk. Raises `OSError`."""
    with open_new(path, mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_once(path: Path, content: bytes) -> None:
    """Make a file as a whole, for its owner alone, and never over one that is there.

    A process that looks meanwhile finds none, or all of it.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be made.
    """
    draft = draft_of(path)
    try:
        write_new(draft, content)
        os.link(draft, path)  # unlike a rename, never over what is there already
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def draft_of(path: Path) -> Path:
    """A name beside a file that nobody has: what becomes the file is written there."""
    return path.with_name(f".{path.name}.new-{secrets.token_hex(8)}")
