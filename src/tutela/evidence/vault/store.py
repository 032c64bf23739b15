"""The Protocol of blob stores: where the encrypted bytes of objects lie."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Protocol

from tutela.errors import InvalidInput, TutelaError, Unavailable
from tutela.model.record import Record

_NAME = re.compile(r"[0-9a-f]{64}-[0-9a-f]{32}")


class StoreUnavailable(Unavailable):
    """The store cannot be reached, is full, read-only, slow, or did not do what it said."""

    code: ClassVar[str] = "store-unavailable"


class BlobMissing(TutelaError):
    """The store does not have a blob that it should have."""

    code: ClassVar[str] = "blob-missing"


class Damaged(TutelaError):
    """A blob is not what was sealed: altered, cut short, longer, or another in its place."""

    code: ClassVar[str] = "damaged"


class Blob(Record, frozen=True, kw_only=True):
    """A blob as the store lists it."""

    name: str
    size: int
    stored_at: datetime


def blob_name(address: str, object_id: str) -> str:
    """Under which name an object's blob lies."""
    return f"{address}-{object_id}"


def checked_name(name: str) -> str:
    """The name, if it is one of a blob: stores make paths and addresses of it.

    Raises:
        InvalidInput: it is not.
    """
    if not is_blob_name(name):
        raise InvalidInput("this is no name of a blob", where="vault")
    return name


def is_blob_name(name: str) -> bool:
    """Whether a store may have put a blob under this name."""
    return _NAME.fullmatch(name) is not None


class BlobStore(Protocol):
    """Keeps encrypted blobs by name; each is written once. Thread-safe. Knows no keys.

    A name is `ADDRESS-ID`, both in hex: 64 and 32 digits; anything else raises `InvalidInput`.
    """

    name: str
    """As in the setting `vault.store`."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a blob; durable and whole when this returns, and not visible at all before.

        Args:
            name: of the blob.
            chunks: its bytes, asked for one after the other and once. What they raise comes
                through as it is, and leaves nothing behind.

        Raises:
            StoreUnavailable: it could not be written; nothing is visible under the name.
            Conflict: there is a blob of this name; it is left as it is.
        """
        ...

    def get(self, name: str, *, start: int = 0) -> Generator[bytes, None, None]:
        """A blob's bytes from an offset, in pieces of any size; none from its end on.

        Errors may come with any piece, the first too. To be closed by who does not read to the end.

        Raises:
            BlobMissing: there is no blob of this name.
            StoreUnavailable: it cannot be read now.
        """
        ...

    def delete(self, name: str) -> None:
        """Delete a blob; one that is not there is deleted already. Raises `StoreUnavailable`."""
        ...

    def list(self, *, after: str = "") -> Iterator[Blob]:
        """Every blob after a name, in the order of names. Raises `StoreUnavailable`."""
        ...

    def tidy(self, before: datetime) -> int:
        """Remove what unfinished writes left behind before a time; how many there were.

        Raises `StoreUnavailable`.
        """
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...
