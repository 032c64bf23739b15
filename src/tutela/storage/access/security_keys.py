"""Security keys (WebAuthn) of accounts: their public halves, and how often each was used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy import delete, exists, insert, select, update

from tutela.errors import Conflict, NotFound
from tutela.model.custody.leaf import AuditKind
from tutela.model.record import Record
from tutela.storage.access.tables import accounts, security_keys
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.values import now

MOST = 10
"""Security keys that an account may have."""
KeyName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class SecurityKey(Record, frozen=True, kw_only=True):
    """A security key.

    Attributes:
        id: of the credential, in URL-safe Base64; no secret.
        name: what its owner calls it.
        sign_count: how often it said that it was used; 0 for those that do not count.
    """

    id: str
    account_id: str
    name: str
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None


class SecurityKeys:
    """The security keys in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_id: str) -> Sequence[SecurityKey]:
        """The keys of an account, oldest first."""
        own = select(security_keys).where(security_keys.c.account_id == account_id)
        ordered = own.order_by(security_keys.c.created_at, security_keys.c.id)
        with self._database.read() as connection:
            rows = connection.execute(ordered).mappings().all()
        return [SecurityKey(**row) for row in rows]

    def add(
        self, account_id: str, key_id: str, name: str, public_key: bytes, count: int, *, by: str
    ) -> None:
        """Store a key that has shown that it is there.

        Raises:
            Conflict: the key is known already, or the account has as many as it may.
        """
        row = {"id": key_id, "account_id": account_id, "name": name, "public_key": public_key}
        with self._database.write() as connection:
            if connection.scalar(select(exists().where(security_keys.c.id == key_id))):
                raise Conflict("this security key is set up already", remedy="take another one")
            own = select(security_keys.c.id).where(security_keys.c.account_id == account_id)
            if len(connection.execute(own).all()) >= MOST:
                raise Conflict(f"an account has at most {MOST} security keys")
            added = {"sign_count": count, "created_at": now()}
            connection.execute(insert(security_keys), {**row, **added})
            tell(connection, AuditKind.ACCOUNT, by, f"person:{account_id}", "security key set")

    def remove(self, account_id: str, key_id: str, *, by: str) -> None:
        """Forget a key of an account.

        Raises:
            NotFound: the account has no such key.
            Conflict: it is the account's only second factor.
        """
        own = security_keys.c.account_id == account_id
        with self._database.write() as connection:
            ids = set(connection.scalars(select(security_keys.c.id).where(own)))
            if key_id not in ids:
                raise NotFound("no security key of yours has this id", where="key")
            confirmed = select(accounts.c.totp_confirmed_at).where(accounts.c.id == account_id)
            if len(ids) == 1 and connection.scalar(confirmed) is None:
                raise Conflict(
                    "this is your only second factor", remedy="set up another one before"
                )
            connection.execute(delete(security_keys).where(own, security_keys.c.id == key_id))
            tell(connection, AuditKind.ACCOUNT, by, f"person:{account_id}", "security key removed")

    def used(self, key: SecurityKey, count: int) -> bool:
        """Note that a key was used; False where somebody used it, or its copy, meanwhile."""
        unchanged = (
            security_keys.c.id == key.id,
            security_keys.c.account_id == key.account_id,
            security_keys.c.sign_count == key.sign_count,
        )
        with self._database.write() as connection:
            using = update(security_keys).where(*unchanged)
            done = connection.execute(using.values(sign_count=count, last_used_at=now()))
            return bool(done.rowcount)
