"""Policy versions, kept for ever: what a decision was made with can always be read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from tutela.errors import Conflict, NotFound
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.tables import policies
from tutela.storage.values import now

POLICY = "policy"
"""What leaves of the audit log about versions, and about what is in force, are about."""


class KeptPolicy(Record, frozen=True, kw_only=True):
    """A policy version.

    Attributes:
        version: name and digest of its text.
        added_at: since when it is kept here.
        added_by: who brought it in; empty for the program itself.
    """

    version: str
    added_at: datetime
    added_by: str = ""


class Policies:
    """The policy versions in a database. None is ever changed or deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, version: str, text: str, by: str = PROGRAM, *, origin: str = "") -> None:
        """Keep a version; keeping it again changes nothing. Raises `Conflict` as `keep_policy`.

        Args:
            version: its name.
            text: its text.
            by: who keeps it.
            origin: what is said of where it came from instead of who brought it in.
        """
        with self._database.write() as connection:
            if keep_policy(connection, version, text, origin or ("" if by == PROGRAM else by)):
                tell(connection, AuditKind.POLICY, by, POLICY, "kept", {"kept": version})

    def get(self, version: str) -> KeptPolicy:
        """One version; raises `NotFound`."""
        columns = (policies.c.version, policies.c.added_at, policies.c.added_by)
        with self._database.read() as connection:
            row = connection.execute(select(*columns).where(policies.c.version == version)).first()
        if row is None:
            raise _unknown(version)
        return KeptPolicy(version=row.version, added_at=row.added_at, added_by=row.added_by)

    def text(self, version: str) -> str:
        """The text of a version; raises `NotFound`."""
        with self._database.read() as connection:
            text = kept_text(connection, version)
        if text is None:
            raise _unknown(version)
        return text

    def list(self) -> Sequence[KeptPolicy]:
        """Every version, latest first."""
        columns = (policies.c.version, policies.c.added_at, policies.c.added_by)
        ordered = select(*columns).order_by(policies.c.added_at.desc(), policies.c.version)
        with self._database.read() as connection:
            return [
                KeptPolicy(version=row.version, added_at=row.added_at, added_by=row.added_by)
                for row in connection.execute(ordered)
            ]


def keep_policy(connection: Connection, version: str, text: str, by: str) -> bool:
    """Keep a version within a transaction that writes, unless it is kept already.

    Returns:
        Whether it was new here. The caller tells the audit log of it.

    Raises:
        Conflict: the version is kept with another text.
    """
    kept = kept_text(connection, version)
    if kept is None:
        row = {"version": version, "text": text, "added_at": now(), "added_by": by}
        connection.execute(insert(policies), row)
    elif kept != text:
        raise Conflict(
            f"the version {version} is kept with another text",
            where="policy",
            remedy="a version never changes: find out who changed the database",
        )
    return kept is None


def kept_text(connection: Connection, version: str) -> str | None:
    """The text of a version, or None where it is not kept."""
    found: str | None = connection.scalar(
        select(policies.c.text).where(policies.c.version == version)
    )
    return found


def _unknown(version: str) -> NotFound:
    return NotFound(
        "this policy version is not kept here",
        where=version[:80],
        remedy="list the versions with: tutela policy versions",
    )
