"""SHA-1: an exact fingerprint of a file (FIPS 180-4)."""

from __future__ import annotations

import hashlib

from tutela.detection.signals.forms import base32, hexadecimal, parsed
from tutela.detection.signals.kind import ByteHasher
from tutela.model import Measure


class Sha1:
    """SHA-1 of the bytes of a file."""

    name = "sha1"
    bits = 160
    exact = True
    measure = Measure(
        id="sha1",
        title="Exact copies of known files, by SHA-1",
        principles=(1,),
        counts="matches_sha1",
    )

    def parse(self, text: str) -> bytes:
        """20 bytes of 40 hexadecimal digits, or of the base32 that Project Arachnid writes."""
        return parsed(
            text,
            self.bits,
            hexadecimal,
            base32,
            expected="a SHA-1 fingerprint: 40 hexadecimal digits, or 32 characters of base32",
        )

    def text(self, value: bytes) -> str:
        """40 lower-case hexadecimal digits."""
        return value.hex()

    def hasher(self) -> ByteHasher:
        """A new SHA-1."""
        # Where law forbids SHA-1 for security (FIPS mode), it stays allowed to name files.
        return hashlib.sha1(usedforsecurity=False)
