"""Passwords: hashed with Argon2id, never stored, never logged."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tutela.errors import InvalidInput

AT_ONCE = 2
"""Passwords that one process hashes at a time: each takes 64 MiB, whoever asks."""
SHORTEST, LONGEST = 12, 256
"""Characters that a password may have. Nothing but length is asked of it."""


class Passwords:
    """Hashes passwords and checks them; of RFC 9106, by the library's present defaults.

    Args:
        hasher: with which costs; the library's where it is not given.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash of a new password; raises `InvalidInput` where it is too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidInput(
                f"a password has {SHORTEST} to {LONGEST} characters",
                where="password",
                remedy="take four words that have nothing to do with each other",
            )
        with self._room:
            return self._hasher.hash(password)

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether a password is right.

        Where there is no hash this takes as long as with one: the time tells nobody which names
        there are.
        """
        try:
            with self._room:
                self._hasher.verify(hashed or self._nobodys, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made with lower costs than are used now."""
        return self._hasher.check_needs_rehash(hashed)
