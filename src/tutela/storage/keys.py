"""API keys: shown once, stored as digests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tutela.model.record import Record
from tutela.storage.database import Database


class ApiKey(Record, frozen=True, kw_only=True):
    """What is known of a key, without its secret.

    Attributes:
        id: the part of the key that may be shown.
        role: what it may do, in the words of the layer above.
        last_used_at: to the minute.
    """

    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class Keys:
    """The API keys in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: str, expires: datetime | None = None) -> tuple[ApiKey, str]:
        """Make a key; the text `tut_<id>_<secret>` is returned once and never stored."""
        raise NotImplementedError

    def verify(self, text: str) -> ApiKey | None:
        """The key that `text` is, unless it is unknown, wrong, expired or revoked."""
        raise NotImplementedError

    def list(self) -> Sequence[ApiKey]:
        """Every key, oldest first, the revoked included."""
        raise NotImplementedError

    def revoke(self, key_id: str) -> ApiKey:
        """Make a key useless from now on; raises `NotFound`."""
        raise NotImplementedError
