"""A security key made of code: real signatures in the real wire format, without a browser."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://test"
PRESENT, WITH_KEY = 0x01, 0x40


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class SoftKey:
    """A security key that anybody may copy.

    Attributes:
        uses: how often it was used; somebody who sets it back plays an old copy.
    """

    def __init__(self, origin: str = ORIGIN) -> None:
        self.id = secrets.token_bytes(16)
        self.origin = origin
        self.uses = 0
        self._private = generate_private_key(SECP256R1())

    def set_up(self, challenge: str) -> str:
        """The answer to the question for a new key."""
        client = self._client("webauthn.create", challenge)
        size = struct.pack(">H", len(self.id))
        data = self._data(PRESENT | WITH_KEY) + bytes(16) + size + self.id + self._public()
        # A map of three: fmt "none", an empty attStmt, and authData.
        stated = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(stated)})

    def show(self, challenge: str, *, flags: int = PRESENT) -> str:
        """The answer to the question for a key that is known."""
        self.uses += 1
        client = self._client("webauthn.get", challenge)
        data = self._data(flags)
        signed = self._private.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signed}
        return self._answer({name: b64(part) for name, part in parts.items()})

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(told).encode()

    def _data(self, flags: int) -> bytes:
        host = self.origin.partition("://")[2].partition(":")[0]
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, self.uses)

    def _public(self) -> bytes:
        """COSE of RFC 9053: kty 2, alg -7, crv 1, and the point."""
        point = self._private.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y

    def _answer(self, response: dict[str, str]) -> str:
        own = b64(self.id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})
