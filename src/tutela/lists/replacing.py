"""Write a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tutela.durable import sync_folder
from tutela.errors import InvalidInput


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a stream whose bytes become the file at `path` when the block ends well.

    Until then, and for ever if the block raises, a file that was there before stays as it was. Only
    the owner may read the new file: what Tutela writes names lists, or files that were found.

    Raises:
        InvalidInput: nothing can be written there, or something that is not a file is there.
    """
    target = Path(os.path.realpath(path))
    _refuse_special(target)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", dir=target.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
        sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _refuse_special(target: Path) -> None:
    """Renaming over a device or a folder would destroy it, or fail only at the very end."""
    try:
        mode = target.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise InvalidInput("this is not a regular file", where=str(target))


def _unwritable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"cannot be written ({error.strerror})", where=str(path))
