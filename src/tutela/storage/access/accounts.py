"""Accounts of people: who works here, and what they sign in with. No secret leaves this file."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, RowMapping, delete, exists, insert, or_, select, update

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.record import Record
from tutela.model.review.account import Account, AccountName, AccountState, Preferences
from tutela.model.review.protection import Protection
from tutela.storage.access.administrators import Administrators, keep_one
from tutela.storage.access.pseudonyms import pseudonyms
from tutela.storage.access.tables import (
    accounts,
    identities,
    security_keys,
    sessions,
    sign_in_codes,
    sign_in_steps,
)
from tutela.storage.audit.change import differences, tell
from tutela.storage.database import Database
from tutela.storage.values import now

FREE_FAILURES = 5
"""So many wrong passwords cost nothing but the trying."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)


class Credentials(Record, frozen=True, kw_only=True):
    """What an account signs in with, for the code that checks it and for nothing else.

    Attributes:
        password: Argon2id hash, or None.
        totp_generation: number of the authenticator's secret; 0 where there is none.
        totp_last: last time step that was used.
        totp_confirmed: whether the authenticator has shown one right code.
    """

    account: Account
    password: str | None
    totp_generation: int
    totp_last: int | None
    totp_confirmed: bool


class Accounts:
    """The accounts in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: str, *, by: str = PROGRAM) -> Account:
        """Make an account that nobody can sign in to yet.

        Args:
            name: what the person signs in with: small letters, digits and `._@+-`.
            role: what the person may do, in the words of the layer above.
            by: who makes it.

        Raises:
            InvalidInput: the name is none.
            Conflict: there is an account of this name.
        """
        _check_name(name)
        with self._database.write() as connection:
            return made_in(connection, name, role, by)

    def get(self, account_id: str) -> Account:
        """One account; raises `NotFound`."""
        with self._database.read() as connection:
            return _read(connection, account_id)

    def find(self, name: str) -> Account | None:
        """The account of a name, if there is one."""
        with self._database.read() as connection:
            found = connection.scalar(select(accounts.c.id).where(accounts.c.name == name))
            return None if found is None else _read(connection, found)

    def list(self) -> Sequence[Account]:
        """Every account, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name)).mappings().all()
            keyed = set(connection.scalars(select(security_keys.c.account_id)))
        return [_account(row, row["id"] in keyed) for row in rows]

    def credentials(self, account_id: str) -> Credentials:
        """What an account signs in with; raises `NotFound`."""
        with self._database.read() as connection:
            account = _read(connection, account_id)
            row = connection.execute(select(accounts).where(accounts.c.id == account_id)).one()
        return Credentials(
            account=account,
            password=row.password,
            totp_generation=row.totp_generation,
            totp_last=row.totp_last,
            totp_confirmed=row.totp_confirmed_at is not None,
        )

    def set_role(
        self,
        account_id: str,
        role: str,
        *,
        kept: Administrators | None = None,
        by: str = PROGRAM,
    ) -> Account:
        """Give another role; it counts at once, in sessions that are open, too.

        Args:
            account_id: whose.
            role: what the person may do from now on.
            kept: of whom one has to be left; None where nobody has to.
            by: who gives it.

        Raises:
            NotFound: there is no such account.
            LastAdministrator: nobody else could administer.
        """
        with self._database.write() as connection:
            if kept is not None and role not in kept.roles:
                keep_one(connection, account_id, kept)
            before = _read(connection, account_id)
            _set(connection, account_id, role=role)
            own = sessions.c.account_id == account_id
            connection.execute(update(sessions).where(own).values(role=role))
            changed = differences({"role": before.role}, {"role": role})
            if changed:
                _tell(connection, before, by, "changed", changed)
            return _read(connection, account_id)

    def disable(
        self, account_id: str, *, kept: Administrators | None = None, by: str = PROGRAM
    ) -> Account:
        """Keep a person out from now on: every session ends.

        Raises:
            NotFound: there is no such account.
            LastAdministrator: nobody else of those of whom one has to be left could administer.
        """
        with self._database.write() as connection:
            if kept is not None:
                keep_one(connection, account_id, kept)
            before = _read(connection, account_id)
            _set(connection, account_id, state=AccountState.DISABLED.value)
            _end_sessions(connection, account_id)
            if before.state is not AccountState.DISABLED:
                _tell(connection, before, by, "disabled")
            return _read(connection, account_id)

    def enable(self, account_id: str, *, by: str = PROGRAM) -> Account:
        """Let a person in again who was kept out, with what they signed in with before."""
        with self._database.write() as connection:
            before = _read(connection, account_id)
            if before.state is AccountState.DISABLED:
                known = exists().where(accounts.c.id == account_id, accounts.c.password.isnot(None))
                linked = exists().where(identities.c.account_id == account_id)
                comes_in = connection.scalar(select(or_(known, linked)))
                state = AccountState.ACTIVE if comes_in else AccountState.INVITED
                _set(connection, account_id, state=state.value, failures=0, locked_until=None)
                _tell(connection, before, by, "enabled")
            return _read(connection, account_id)

    def unlock(self, account_id: str, *, by: str = PROGRAM) -> Account:
        """Let passwords be tried again at once."""
        with self._database.write() as connection:
            before = _read(connection, account_id)
            _set(connection, account_id, failures=0, locked_until=None)
            _tell(connection, before, by, "unlocked")
            return _read(connection, account_id)

    def set_password(self, account_id: str, hashed: str, *, by: str, told: bool = True) -> Account:
        """Store the hash of a password; the account can be signed in to, its sessions end.

        Args:
            account_id: whose it is.
            hashed: an Argon2id hash.
            by: who sets it.
            told: False where the same password was only hashed anew, with stronger parameters.
        """
        with self._database.write() as connection:
            before = _read(connection, account_id)
            _set(connection, account_id, password=hashed)
            if told:
                if before.state is AccountState.INVITED:
                    _set(connection, account_id, state=AccountState.ACTIVE.value)
                _set(connection, account_id, failures=0, locked_until=None)
                _end_sessions(connection, account_id)
                _tell(connection, before, by, "password set")
            return _read(connection, account_id)

    def begin_authenticator(self, account_id: str) -> int:
        """The generation of a secret that is to be shown; it counts once it is confirmed."""
        with self._database.read() as connection:
            _read(connection, account_id)
            now_used = select(accounts.c.totp_generation).where(accounts.c.id == account_id)
            return int(connection.scalar(now_used) or 0) + 1

    def confirm_authenticator(
        self, account_id: str, generation: int, step: int, *, by: str
    ) -> Account:
        """From now on the authenticator of this generation counts, and no other."""
        with self._database.write() as connection:
            before = _read(connection, account_id)
            _set(
                connection,
                account_id,
                totp_generation=generation,
                totp_confirmed_at=now(),
                totp_last=step,
            )
            _tell(connection, before, by, "authenticator set")
            return _read(connection, account_id)

    def reset(self, account_id: str, *, kept: Administrators | None = None, by: str) -> Account:
        """Forget all that a person signs in with, and end the sessions: only a code is left.

        Raises:
            Conflict: the account is disabled.
            LastAdministrator: nobody else of those of whom one has to be left could administer.
        """
        with self._database.write() as connection:
            if kept is not None:
                keep_one(connection, account_id, kept)
            before = _read(connection, account_id)
            if before.state is AccountState.DISABLED:
                raise Conflict("this account is disabled", remedy="enable it first")
            for means in (security_keys, identities):
                connection.execute(delete(means).where(means.c.account_id == account_id))
            _set(
                connection,
                account_id,
                state=AccountState.INVITED.value,
                password=None,
                totp_confirmed_at=None,
                totp_last=None,
                failures=0,
                locked_until=None,
            )
            _end_sessions(connection, account_id)
            _tell(connection, before, by, "reset")
            return _read(connection, account_id)

    def use_step(self, account_id: str, step: int) -> bool:
        """Use up a time step of the authenticator; False where it, or a later one, was used."""
        unused = or_(accounts.c.totp_last.is_(None), accounts.c.totp_last < step)
        with self._database.write() as connection:
            using = update(accounts).where(accounts.c.id == account_id, unused)
            return bool(connection.execute(using.values(totp_last=step)).rowcount)

    def failed(self, account_id: str) -> datetime | None:
        """Count a wrong password or code; until when nothing is tried from now on, if so."""
        with self._database.write() as connection:
            count = update(accounts).where(accounts.c.id == account_id)
            connection.execute(count.values(failures=accounts.c.failures + 1))
            account = _read(connection, account_id)
            row = connection.execute(select(accounts).where(accounts.c.id == account_id)).one()
            beyond = row.failures - FREE_FAILURES
            if beyond < 0:
                return None
            until: datetime = now() + min(FIRST_WAIT * 2 ** min(beyond, 20), LONGEST_WAIT)
            _set(connection, account_id, locked_until=until)
            if beyond == 0:
                _tell(connection, account, PROGRAM, "locked")
        return until

    def signed_in(self, account_id: str) -> None:
        """Note that a person came in: wrong passwords of before are forgotten."""
        with self._database.write() as connection:
            _set(connection, account_id, failures=0, locked_until=None, last_sign_in_at=now())

    def set_preferences(self, account_id: str, wanted: Preferences, *, by: str) -> Account:
        """Store how a person likes the console."""
        with self._database.write() as connection:
            before = _read(connection, account_id)
            _set(connection, account_id, preferences=msgspec.json.encode(wanted).decode())
            _tell(connection, before, by, "preferences set")
            return _read(connection, account_id)

    def set_protection(self, account_id: str, wanted: Protection, *, by: str) -> Account:
        """Store how content is shown to a person."""
        with self._database.write() as connection:
            before = _read(connection, account_id)
            _set(connection, account_id, protection=msgspec.json.encode(wanted).decode())
            facts = msgspec.to_builtins(wanted)
            _tell(connection, before, by, "protection set", facts)
            return _read(connection, account_id)


