"""MD5: the exact fingerprint of a file that most lists carry (RFC 1321)."""

from __future__ import annotations

import hashlib

from tutela.detection.signals.forms import hexadecimal, parsed
from tutela.detection.signals.kind import ByteHasher
from tutela.model import Measure


class Md5:
    """MD5 of the bytes of a file.

    It finds untouched copies. Files with equal MD5 can be made on purpose, so one match proves
    less than one of SHA-256; lists that carry nothing else are many.
    """

    name = "md5"
    bits = 128
    exact = True
    measure = Measure(
        id="md5", title="Exact copies of known files, by MD5", principles=(1,), counts="matches_md5"
    )

    def parse(self, text: str) -> bytes:
        """16 bytes of 32 hexadecimal digits."""
        return parsed(
            text, self.bits, hexadecimal, expected="an MD5 fingerprint: 32 hexadecimal digits"
        )

    def text(self, value: bytes) -> str:
        """32 lower-case hexadecimal digits."""
        return value.hex()

    def hasher(self) -> ByteHasher:
        """A new MD5."""
        # Where law forbids MD5 for security (FIPS mode), it stays allowed to name files.
        return hashlib.md5(usedforsecurity=False)
