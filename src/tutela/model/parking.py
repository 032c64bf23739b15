"""A parking: an entry that suddenly matched very much, and what a curator decided about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record


class ParkingDecision(StrEnum):
    """What became of a parking."""

    RELEASED = "released"
    """The entry is right: it matches as before, and is not parked again for a time."""
    TIGHTENED = "tightened"
    """The entry matches again, within a smaller distance of its own."""
    DISABLED = "disabled"
    """The entry is wrong, or of no use: it matches nothing any more."""
    DELETED = "deleted"
    """The entry was deleted before anybody decided."""
    NOTED = "noted"
    """Exact copies came in great numbers. Exact matches are never parked: an alarm was raised."""


class Parking(Record, frozen=True, kw_only=True):
    """One flood of matches.

    Attributes:
        bank: name of the entry's bank; empty where that was deleted.
        label: what the list calls the entry.
        contents: distinct contents that it matched within an hour, or exact copies where noted.
        allowed: how many the settings allowed.
        decision: None while the entry is parked.
        decided_by: who decided: a key, a session, or a user of this machine.
        note: why, in their words.
        distance: the own distance that it was given, where tightened.
        exempt_until: until when it is not parked again, where released.
        events: ids of some of the latest events that it matched.
    """

    id: int
    entry_id: int
    bank_id: int
    bank: str = ""
    label: str = ""
    parked_at: datetime
    contents: int
    allowed: int
    decision: ParkingDecision | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    note: str = ""
    distance: int | None = None
    exempt_until: datetime | None = None
    events: tuple[str, ...] = ()
