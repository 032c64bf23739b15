"""API keys: shown once, stored as digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, RowMapping, exists, insert, select, update

from tutela.errors import InvalidInput, NotFound, Unavailable
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.model.review.account import AccountState
from tutela.storage.access.tables import accounts, api_keys
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.values import now

PREFIX = "tut"
SECRET_BYTES = 32
USE_NOTED_EVERY = timedelta(minutes=1)
NAME_LENGTH = 256


class ApiKey(Record, frozen=True, kw_only=True):
    """What is known of a key, without its secret.

    Attributes:
        id: the part of the key that may be shown.
        role: what it may do, in the words of the layer above.
        last_used_at: to the minute.
        account_id: the person whom the key acts for, or None.
        scopes: permissions that the key is limited to; None for all that its role has.
        account_role: what that person may do now, where the key was verified: a key that acts for
            somebody never does more than they may.
    """

    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    account_id: str | None = None
    scopes: tuple[str, ...] | None = None
    account_role: str | None = None


COLUMNS = tuple(name for name in ApiKey.__struct_fields__ if name != "account_role")


class Keys:
    """The API keys in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        role: str,
        expires: datetime | None = None,
        *,
        account_id: str | None = None,
        scopes: Sequence[str] | None = None,
        by: str = PROGRAM,
    ) -> tuple[ApiKey, str]:
        """Make a key; the text `tut_<id>_<secret>` is returned once and never stored.

        Args:
            name: who will use it.
            role: what it may do.
            expires: when it ends; None for never.
            account_id: the person whom it acts for: it ends with that account.
            scopes: permissions that it is limited to; None for all that its role has.
            by: who makes it.

        Raises:
            InvalidInput: the name is empty or too long, or `expires` is past.
        """
        if not 0 < len(name) <= NAME_LENGTH:
            raise InvalidInput(f"a key's name has 1 to {NAME_LENGTH} characters", where="name")
        if expires is not None and expires <= now():
            raise InvalidInput("a key cannot expire in the past", where="expires")
        key = ApiKey(
            id=secrets.token_hex(6),
            name=name,
            role=role,
            created_at=now(),
            expires_at=expires,
            account_id=account_id,
            scopes=None if scopes is None else tuple(sorted(set(scopes))),
        )
        secret = secrets.token_urlsafe(SECRET_BYTES)
        fields = {column: getattr(key, column) for column in COLUMNS}
        if key.scopes is not None:
            fields["scopes"] = msgspec.json.encode(key.scopes).decode()
        with self._database.write() as connection:
            connection.execute(insert(api_keys), {**fields, "digest": _digest(secret)})
            _tell(connection, key, by, "made")
        return key, f"{PREFIX}_{key.id}_{secret}"

    def verify(self, text: str) -> ApiKey | None:
        """The key that `text` is, unless it is unknown, wrong, expired or revoked.

        Raises:
            Unavailable: the database cannot be read.
        """
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        if prefix != PREFIX or not secret or not key_id.isalnum():
            return None
        owner = exists().where(
            accounts.c.id == api_keys.c.account_id,
            accounts.c.state == AccountState.DISABLED.value,
        )
        acts_for = (
            select(accounts.c.role).where(accounts.c.id == api_keys.c.account_id).scalar_subquery()
        )
        statement = select(api_keys, owner.label("kept_out"), acts_for.label("account_role")).where(
            api_keys.c.id == key_id
        )
        with self._database.read() as connection:
            row = connection.execute(statement).mappings().one_or_none()
        if row is None or not hmac.compare_digest(row["digest"], _digest(secret)):
            return None
        key = _key(row)
        present = now()
        if key.revoked_at or (key.expires_at and key.expires_at <= present) or row["kept_out"]:
            return None
        self._note_use(key, present)
        return msgspec.structs.replace(key, account_role=row["account_role"])

    def list(self) -> Sequence[ApiKey]:
        """Every key, oldest first, the revoked included."""
        statement = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(statement).mappings()]

    def revoke(self, key_id: str, *, by: str = PROGRAM) -> ApiKey:
        """Make a key useless from now on; raises `NotFound`. A revoked key stays as it is."""
        live = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        with self._database.write() as connection:
            ending = update(api_keys).where(*live).values(revoked_at=now())
            revoked = connection.execute(ending).rowcount
            statement = select(api_keys).where(api_keys.c.id == key_id)
            row = connection.execute(statement).mappings().one_or_none()
            if row is None:
                raise NotFound("no key has this id", where="key", remedy="list the keys")
            key = _key(row)
            if revoked:
                _tell(connection, key, by, "revoked")
        return key

    def _note_use(self, key: ApiKey, present: datetime) -> None:
        if key.last_used_at and present - key.last_used_at < USE_NOTED_EVERY:
            return
        # A database too busy to note the use must not lock anyone out.
        with suppress(Unavailable), self._database.write() as connection:
            used = update(api_keys).where(api_keys.c.id == key.id)
            connection.execute(used.values(last_used_at=present))


def _digest(secret: str) -> bytes:
    """A plain digest will do: nobody can try all of 2^256 secrets."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _tell(connection: Connection, key: ApiKey, by: str, did: str) -> None:
    until = None if key.expires_at is None else key.expires_at.isoformat()
    scopes = None if key.scopes is None else " ".join(key.scopes)
    facts = {"role": key.role, "expires": until, "account": key.account_id, "scopes": scopes}
    tell(connection, AuditKind.API_KEY, by, f"key:{key.id}", did, facts)


def _key(row: RowMapping) -> ApiKey:
    known = {column: row[column] for column in COLUMNS}
    if known["scopes"] is not None:
        known["scopes"] = msgspec.json.decode(known["scopes"], type=tuple[str, ...])
    return ApiKey(**known)
