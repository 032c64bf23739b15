"""Leaves of the audit log: what happened, who did it, to what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tutela.model.record import Record

Fact = str | int | bool | None
"""What the details of a leaf may hold: never content, signals, terms, keys or secrets."""


PROGRAM = "tutela"
"""Who did what the program does by itself."""


class AuditKind(StrEnum):
    """What a leaf is about."""

    DECISION = "decision"
    """An event was decided about; the digest is that of the stored outcome."""
    PRESERVE = "preserve"
    """Evidence was taken into the vault, or is owed."""
    LOOK = "look"
    """Somebody is about to see evidence. Written before it is shown."""
    EXPORT = "export"
    """Something is about to leave: a custody document, entries, the log. Written before."""
    HOLD = "hold"
    """A legal hold was placed."""
    RELEASE = "release"
    """A legal hold was lifted."""
    REPORT = "report"
    """A report to an authority was recorded: terms that count from it begin."""
    DESTROY = "destroy"
    """The term of an item ended and its key was destroyed."""
    VERIFY = "verify"
    """The vault was read through, with what was found."""
    CLOCK = "clock"
    """What time it is, so that a clock that jumps is noticed before anything expires by it."""
    VAULT_KEY = "vault_key"
    """A key of the vault was made, rotated or retired."""
    POLICY = "policy"
    """What is in force or in shadow has changed."""
    LAW = "law"
    """A version of a jurisdiction pack was put in force."""
    BANK = "bank"
    """A bank was made, changed or deleted."""
    ENTRY = "entry"
    """Entries were added, switched, tuned or deleted."""
    PARKING = "parking"
    """An entry was parked, or somebody decided about a parked one."""
    RESCAN = "rescan"
    """A re-scan was asked for, paused, resumed or cancelled."""
    API_KEY = "api_key"
    """An API key was made or revoked."""
    SIGN_IN = "sign_in"
    """A code to sign in was made or used, or a session ended."""
    ACCOUNT = "account"
    """An account was made or changed, or somebody was kept out of it."""
    READING = "reading"
    """Somebody decided about a case, or took the decision back."""
    CASE = "case"
    """A case was claimed, handed back, passed, gathered, split, moved, settled or reopened."""
    QUEUE = "queue"
    """A queue was made, changed or deleted."""
    PROTECTION = "protection"
    """The floor of protection was changed, or a pause or budget was lifted."""
    CONVERSATION = "conversation"
    """What was kept of conversations went, or what rates them was changed by people's outcomes."""
    DESTINATION = "destination"
    """A destination was made, changed, given a new secret, or deleted."""
    ACTION = "action"
    """Actions were sent again by a person's wish, or confirmed by the platform."""
    BACKUP = "backup"
    """A backup was made."""
    RESTORE = "restore"
    """A backup was restored; what the log held beyond it is named."""
    START = "start"
    """A server started, with its version and settings' digest."""


class NewLeaf(Record, frozen=True, kw_only=True):
    """A leaf as it is handed to the log.

    Attributes:
        by: who did it: `key:ID`, `session:ID`, `cli:USER`, `destination:NAME` for what the
            platform says in its answer to a message, or `tutela` for the program itself.
        subject: what it was done to, by id: an event, an item, a bank.
        data: details by name.
    """

    kind: AuditKind
    by: str
    subject: str
    data: Mapping[str, Fact] = msgspec.field(default_factory=dict)


class Leaf(Record, frozen=True, kw_only=True):
    """A leaf as it stands in the log.

    Attributes:
        index: from 0, without gaps.
        at: when it was written; never before the leaf before it.
        clock: what the clock said where it had gone back; else None.
    """

    index: int
    at: datetime
    kind: AuditKind
    by: str
    subject: str
    data: Mapping[str, Fact] = msgspec.field(default_factory=dict)
    clock: datetime | None = None
