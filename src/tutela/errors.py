"""Errors that people read: what was wrong, where, and what to do.

Every error that Tutela raises on purpose is a `TutelaError`. Interfaces turn its fields into an
exit code or an RFC 9457 problem document; no layer below knows of either.
"""

from __future__ import annotations

from typing import ClassVar


class TutelaError(Exception):
    """An error with a sentence for people and a stable code for programs.

    Args:
        what: what was wrong, as a sentence without a final dot. Never content, keys or entries.
        where: where it was wrong: a file and line, a field, a setting.
        remedy: what the reader can do about it.
    """

    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: `where: what; remedy`."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}; {self.remedy}" if self.remedy else head


class InvalidInput(TutelaError):
    """Something that was handed in cannot be used as it is."""

    code = "invalid-input"


class TooLarge(InvalidInput):
    """Something that was handed in is over a stated limit."""

    code = "too-large"


class NotFound(TutelaError):
    """A named thing does not exist."""

    code = "not-found"


class Conflict(TutelaError):
    """The request contradicts what is already stored."""

    code = "conflict"


class NotSignedIn(TutelaError):
    """No key or session was given, or it is not valid."""

    code = "not-signed-in"


class NotAllowed(TutelaError):
    """The key or session is valid but its role lacks the permission."""

    code = "not-allowed"


class TooMany(TutelaError):
    """A rate limit was passed; `retry_after` is in seconds."""

    code = "too-many-requests"

    def __init__(self, what: str, *, retry_after: float, where: str = "", remedy: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(what, where=where, remedy=remedy)


class Unavailable(TutelaError):
    """Something that is needed is not ready, full or down; trying again later may work."""

    code = "unavailable"


class BadConfiguration(TutelaError):
    """A setting or a policy cannot be used; the program must not start with it."""

    code = "bad-configuration"
