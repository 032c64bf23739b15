"""A store in memory: forgotten with the process. For tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime

from tutela.errors import Conflict
from tutela.evidence.vault.store import Blob, BlobMissing, checked_name


class MemoryStore:
    """Keeps blobs in memory. Thread-safe."""

    name = "memory"

    def __init__(self) -> None:
        self._blobs: dict[str, tuple[bytes, datetime]] = {}
        self._lock = threading.Lock()

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Keep a blob. Raises `Conflict`."""
        checked_name(name)
        content = b"".join(chunks)
        with self._lock:
            if name in self._blobs:
                raise Conflict("there is a blob of this name", where="vault")
            self._blobs[name] = (content, datetime.now(UTC))

    def get(self, name: str, *, start: int = 0) -> Generator[bytes, None, None]:
        """A blob's bytes. Raises `BlobMissing`."""
        with self._lock:
            found = self._blobs.get(checked_name(name))
        if found is None:
            raise BlobMissing("the store does not have this blob", where=name)
        if found[0][start:]:
            yield found[0][start:]

    def delete(self, name: str) -> None:
        """Forget a blob."""
        with self._lock:
            self._blobs.pop(checked_name(name), None)

    def list(self, *, after: str = "") -> Iterator[Blob]:
        """Every blob after a name, in the order of names."""
        with self._lock:
            found = sorted(self._blobs.items())
        for name, (content, stored_at) in found:
            if name > after:
                yield Blob(name=name, size=len(content), stored_at=stored_at)

    def tidy(self, before: datetime) -> int:  # noqa: ARG002 - nothing unfinished is ever kept
        """Nothing is left behind here."""
        return 0

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._blobs.clear()
