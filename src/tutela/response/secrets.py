"""The secrets that messages are signed with: derived from one key file, stored nowhere else."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Self

from tutela.durable import write_once
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

    def derived(self, about: str) -> bytes:
        """32 bytes that follow from the key and from what they are for, and from nothing else."""
        return hmac.digest(self._key, about.encode(), "sha256")


def _make(path: Path) -> None:
    """Make a key file where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_once(path, secrets.token_bytes(KEY_BYTES))


def _unusable(path: Path, what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the key file {what}",
        where=str(path),
        remedy="bring it back from a backup; or remove it, and give every destination its new"
        " secret (tutela destinations)",
    )
