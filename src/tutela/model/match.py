"""A match: a known entry within its distance of a signal; and matches that were silenced."""

from __future__ import annotations

from enum import StrEnum

from tutela.model.record import Record
from tutela.model.signal import LowInformation


class Match(Record, frozen=True, kw_only=True):
    """Where a signal was found.

    Attributes:
        bank, bank_id, entry_id: what it was found in.
        kind: signal kind that matched.
        distance: Hamming distance in bits; 0 for exact kinds.
        exact: whether the kind compares by equality (MD5, SHA-1, SHA-256).
        list_version: version of the lists that were compared with.
        exchange: exchange that feeds the bank, or None.
        trusted: whether the bank is trusted.
        label, category, scheme, source: what the list says of the entry.
        part: which part of the content matched, in the words of `Signal.part`.
        path: where that content lay inside archives.
        low_information: why the picture has little in it to be told from others by, or None.
    """

    bank: str
    bank_id: int
    entry_id: int
    kind: str
    distance: int
    exact: bool
    list_version: int
    exchange: str | None = None
    trusted: bool = False
    drill: bool = False
    label: str = ""
    category: str = ""
    scheme: str = ""
    source: str = ""
    part: str = ""
    path: tuple[str, ...] = ()
    low_information: LowInformation | None = None


class Silencing(StrEnum):
    """Why a match does not count as a finding."""

    ALLOWED = "allowed"
    """An entry of an allow bank, known to be harmless, is at least as close to the same signal."""
    PARKED = "parked"
    """Its entry matched suddenly much, and waits for a curator. The verdict is not `clear`."""
    LOW_INFORMATION = "low_information"
    """The picture has little in it, and the entry is not near enough to mean anything."""


class Silenced(Record, frozen=True, kw_only=True):
    """A match that does not count as a finding, and why. It is kept, shown and counted.

    Attributes:
        match: what was found.
        reason: which defence silenced it.
        detail: one calm sentence for people.
        by: the allow entry that silenced it, with its own distance; None for other reasons.
    """

    match: Match
    reason: Silencing
    detail: str
    by: Match | None = None
