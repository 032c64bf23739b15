"""Content: what an event carries, reduced to facts and signals. Pixels never get this far."""

from __future__ import annotations

from enum import StrEnum

from tutela.model.record import Record
from tutela.model.signal import Signal


class GapReason(StrEnum):
    """Why a part of content could not be compared."""

    EMPTY = "empty"
    UNSUPPORTED = "unsupported_type"
    DAMAGED = "damaged"
    FLAT = "flat"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    DECODER_DIED = "decoder_died"
    UNREADABLE = "unreadable"
    CHANGED = "changed"
    SPECIAL_FILE = "special_file"
    LINK = "link"
    ENCRYPTED = "encrypted"
    ARCHIVE_LIMIT = "archive_limit"
    FETCH_FAILED = "fetch_failed"
    OVERLOADED = "overloaded"
    NO_SIGNAL = "no_signal"
    INDEX_NOT_READY = "index_not_ready"
    ENTRY_PARKED = "entry_parked"
    NO_CONTENT = "no_content"
    """The event told facts only: there was nothing to compare."""
    NOT_PERMITTED = "not_permitted"
    """The law of the place does not allow this content to be scanned."""


class Gap(Record, frozen=True, kw_only=True):
    """A part of content that was not compared, and why.

    Attributes:
        reason: the kind of obstacle.
        detail: one calm sentence for people, without content or secrets.
        part: which part, in the words of `Signal.part`; empty for the whole.
    """

    reason: GapReason
    detail: str = ""
    part: str = ""


class Content(Record, frozen=True, kw_only=True):
    """One file, or one member of an archive, reduced to facts.

    Attributes:
        path: where it lay inside archives, outermost first; empty for the file itself.
        media_type: what the bytes are, sniffed from the bytes: `image/jpeg`,
            `application/zip`, `text/plain`, `application/octet-stream`.
        size: bytes.
        width, height: pixels as stored, 0 where it is not a decoded picture.
        frames: pictures that were fingerprinted in it.
        signals: every fingerprint that could be made.
        gaps: every part that could not be compared. Empty means: compared whole.
    """

    path: tuple[str, ...] = ()
    media_type: str = "application/octet-stream"
    size: int = 0
    width: int = 0
    height: int = 0
    frames: int = 0
    signals: tuple[Signal, ...] = ()
    gaps: tuple[Gap, ...] = ()
