"""Secrets that settings name a file for: they stand in no environment, no log and no backup."""

from __future__ import annotations

import os
from pathlib import Path

from tutela.errors import BadConfiguration

LARGEST = 65_536
"""Bytes: a passphrase, a token or two keys are far shorter."""
_OTHERS = 0o077


def read_secret(path: Path, setting: str) -> str:
    """The text of a file that only its owner may read, without the line end after it.

    Args:
        path: the file.
        setting: the setting that names it, for people.

    Raises:
        BadConfiguration: the file cannot be read, is empty, too large or not text, or others than
            its owner may read it. Nothing of what it holds is repeated.
    """
    try:
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read(LARGEST + 1)
    except OSError as problem:
        raise _unusable(path, setting, f"cannot be read ({problem.strerror})") from None
    if mode & _OTHERS:
        raise BadConfiguration(
            f"the file of {setting} may be read by others than its owner",
            where=str(path),
            remedy=f"chmod 600 {path}; if others may have read it, replace the secret",
        )
    return _text(content, path, setting)


def _text(content: bytes, path: Path, setting: str) -> str:
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _unusable(path, setting, "is not text in UTF-8") from None
    if not text or len(content) > LARGEST or "\0" in text:
        raise _unusable(path, setting, "is empty, too large or not text")
    return text


def _unusable(path: Path, setting: str, what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the file of {setting} {what}",
        where=str(path),
        remedy="write the secret into it, and give it mode 0600",
    )
