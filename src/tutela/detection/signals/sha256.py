"""SHA-256: the exact fingerprint of a file (FIPS 180-4)."""

from __future__ import annotations

import hashlib

from tutela.detection.signals.forms import hexadecimal, parsed
from tutela.detection.signals.kind import ByteHasher
from tutela.model import Measure


class Sha256:
    """SHA-256 of the bytes of a file."""

    name = "sha256"
    bits = 256
    exact = True
    measure = Measure(
        id="sha256",
        title="Exact copies of known files, by SHA-256",
        principles=(1,),
        counts="matches_sha256",
    )

    def parse(self, text: str) -> bytes:
        """32 bytes of 64 hexadecimal digits."""
        return parsed(
            text, self.bits, hexadecimal, expected="a SHA-256 fingerprint: 64 hexadecimal digits"
        )

    def text(self, value: bytes) -> str:
        """64 lower-case hexadecimal digits."""
        return value.hex()

    def hasher(self) -> ByteHasher:
        """A new SHA-256."""
        return hashlib.sha256()
