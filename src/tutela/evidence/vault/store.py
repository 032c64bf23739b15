"""The Protocol of blob stores: where the encrypted bytes of objects lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Protocol

from tutela.errors import TutelaError
from tutela.model.record import Record


class StoreUnavailable(TutelaError):
    """The store cannot be reached, is full, read-only, slow, or did not do what it said."""

    code: ClassVar[str] = "store-unavailable"


class BlobMissing(TutelaError):
    """The store does not have a blob that it should have."""

    code: ClassVar[str] = "blob-missing"


class Blob(Record, frozen=True, kw_only=True):
    """A blob as the store lists it."""

    name: str
    size: int
    stored_at: datetime


class BlobStore(Protocol):
    """Keeps encrypted blobs by name; each is written once. Thread-safe. Knows no keys.

    A name is `ADDRESS-ID`, both in hex: 64 and 32 digits.
    """

    name: str
    """As in the setting `vault.store`."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a blob; durable and whole when this returns, and not visible at all before.

        Raises:
            StoreUnavailable: it could not be written; nothing is visible under the name.
            Conflict: there is a blob of this name; it is left as it is.
        """
        ...

    def get(self, name: str, *, start: int = 0) -> Iterator[bytes]:
        """A blob's bytes from an offset. Raises `BlobMissing`, `StoreUnavailable`."""
        ...

    def delete(self, name: str) -> None:
        """Delete a blob; one that is not there is deleted already. Raises `StoreUnavailable`."""
        ...

    def list(self, *, after: str = "") -> Iterator[Blob]:
        """Every blob in the order of names. Raises `StoreUnavailable`."""
        ...

    def tidy(self, before: datetime) -> int:
        """Remove what unfinished writes left behind before a time; how many there were."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...
