"""Banks and their entries: the lists that content is compared with."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record
from tutela.model.signal import Signal

# Python lets `$` stand before a final newline; `(?!\n)` does not.
BankName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$(?!\n)")]
Distance = Annotated[int, msgspec.Meta(ge=0, le=31)]
DISTANCE = 31
"""The greatest distance in bits, and that of a bank unless another is given."""
ALLOW_DISTANCE = 10
"""Of an allow bank, unless another is given: what it silences is a miss if it is wrong."""
Text = Annotated[str, msgspec.Meta(max_length=2000)]


class Bank(Record, frozen=True, kw_only=True):
    """A named list of entries that is switched, trusted and tuned as one.

    Attributes:
        name: letters, digits, `_`, `.` and `-`; unique.
        source: where the list comes from, in words.
        exchange: the exchange that feeds it, or None where people do.
        trusted: whether a match may block by itself (policy decides whether it does).
        allow: whether it lists what is known to be harmless: its entries never match, they
            silence findings that are not closer. Fixed when the bank is made; never trusted.
        enabled: whether it takes part in matching.
        distance: greatest Hamming distance in bits at which a perceptual signal matches.
        drill: holds harmless test material only.
        version: list version of the latest change to it or its entries.
        entries: entries that are not deleted.
    """

    id: int
    name: BankName
    source: str = ""
    exchange: str | None = None
    trusted: bool = False
    allow: bool = False
    enabled: bool = True
    distance: Distance = 31
    drill: bool = False
    version: int = 0
    entries: int = 0
    created_at: datetime


class EntryState(StrEnum):
    """Whether an entry takes part in matching."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class EntryFacts(Record, frozen=True, kw_only=True):
    """What a list says about one entry.

    Attributes:
        label: a name that people recognise it by.
        category: the list's own category, as written there.
        scheme: the scheme that `category` belongs to (`US`, `UK`, ...): never translated.
        source: who contributed it.
        note: free text.
    """

    label: Text = ""
    category: Text = ""
    scheme: Text = ""
    source: Text = ""
    note: Text = ""


class NewEntry(EntryFacts, frozen=True, kw_only=True):
    """An entry about to be added: its facts and one or more signals of the same thing.

    Attributes:
        distance: its own greatest distance in bits, or None for that of its bank.
    """

    signals: tuple[Signal, ...]
    distance: Distance | None = None


class Entry(EntryFacts, frozen=True, kw_only=True):
    """An entry as stored.

    Attributes:
        disabled_until: where the state is `disabled`: when it counts again, or None for never.
        distance: its own greatest distance in bits, or None for that of its bank.
        version: list version of its latest change.
    """

    id: int
    bank_id: int
    state: EntryState = EntryState.ENABLED
    disabled_until: datetime | None = None
    distance: Distance | None = None
    version: int
    created_at: datetime
    signals: tuple[Signal, ...] = ()
