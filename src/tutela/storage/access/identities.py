"""Who an account is at an identity provider: by the provider's own name for the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from tutela.errors import Conflict, NotFound
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.model.review.account import Account, AccountState
from tutela.storage.access.accounts import account_in, made_in
from tutela.storage.access.tables import accounts, identities
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.values import now


class Identity(Record, frozen=True, kw_only=True):
    """Who somebody is at a provider.

    Attributes:
        issuer: the provider's name for itself.
        subject: its name for the person, which it gives to nobody else.
    """

    issuer: str
    subject: str


class Linked(Record, frozen=True, kw_only=True):
    """An identity that belongs to an account."""

    identity: Identity
    since: datetime


class Identities:
    """The identities in a database. Leaves never hold a subject: it may be somebody's address."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, identity: Identity) -> Account | None:
        """The account of an identity, if there is one."""
        with self._database.read() as connection:
            found = connection.scalar(select(identities.c.account_id).where(*_own(identity)))
            return None if found is None else account_in(connection, found)

    def of(self, account_id: str) -> Sequence[Linked]:
        """The identities of an account, oldest first."""
        own = select(identities).where(identities.c.account_id == account_id)
        with self._database.read() as connection:
            rows = connection.execute(own.order_by(identities.c.created_at)).all()
        return [
            Linked(identity=Identity(issuer=row.issuer, subject=row.subject), since=row.created_at)
            for row in rows
        ]

    def link(self, account_id: str, identity: Identity, *, by: str = PROGRAM) -> Account:
        """From now on whoever the provider says is this signs in as the account.

        Raises:
            NotFound: there is no such account.
            Conflict: the account is disabled, or the identity is somebody else's.
        """
        with self._database.write() as connection:
            account = account_in(connection, account_id)
            if account.state is AccountState.DISABLED:
                raise Conflict("this account is disabled", remedy="enable it first")
            owner = connection.scalar(select(identities.c.account_id).where(*_own(identity)))
            if owner == account_id:
                return account
            if owner is not None:
                raise Conflict(
                    "this identity belongs to another account", remedy="take it from that one first"
                )
            return _linked(connection, account, identity, by)

    def take_in(self, name: str, role: str, identity: Identity, *, by: str = PROGRAM) -> Account:
        """Make an account for somebody whom the provider sends, in one step.

        Raises:
            Conflict: there is an account of this name.
        """
        with self._database.write() as connection:
            return _linked(connection, made_in(connection, name, role, by), identity, by)

    def unlink(
        self, account_id: str, issuer: str, *, factor: bool | None = None, by: str = PROGRAM
    ) -> Account:
        """Whoever the provider sends is no longer this account; its sessions stay.

        Args:
            account_id: whose account.
            issuer: the provider.
            factor: whether a password lets nobody in without a second factor; None where the
                account may be left without a way in.
            by: who wants it.

        Raises:
            NotFound: there is no such account, or it has no identity there.
            Conflict: without it, nobody could sign in to the account.
        """
        own = (identities.c.account_id == account_id, identities.c.issuer == issuer)
        with self._database.write() as connection:
            account = account_in(connection, account_id)
            if not connection.execute(delete(identities).where(*own)).rowcount:
                raise NotFound("the account is not linked", where="account")
            if factor is not None:
                _check_other_way(connection, account, factor=factor)
            tell(connection, AuditKind.ACCOUNT, by, f"person:{account.id}", "unlinked")
        return account


def _check_other_way(connection: Connection, account: Account, *, factor: bool) -> None:
    password = connection.scalar(select(accounts.c.password).where(accounts.c.id == account.id))
    if password is None:
        raise Conflict("without it you could not sign in", remedy="set a password first")
    if factor and not account.second_factor:
        raise Conflict("without it you could not sign in", remedy="set up a second factor first")


def _linked(connection: Connection, account: Account, identity: Identity, by: str) -> Account:
    own = {"account_id": account.id, "created_at": now()}
    connection.execute(insert(identities), {**msgspec.structs.asdict(identity), **own})
    active = update(accounts).where(accounts.c.id == account.id)
    connection.execute(active.values(state=AccountState.ACTIVE.value))
    facts = {"issuer": identity.issuer}
    tell(connection, AuditKind.ACCOUNT, by, f"person:{account.id}", "linked", facts)
    return account_in(connection, account.id)


def _own(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    return (identities.c.issuer == identity.issuer, identities.c.subject == identity.subject)
