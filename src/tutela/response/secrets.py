"""The secrets that messages are signed with: derived from one key file, stored nowhere else."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Self

from tutela.errors import BadConfiguration

KEY_BYTES = 32
PREFIX = "whsec_"
"""How secrets of Standard Webhooks begin."""


class Secrets:
    """Gives the secret of any destination. Shows nothing of its key.

    Args:
        key: 32 random bytes.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the key file; make it where it is missing.

        Several processes may do so at once: all of them read the same key.

        Raises:
            BadConfiguration: the file cannot be read or made, is not a key, or may be read by
                others than its owner.
        """
        try:
            with suppress(FileExistsError):
                _make(path)
            with path.open("rb") as file:
                mode, key = os.fstat(file.fileno()).st_mode, file.read(KEY_BYTES + 1)
        except OSError as problem:
            raise _unusable(path, f"cannot be used ({problem.strerror})") from None
        if len(key) != KEY_BYTES:
            raise _unusable(path, f"does not hold {KEY_BYTES} bytes")
        if mode & 0o077:
            raise BadConfiguration(
                "the key file may be read by others than its owner",
                where=str(path),
                remedy=f"chmod 600 {path}; if others may have read it, replace it",
            )
        return cls(key)

    def secret(self, name: str, generation: int) -> str:
        """The secret of a destination, `whsec_` and Base64.

        Args:
            name: the destination's name.
            generation: number of the secret, from 1; each rotation counts one on.
        """
        about = f"tutela webhook {name} {generation}".encode()
        return PREFIX + base64.b64encode(hmac.digest(self._key, about, "sha256")).decode()


def _make(path: Path) -> None:
    """Make a key file as a whole: a process that looks meanwhile finds none, or all of it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, never over a key that is there already
    finally:
        draft.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the key file {what}",
        where=str(path),
        remedy="bring it back from a backup; or remove it, and give every destination its new"
        " secret (tutela destinations)",
    )
