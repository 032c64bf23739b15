"""What came of a verification: for people, and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record

SOUND, BAD, NOT_VERIFIED = 0, 1, 2
"""Exit codes of `tutela audit verify`."""


class Place(StrEnum):
    """Where something is wrong."""

    LEAF = "leaf"
    """A leaf was altered, is gone, or should not be there."""
    ROW = "row"
    """What stands beside a leaf in its row differs from the leaf, which is as it was."""
    NODE = "node"
    """A stored root of a subtree is wrong."""
    HEAD = "head"
    """The log's stored end is wrong."""
    CHECKPOINT = "checkpoint"
    """A checkpoint was not signed by the key, or is of another log."""
    STAMP = "stamp"
    """A time stamp does not hold."""
    WITNESS = "witness"
    """What the log is compared with was altered itself."""


class Finding(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is wrong.

    Attributes:
        what: as a sentence without a final dot.
        first: index of the first leaf that it may be; None where it is about no leaf.
        last: index of the last leaf that it may be; the same as `first` where it is known exactly.
        kind: of the first leaf, where it can be read.
        at: when the first leaf was written, where it can be read.
    """

    place: Place
    what: str
    first: int | None = None
    last: int | None = None
    kind: str = ""
    at: datetime | None = None

    def __str__(self) -> str:
        """One line."""
        if self.first is None or self.last is None:
            return f"{self.place}: {self.what}"
        span = f"{self.first:,}" if self.first == self.last else f"{self.first:,} to {self.last:,}"
        about = [self.kind.replace("_", " "), f"{self.at:%Y-%m-%d %H:%M:%S} UTC" if self.at else ""]
        read = ", ".join(one for one in about if one)
        where = "leaf" if self.place is Place.LEAF else f"{self.place} at leaf"
        return f"{where} {span}{f' ({read})' if read else ''}: {self.what}"


class Findings(Record, frozen=True, kw_only=True):
    """What came of a verification.

    Attributes:
        source: what was verified: a database, or a file.
        origin: the log's name.
        size: leaves that it says it has.
        root: of the leaves that were read, in hex.
        read: leaves that were read and hashed.
        signed: of them, those that a verified checkpoint speaks of.
        witnessed: of them, those that were compared with a witness.
        checkpoints: how many were verified.
        stamps: time stamps that were verified.
        bad: what is wrong, the first bad leaf first.
        notes: what is worth knowing and not wrong.
        unverified: why it could not be verified; empty where it was.
    """

    source: str
    origin: str
    size: int
    root: str
    read: int
    signed: int
    witnessed: int
    checkpoints: int
    stamps: int
    bad: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    unverified: str = ""

    @property
    def first_bad(self) -> Finding | None:
        """The first bad leaf, or the first leaves among which it is."""
        return next((one for one in self.bad if one.place is Place.LEAF), None)

    @property
    def exit_code(self) -> int:
        """0 sound, 1 bad, 2 could not be verified."""
        if self.bad:
            return BAD
        return NOT_VERIFIED if self.unverified else SOUND

    @property
    def verdict(self) -> str:
        """One word, or three."""
        return ("sound", "BAD", "could not be verified")[self.exit_code]

    def lines(self) -> Iterator[str]:
        """The findings for people, line by line."""
        yield f"{self.source}: {self.verdict}"
        for finding in self.bad:
            yield f"  {finding}"
        if self.unverified:
            yield f"  {self.unverified}"
        yield f"  log {self.origin}, {self.size:,} leaves, {self.read:,} read"
        yield f"  signed: {self.signed:,} ({self.checkpoints:,} checkpoints)"
        yield f"  compared with a witness: {self.witnessed:,}"
        yield f"  time stamps: {self.stamps:,}"
        yield f"  root: {self.root}"
        yield from (f"  note: {note}" for note in self.notes)
