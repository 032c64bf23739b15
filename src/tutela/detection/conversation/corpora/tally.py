"""What happened while a file of conversations was read: counts, and places without contents."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from tutela.model.record import Record

LISTED = 100
"""Damaged records that are named; further ones are only counted."""
_NAMES = 50
_NAME_CHARACTERS = 60

Unit: TypeAlias = Literal["line", "record"]


class Damaged(Exception):
    """A record that cannot be read; its message says why, without quoting the record."""


class Skipped(Record, frozen=True, kw_only=True):
    """One record that was left out.

    Attributes:
        place: line on which it starts, or its number where `unit` is `record`; from 1.
        what: what is wrong with it, without its contents.
    """

    place: int
    what: str
    unit: Unit = "line"

    def __str__(self) -> str:
        """`line 4: what`."""
        return f"{self.unit} {self.place}: {self.what}"


class ReadingSummary(Record, frozen=True, kw_only=True):
    """What became of a file.

    Attributes:
        read: conversations that were read.
        skipped: records that were left out because they are damaged.
        problems: the first of them.
        mended: what was wrong in records that were read all the same, and how often.
        ignored: members (or columns) that mean nothing here, and how often they came.
        sha256: digest of the whole file in hexadecimal digits; empty until its end is reached.
        size: bytes that were read.
    """

    read: int
    skipped: int
    problems: tuple[Skipped, ...] = ()
    mended: dict[str, int]
    ignored: dict[str, int]
    sha256: str = ""
    size: int = 0


class Tally:
    """Counts while a file is read."""

    def __init__(self, unit: Unit = "line") -> None:
        self._unit: Unit = unit
        self.read = 0
        self.skipped = 0
        self.sha256 = ""
        self.size = 0
        self._problems: list[Skipped] = []
        self._mended: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()

    def skip(self, place: int, what: str) -> None:
        """Note a record that is left out."""
        self.skipped += 1
        if len(self._problems) < LISTED:
            self._problems.append(Skipped(place=place, what=what, unit=self._unit))

    def mend(self, what: str) -> None:
        """Note something that was wrong and is taken as unknown."""
        self._mended[what] += 1

    def ignore(self, member: str, times: int = 1) -> None:
        """Note a member that means nothing here; only so many names are kept apart."""
        name = ascii(member[:_NAME_CHARACTERS])[1:-1]
        if name not in self._ignored and len(self._ignored) >= _NAMES:
            name = "others"
        self._ignored[name] += times

    def summary(self) -> ReadingSummary:
        """The counts so far."""
        return ReadingSummary(
            read=self.read,
            skipped=self.skipped,
            problems=tuple(self._problems),
            mended=dict(sorted(self._mended.items())),
            ignored=dict(sorted(self._ignored.items())),
            sha256=self.sha256,
            size=self.size,
        )
