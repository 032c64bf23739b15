"""A signal: one fingerprint of one part of content."""

from __future__ import annotations

from enum import StrEnum

from tutela.model.record import Record


class LowInformation(StrEnum):
    """Why a picture has too little in it for its fingerprint to tell it from others."""

    PLAIN = "plain"
    """Nearly all of it is one colour: a wide border, or a few words on a page."""


class Signal(Record, frozen=True, kw_only=True):
    """A fingerprint in its canonical text form (lower-case hex for every built-in kind).

    Attributes:
        kind: name of the signal kind: `md5`, `sha1`, `sha256`, `pdq`.
        value: canonical text form of the fingerprint. Secret: never logged.
        part: which pixels it was made from: empty for the whole, `turned` for pixels turned as
            the orientation tag says, `frame 3`, `mirror` and so on; several are joined by `, `.
        quality: 0 to 100 where the kind has a quality, else None.
        low_information: why the picture has too little in it to be told from others, or None
            where it has enough or nobody looked. A match of such a signal must be closer, and
            never blocks by itself.
    """

    kind: str
    value: str
    part: str = ""
    quality: int | None = None
    low_information: LowInformation | None = None
