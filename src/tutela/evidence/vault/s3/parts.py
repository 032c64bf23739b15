"""What is sent to the service part by part, and how it is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


def parts(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of any size as parts of one size, and whether each is the last.

    The last one may be shorter, and empty where there is nothing at all.
    """
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > size:
            yield bytes(memoryview(held)[:size]), False
            del held[:size]
    yield bytes(held), True


@dataclass(slots=True)
class Sent:
    """Digests of what was sent, by parts of one size."""

    size: int = 0
    md5: list[bytes] = field(default_factory=list)
    sha256: list[bytes] = field(default_factory=list)

    def add(self, part: bytes) -> None:
        """Note a part."""
        self.size += len(part)
        self.md5.append(_md5(part))
        self.sha256.append(hashlib.sha256(part).digest())

    def etags(self) -> set[str]:
        """What services give as ETag of an object that was sent so, most of them."""
        whole = {self.md5[0].hex()} if len(self.md5) == 1 else set()
        return whole | {f"{_md5(b''.join(self.md5)).hex()}-{len(self.md5)}"}

    def is_same(self, pieces: Iterable[bytes], size: int) -> bool:
        """Whether pieces of any size are what was sent in parts of one size."""
        found = (hashlib.sha256(part).digest() for part, _ in parts(pieces, size))
        return list(found) == self.sha256


def _md5(content: bytes) -> bytes:
    """The services' own check of transmission; no security rests on it."""
    return hashlib.md5(content, usedforsecurity=False).digest()
