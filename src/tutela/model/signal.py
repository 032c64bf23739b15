"""A signal: one fingerprint of one part of content."""

from __future__ import annotations

from tutela.model.record import Record


class Signal(Record, frozen=True, kw_only=True):
    """A fingerprint in its canonical text form (lower-case hex for every built-in kind).

    Attributes:
        kind: name of the signal kind: `md5`, `sha1`, `sha256`, `pdq`.
        value: canonical text form of the fingerprint. Secret: never logged.
        part: which pixels it was made from: empty for the whole, `turned` for pixels turned as
            the orientation tag says, `frame 3`, `mirror` and so on; several are joined by `, `.
        quality: 0 to 100 where the kind has a quality, else None.
    """

    kind: str
    value: str
    part: str = ""
    quality: int | None = None