def made_in(connection: Connection, name: str, role: str, by: str) -> Account:
    """A new account, within a transaction; raises `Conflict` where the name is taken."""
    if connection.scalar(select(exists().where(accounts.c.name == name))):
        raise Conflict("there is an account of this name", remedy="choose another name")
    account_id = secrets.token_hex(6)
    row = {
        "id": account_id,
        "name": name,
        "pseudonym": _pseudonym(connection),
        "role": role,
        "state": AccountState.INVITED.value,
        "totp_generation": 0,
        "created_at": now(),
        "failures": 0,
        "preferences": "{}",
    }
    connection.execute(insert(accounts), row)
    account = _read(connection, account_id)
    _tell(connection, account, by, "made", {"role": role})
    return account


def _check_name(name: str) -> None:
    try:
        msgspec.convert(name, AccountName)
    except msgspec.ValidationError:
        raise InvalidInput(
            "a name has small letters, digits and . _ @ + -, and begins with a letter or digit",
            where="name",
        ) from None


def account_in(connection: Connection, account_id: str) -> Account:
    """One account, within a transaction; raises `NotFound`."""
    return _read(connection, account_id)


def _read(connection: Connection, account_id: str) -> Account:
    statement = select(accounts).where(accounts.c.id == account_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound("no account has this id", where="account", remedy="list the accounts")
    keyed = exists().where(security_keys.c.account_id == account_id)
    return _account(row, bool(connection.scalar(select(keyed))))


def _account(row: RowMapping, has_key: bool) -> Account:  # noqa: FBT001 - one caller's answer
    protection = row["protection"]
    return Account(
        id=row["id"],
        name=row["name"],
        pseudonym=row["pseudonym"],
        role=row["role"],
        state=AccountState(row["state"]),
        created_at=row["created_at"],
        last_sign_in_at=row["last_sign_in_at"],
        locked_until=row["locked_until"],
        second_factor=row["totp_confirmed_at"] is not None or has_key,
        preferences=msgspec.json.decode(row["preferences"], type=Preferences),
        protection=msgspec.json.decode(protection, type=Protection) if protection else None,
    )


def _set(connection: Connection, account_id: str, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def _end_sessions(connection: Connection, account_id: str) -> None:
    """End all sessions of a person, those that are only beginning too, and drop unused codes."""
    for table in (sessions, sign_in_codes, sign_in_steps):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def _pseudonym(connection: Connection) -> str:
    """A pseudonym that nobody has."""
    for name in pseudonyms():
        if not connection.scalar(select(exists().where(accounts.c.pseudonym == name))):
            return name
    raise Conflict("no pseudonym is left")


def _tell(
    connection: Connection,
    account: Account,
    by: str,
    did: str,
    facts: dict[str, Fact] | None = None,
) -> None:
    tell(connection, AuditKind.ACCOUNT, by, f"person:{account.id}", did, facts)
