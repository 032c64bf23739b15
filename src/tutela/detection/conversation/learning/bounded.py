"""Files of models: read whole where they are as small as such files are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tutela.errors import BadConfiguration

Refused = Callable[[Path, str], BadConfiguration]
"""Makes the error about a file, from what is wrong with it."""


def read_bounded(path: Path, most: int, refused: Refused) -> bytes:
    """All bytes of a file.

    Args:
        path: the file.
        most: bytes that it may have.
        refused: makes the error where it cannot be read, or has more.

    Raises:
        BadConfiguration: what `refused` makes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as problem:
        raise refused(path, f"it cannot be read: {problem.strerror}") from problem
    if len(data) > most:
        raise refused(path, "it is larger than any such file")
    return data
