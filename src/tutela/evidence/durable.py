"""What makes files and the names in a folder durable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

BUFFER = 1 << 20


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_new(path: Path) -> BinaryIO:
    """Open a file that is not there yet, for its owner alone, to write it. Raises `OSError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb", buffering=BUFFER)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, for its owner alone, to the disk. Raises `OSError`."""
    with open_new(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
