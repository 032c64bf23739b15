"""Console sessions, and the one-time codes that sign people in. Only digests are stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.model.review.account import AccountState
from tutela.storage.access.tables import accounts, api_keys, sessions, sign_in_codes
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.values import now

# Crockford's base 32: nobody can read one character as another.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
CODE_LENGTH = 12
CODE_GROUP = 4
TOKEN_BYTES = 32
NAME_DIGITS = 12
SEEN_NOTED_EVERY = 0.1  # of the idle time
CLOCKS_DIFFER = timedelta(minutes=5)
"""So much the clocks of servers may differ that share a database."""


class Code(Record, frozen=True, kw_only=True):
    """A one-time code to sign in, without the code itself.

    Attributes:
        id: a random number of its own.
        role: what whoever signs in may do.
        account_id: whose code it is, or None where it is nobody's in particular.
    """

    id: str
    role: str
    account_id: str | None = None

    @property
    def name(self) -> str:
        """The code in records of who did what."""
        return f"code:{self.id}"


class Session(Record, frozen=True, kw_only=True):
    """A signed-in person.

    Attributes:
        id: names it in logs and records; from a digest of its token, which cannot be turned back.
        role: what the person may do, in the words of the layer above.
        csrf: what every form of the session must carry.
        key_id: API key that signed in, or None where a one-time code did.
        expires_at: end of the session, however busy it is.
        account_id: account of the person, or None where a key or code is nobody's in particular.
    """

    id: str
    role: str
    csrf: str
    key_id: str | None = None
    created_at: datetime
    expires_at: datetime
    account_id: str | None = None

    @property
    def name(self) -> str:
        """Whoever is signed in, in records of who did what."""
        return f"person:{self.account_id}" if self.account_id else f"session:{self.id}"


class OpenSession(Record, frozen=True, kw_only=True):
    """A session of a person, for that person to look at.

    Attributes:
        id: that of the session; no secret.
        seen_at: when it was last used, to within a tenth of the time that it may be idle.
    """

    id: str
    begun_at: datetime
    seen_at: datetime


COLUMNS = tuple(name for name in Session.__struct_fields__ if name != "id")


class Sessions:
    """The console sessions and sign-in codes in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_code(
        self, role: str, life: timedelta, *, account_id: str | None = None, by: str = PROGRAM
    ) -> str:
        """A one-time sign-in code such as `ABCD-EFGH-JKMN`: 60 random bits, shown once.

        Args:
            role: what whoever signs in may do.
            life: for how long it can be used.
            account_id: whose code it is: an invitation, or a way back in.
            by: who makes it.
        """
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        made = Code(id=secrets.token_hex(6), role=role, account_id=account_id)
        until = now() + life
        own = msgspec.structs.asdict(made)
        values = {**own, "digest": _digest(code), "expires_at": until}
        with self._database.write() as connection:
            connection.execute(insert(sign_in_codes), values)
            facts = {"role": role, "expires": until.isoformat(), "account": account_id}
            tell(connection, AuditKind.SIGN_IN, by, made.name, "code made", facts)
        starts = range(0, CODE_LENGTH, CODE_GROUP)
        return "-".join(code[start : start + CODE_GROUP] for start in starts)

    def redeem(self, code: str) -> Code | None:
        """What a code is, which is used up by this; None if unknown, used or expired."""
        plain = code.upper().translate(MISREAD)
        present = now()
        taken = delete(sign_in_codes).where(sign_in_codes.c.digest == _digest(plain))
        with self._database.write() as connection:
            connection.execute(delete(sign_in_codes).where(sign_in_codes.c.expires_at <= present))
            columns = (sign_in_codes.c.id, sign_in_codes.c.role, sign_in_codes.c.account_id)
            row = connection.execute(taken.returning(*columns)).one_or_none()
        return None if row is None else Code(id=row.id, role=row.role, account_id=row.account_id)

    def open(
        self,
        role: str,
        *,
        idle: timedelta,
        life: timedelta,
        key_id: str | None = None,
        code: Code | None = None,
        account_id: str | None = None,
        means: str = "password",
    ) -> tuple[Session, str]:
        """Begin a session; the token for the cookie is returned once and never stored.

        Args:
            role: what the person may do.
            idle: the session ends when it has not been seen for so long.
            life: the session ends after so long in any case.
            key_id: API key that signed in; the session ends with it.
            code: what signed in instead of a key.
            account_id: the person who signs in; such a session ends with the account, and has the
                role of the account however that changes.
            means: what signed the person in, where neither a key nor a code did.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        begun = now()
        digest = _digest(token)
        session = Session(
            id=_name(digest),
            role=role,
            csrf=secrets.token_urlsafe(TOKEN_BYTES),
            key_id=key_id,
            created_at=begun,
            expires_at=begun + life,
            account_id=account_id,
        )
        own = {column: getattr(session, column) for column in COLUMNS}
        seen = {"seen_at": begun, "idle_seconds": int(idle.total_seconds())}
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= begun))
            connection.execute(insert(sessions), {**own, **seen, "digest": digest})
            shown = f"key:{key_id}" if key_id else code.name if code else None
            shown = shown or (means if account_id else None)
            facts = {"role": role, "with": shown, "expires": session.expires_at.isoformat()}
            tell(connection, AuditKind.SIGN_IN, session.name, _subject(digest), "signed in", facts)
        return session, token

    def find(self, token: str, *, seen: bool = True) -> Session | None:
        """The session of a token, unless it has ended.

        Args:
            token: what the browser shows.
            seen: whether this counts as being seen: not what a page asks for by itself, which would
                keep a session alive that nobody uses.
        """
        digest = _digest(token)
        statement = (
            select(
                *(sessions, api_keys.c.revoked_at, api_keys.c.expires_at.label("key_expires_at")),
                accounts.c.state.label("account_state"),
            )
            .join_from(sessions, api_keys, isouter=True)
            .join(accounts, sessions.c.account_id == accounts.c.id, isouter=True)
            .where(sessions.c.digest == digest)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).mappings().one_or_none()
        present = now()
        if row is None or _ended(row, present):
            return None
        if (
            seen
            and present - row["seen_at"] > timedelta(seconds=row["idle_seconds"]) * SEEN_NOTED_EVERY
        ):
            self._note_seen(digest, present)
        return Session(id=_name(digest), **{column: row[column] for column in COLUMNS})

    def of(self, account_id: str) -> Sequence[OpenSession]:
        """The sessions of a person that have not ended, latest first."""
        own = select(sessions).where(sessions.c.account_id == account_id)
        latest = own.order_by(sessions.c.created_at.desc(), sessions.c.digest)
        present = now()
        with self._database.read() as connection:
            rows = connection.execute(latest).mappings().all()
        return [
            OpenSession(id=_name(row["digest"]), begun_at=row["created_at"], seen_at=row["seen_at"])
            for row in rows
            if present < min(row["expires_at"], _idle_until(row)) and not _ahead(row, present)
        ]

    def close(self, token: str) -> None:
        """End a session, if there is one."""
        digest = _digest(token)
        with self._database.write() as connection:
            closing = delete(sessions).where(sessions.c.digest == digest)
            row = connection.execute(closing.returning(sessions.c.account_id)).one_or_none()
            if row is not None:
                by = f"person:{row.account_id}" if row.account_id else _subject(digest)
                tell(connection, AuditKind.SIGN_IN, by, _subject(digest), "signed out")

    def close_others(self, token: str, account_id: str) -> int:
        """End all sessions of a person but this one; how many there were."""
        others = (sessions.c.account_id == account_id, sessions.c.digest != _digest(token))
        with self._database.write() as connection:
            ended = connection.execute(delete(sessions).where(*others)).rowcount
            if ended:
                by = f"person:{account_id}"
                tell(connection, AuditKind.SIGN_IN, by, by, "others ended", {"count": ended})
        return ended

    def end_all(self, *, by: str = PROGRAM) -> int:
        """End every session, and make every sign-in code useless; how many there were."""
        with self._database.write() as connection:
            ended = sum(connection.execute(delete(t)).rowcount for t in (sessions, sign_in_codes))
            if ended:
                tell(connection, AuditKind.SIGN_IN, by, "sessions", "all ended", {"count": ended})
        return ended

    def _note_seen(self, digest: bytes, present: datetime) -> None:
        with self._database.write() as connection:
            seen = update(sessions).where(sessions.c.digest == digest)
            connection.execute(seen.values(seen_at=present))


def _ended(row: RowMapping, present: datetime) -> bool:
    if row["account_state"] == AccountState.DISABLED.value:
        return True  # as where it began while the account was being disabled
    if _ahead(row, present):
        return True
    ends = (_idle_until(row), row["expires_at"], row["revoked_at"], row["key_expires_at"])
    return any(end is not None and end <= present for end in ends)


def _ahead(row: RowMapping, present: datetime) -> bool:
    """Whether it began while a clock was wrong, and would last for as long as that was ahead."""
    begun: datetime = row["created_at"]
    return begun - present > CLOCKS_DIFFER


def _idle_until(row: RowMapping) -> datetime:
    seen: datetime = row["seen_at"]
    return seen + timedelta(seconds=row["idle_seconds"])


def _subject(digest: bytes) -> str:
    return f"session:{_name(digest)}"


def _name(digest: bytes) -> str:
    return digest.hex()[:NAME_DIGITS]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
