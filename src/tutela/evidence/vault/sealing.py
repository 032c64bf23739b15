"""How the bytes of an object are encrypted: chunks that can be neither moved, cut off nor added.

This is the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár ("Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015), laid out as in `age`: the
nonce of a chunk is its number and whether it is the last. `docs/reference/vault-files.md`
describes it byte by byte.
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tutela.evidence.vault.store import Damaged

MAGIC = b"TUTELA-V"
VERSION = 1
HEADER = struct.Struct(">8sII16s")
"""Magic, version, bytes of plain content in a chunk, id of the object."""
TAG_BYTES = 16
CHUNK_BYTES = 2**18
"""Of plain content in a chunk. Fits into a core's cache with its ciphertext: objects of 1 MB are
taken in and given back 1.5 and 2 times as fast as with chunks of 1 MB, larger ones as fast."""
MOST_CHUNK_BYTES = 2**24
"""What a reader is ready to hold in memory because a header says so."""


class Sealing:
    """Seals and opens the chunks of one object.

    Args:
        key: 32 bytes that seal nothing else: nonces begin at 0 for every object.
        object_id: 32 hex digits.
        size: bytes of the plain content.
        chunk_bytes: of plain content in every chunk but the last.
    """

    def __init__(self, key: bytes, object_id: str, size: int, chunk_bytes: int) -> None:
        self._cipher = AESGCM(key)
        self._id, self._size, self._chunk_bytes = object_id, size, chunk_bytes
        self.header = HEADER.pack(MAGIC, VERSION, chunk_bytes, bytes.fromhex(object_id))
        self.count = max(1, -(-size // chunk_bytes))
        """How many chunks there are: an empty object has one, which is empty."""

    def length(self, number: int) -> int:
        """Bytes of plain content in a chunk."""
        return min(self._chunk_bytes, self._size - number * self._chunk_bytes)

    def seal(self, number: int, plain: bytes | bytearray | memoryview) -> bytes:
        """A chunk as it lies in the blob: `TAG_BYTES` longer."""
        return self._cipher.encrypt(self._nonce(number), plain, self.header)

    def open(self, number: int, sealed: bytes | bytearray | memoryview) -> bytes:
        """The plain content of a chunk.

        Raises:
            Damaged: this is not what was sealed as this chunk of this object.
        """
        try:
            return self._cipher.decrypt(self._nonce(number), sealed, self.header)
        except InvalidTag:
            raise damaged(self._id, "has been altered") from None

    def _nonce(self, number: int) -> bytes:
        last = number == self.count - 1
        return number.to_bytes(11, "big") + bytes([last])


def chunk_bytes_of(header: bytes | bytearray | memoryview, object_id: str) -> int:
    """Bytes of plain content in the chunks of a blob, as its header says.

    Nothing authenticates the header before the first chunk is opened with it.

    Raises:
        Damaged: it is not the header of this object, or none at all.
    """
    if len(header) < HEADER.size:
        raise damaged(object_id, "is cut short")
    magic, version, chunk_bytes, named = HEADER.unpack(header)
    if magic != MAGIC or version != VERSION or not 0 < chunk_bytes <= MOST_CHUNK_BYTES:
        raise damaged(object_id, "does not begin as a sealed object does")
    if named != bytes.fromhex(object_id):
        raise damaged(object_id, "is another object")
    return int(chunk_bytes)


def damaged(object_id: str, how: str) -> Damaged:
    """The error of a blob, such as `is cut short`."""
    return Damaged(
        f"what the store holds {how}",
        where=f"object {object_id}",
        remedy="keep it as it is for examination, and bring the object back from a backup",
    )
