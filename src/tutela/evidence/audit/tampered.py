"""The error of a log that contradicts what is known of it."""

from __future__ import annotations

from typing import ClassVar

from tutela.errors import TutelaError


class Tampered(TutelaError):
    """The audit log is not the one that was signed before, or was changed.

    Args:
        what: what contradicts what.
        leaf: index of the first bad leaf, where it is known.
    """

    code: ClassVar[str] = "tampered"

    def __init__(self, what: str, *, leaf: int | None = None, where: str = "audit log") -> None:
        self.leaf = leaf
        super().__init__(what, where=where, remedy="run tutela audit verify")
