"""Recusals: queues that a person never gets cases of. Nobody asks why, and no record says it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, select

from tutela.errors import InvalidInput
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.storage.access.accounts import account_in
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.review.tables import queues, recusals
from tutela.storage.values import now


class Recusals:
    """The recusals in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_id: str) -> Sequence[str]:
        """The queues that a person never gets, by name."""
        with self._database.read() as connection:
            return _of(connection, account_id)

    def set(self, account_id: str, wanted: Collection[str], *, by: str = PROGRAM) -> Sequence[str]:
        """Say which queues a person never gets from now on.

        The leaf says that this was changed, and not which queues they are: that is nobody's matter.

        Args:
            account_id: whose.
            wanted: names of queues; all others are got again.
            by: who says so.

        Raises:
            NotFound: there is no such account.
            InvalidInput: there is no such queue, or no queue would be left.
        """
        with self._database.write() as connection:
            account_in(connection, account_id)
            before, names = _of(connection, account_id), sorted(set(wanted))
            known = set(connection.scalars(select(queues.c.name)))
            if not known.issuperset(names):
                raise InvalidInput("no queue has this name", where="queues")
            if known.issubset(names):
                raise InvalidInput(
                    "no queue would be left", where="queues", remedy="leave at least one"
                )
            if names == before:
                return names
            connection.execute(delete(recusals).where(recusals.c.account_id == account_id))
            present = now()
            rows = [{"account_id": account_id, "queue": name, "at": present} for name in names]
            if rows:
                connection.execute(insert(recusals), rows)
            subject = f"person:{account_id}"
            tell(connection, AuditKind.PROTECTION, by, subject, "recusals set")
        return names


def _of(connection: Connection, account_id: str) -> list[str]:
    """Those of queues that are still there."""
    own = select(recusals.c.queue).join(queues, queues.c.name == recusals.c.queue)
    return sorted(connection.scalars(own.where(recusals.c.account_id == account_id)))
