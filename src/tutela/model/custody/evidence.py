"""Evidence: what is kept of a finding, where it came from, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tutela.model.custody.terms import Bound, Moment
from tutela.model.record import Record


class EvidenceKind(StrEnum):
    """What an item is, in the words of the jurisdiction packs' retention."""

    CONTENT = "content"
    """The bytes that were handed in."""
    USER_DATA = "user-data"
    """What is known of the user concerned, within the window that the pack allows."""
    MESSAGES = "messages"
    """Messages of a conversation that people are to look at; kept as long as content."""
    REPORT_REFERENCE = "report-reference"
    """What the authority called the report."""


class ItemState(StrEnum):
    """Where the bytes of an item are."""

    KEPT = "kept"
    """In the vault."""
    OWED = "owed"
    """They were handed in and the vault could not take them: somebody must see to it."""
    ELSEWHERE = "elsewhere"
    """They were never handed in; the platform was asked to preserve them."""
    DESTROYED = "destroyed"
    """Their key is destroyed, and the proof of that is in the audit log."""


class StepKind(StrEnum):
    """One step on the way from where bytes were found to what was matched."""

    UPLOAD = "upload"
    """A file or message that was handed in."""
    FETCH = "fetch"
    """A file that was fetched from an address."""
    RECORD = "record"
    """Data that the program itself wrote down."""
    MEMBER = "member"
    """A member of an archive."""
    FRAME = "frame"
    """A picture of a video or animation."""
    DISK = "disk"
    """The image of a disk."""
    PARTITION = "partition"
    """A partition of it."""
    PATH = "path"
    """A file on a file system."""


class Step(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One step of provenance.

    Attributes:
        kind: what it is.
        name: its name or path, as it was found; any Unicode. `names.found` makes it of bytes.
        name_bytes: hex of the name's bytes where they are not UTF-8, else empty.
        at: when it came in or was made, where that is known.
        seconds: of a frame: how far into the video.
        digests: fingerprints of the bytes at this step, by name: `sha256`, `md5`.
    """

    kind: StepKind
    name: str = ""
    name_bytes: str = ""
    at: datetime | None = None
    seconds: float | None = None
    digests: Mapping[str, str] = msgspec.field(default_factory=dict)


class Term(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How long an item is kept, as the pack in force said when it was taken in.

    Attributes:
        pack: version of the jurisdiction pack; empty where the operator's settings decide.
        keep: `1 year`; or `not stated`.
        bound: whether that is the least, the most, or exactly.
        after: from which moment it counts.
        window: of user data: how far back it may go; empty for no limit.
        source: the law that says so.
    """

    pack: str = ""
    keep: str
    bound: Bound
    after: Moment
    window: str = ""
    source: str = ""


class ItemFacts(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an item's bytes. Erased when they are destroyed.

    Attributes:
        name: the name that it was handed in under, if any; as in `Step`.
        name_bytes: as in `Step`.
        media_type: as found from the bytes.
        size: bytes.
        digests: fingerprints of the whole, by name; `sha256` always.
        salt: hex; the audit log holds SHA-256 of salt and `sha256`, so that who has both can show
            that the log speaks of these bytes, and nobody else can.
        chain: where it came from, outermost first.
        tools: versions of what handled it, by name.
    """

    name: str = ""
    name_bytes: str = ""
    media_type: str = "application/octet-stream"
    size: int = 0
    digests: Mapping[str, str] = msgspec.field(default_factory=dict)
    salt: str = ""
    chain: tuple[Step, ...] = ()
    tools: Mapping[str, str] = msgspec.field(default_factory=dict)


class Sealed(Record, frozen=True, kw_only=True):
    """An object that lies in the vault's store, durable, and is not known to anybody yet.

    Attributes:
        id: random, 32 hex digits; the same bytes sealed twice have two.
        address: keyed digest of the plain SHA-256, 64 hex digits: where equal bytes meet.
        wrapped: the object's key, wrapped by the key service.
        key_id: which of the key service's keys wrapped it.
        size: bytes of the plain content.
        digests: fingerprints of the plain content, by name; `sha256` always.
    """

    id: str
    address: str
    wrapped: bytes
    key_id: str
    size: int
    digests: Mapping[str, str]


class StoredObject(Record, frozen=True, kw_only=True):
    """An object of the vault as the database knows it.

    Attributes:
        wrapped: the wrapped key; None once it is destroyed: nobody can read the bytes any more.
        others: as in `Sealed`.
    """

    id: str
    address: str
    size: int
    wrapped: bytes | None
    key_id: str
    created_at: datetime
    destroyed_at: datetime | None = None


class NewItem(Record, frozen=True, kw_only=True):
    """An item as it is written with its event.

    Attributes:
        id: derived from event, kind and ordinal, so that a repeat can never make a second.
        state: `kept` with `sealed`; else without.
        detected_at: when it was found: terms after `detection` count from here.
        clock_at: when its term began; None where that is still to come.
        expires_at: when the term ends; None where it has not begun or names no end.
        problem: why the vault could not take it, in one calm sentence.
    """

    id: str
    kind: EvidenceKind
    state: ItemState
    drill: bool
    detected_at: datetime
    term: Term
    facts: ItemFacts
    sealed: Sealed | None = None
    clock_at: datetime | None = None
    expires_at: datetime | None = None
    problem: str = ""


class Item(Record, frozen=True, kw_only=True):
    """An item of evidence as it stands.

    Attributes:
        object_id: where its bytes are in the vault; None where they are not.
        created_at: when it was written down.
        destroyed_at: when its bytes were destroyed, or its owing was given up.
        held: whether a hold stands.
        others: as in `NewItem`.
    """

    id: str
    event_id: str
    case_id: str | None = None
    kind: EvidenceKind
    state: ItemState
    drill: bool
    created_at: datetime
    detected_at: datetime
    term: Term
    facts: ItemFacts
    object_id: str | None = None
    clock_at: datetime | None = None
    expires_at: datetime | None = None
    destroyed_at: datetime | None = None
    problem: str = ""
    held: bool = False


class Kept(Record, frozen=True, kw_only=True):
    """What an answer says of an item: its id, and where its bytes are."""

    id: str
    kind: EvidenceKind
    state: ItemState


class Hold(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A legal hold: beats expiry, and requests for erasure.

    Attributes:
        item_id: what is held.
        reason: why, in the words of who placed it.
        authority: who asked for it, with their reference.
    """

    id: int
    item_id: str
    reason: str
    authority: str = ""
    placed_at: datetime
    placed_by: str
    released_at: datetime | None = None
    released_by: str = ""
    release_reason: str = ""
