"""Console sessions, and the one-time codes that sign people in. Only digests are stored."""

from __future__ import annotations

from datetime import datetime, timedelta

from tutela.model.record import Record
from tutela.storage.database import Database


class Session(Record, frozen=True, kw_only=True):
    """A signed-in person.

    Attributes:
        role: what the person may do, in the words of the layer above.
        csrf: what every form of the session must carry.
        key_id: API key that signed in, or None where a one-time code did.
        expires_at: end of the session, however busy it is.
    """

    role: str
    csrf: str
    key_id: str | None = None
    created_at: datetime
    expires_at: datetime


class Sessions:
    """The console sessions and sign-in codes in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_code(self, role: str, life: timedelta) -> str:
        """A one-time sign-in code such as `ABCD-EFGH-JKMN`: 60 random bits, shown once."""
        raise NotImplementedError

    def redeem(self, code: str) -> str | None:
        """The role of a code, which is used up by this; None if unknown, used or expired."""
        raise NotImplementedError

    def open(
        self, role: str, *, idle: timedelta, life: timedelta, key_id: str | None = None
    ) -> tuple[Session, str]:
        """Begin a session; the token for the cookie is returned once and never stored.

        Args:
            role: what the person may do.
            idle: the session ends when it has not been seen for so long.
            life: the session ends after so long in any case.
            key_id: API key that signed in; the session ends with it.
        """
        raise NotImplementedError

    def find(self, token: str) -> Session | None:
        """The session of a token, unless it has ended; counts as being seen."""
        raise NotImplementedError

    def close(self, token: str) -> None:
        """End a session, if there is one."""
        raise NotImplementedError
