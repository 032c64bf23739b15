"""Console sessions, and the one-time codes that sign people in. Only digests are stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, delete, insert, select, update

from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.storage.access.tables import api_keys, sessions, sign_in_codes
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


class Code(Record, frozen=True, kw_only=True):
    """A one-time code to sign in, without the code itself.

    Attributes:
        id: a random number of its own.
        role: what whoever signs in may do.
    """

    id: str
    role: str

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
    """

    id: str
    role: str
    csrf: str
    key_id: str | None = None
    created_at: datetime
    expires_at: datetime

    @property
    def name(self) -> str:
        """Whoever is signed in, in records of who did what."""
        return f"session:{self.id}"


COLUMNS = tuple(name for name in Session.__struct_fields__ if name != "id")


class Sessions:
    """The console sessions and sign-in codes in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_code(self, role: str, life: timedelta, *, by: str = PROGRAM) -> str:
        """A one-time sign-in code such as `ABCD-EFGH-JKMN`: 60 random bits, shown once.

        Args:
            role: what whoever signs in may do.
            life: for how long it can be used.
            by: who makes it.
        """
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        made = Code(id=secrets.token_hex(6), role=role)
        until = now() + life
        values = {"digest": _digest(code), "id": made.id, "role": role, "expires_at": until}
        with self._database.write() as connection:
            connection.execute(insert(sign_in_codes), values)
            facts = {"role": role, "expires": until.isoformat()}
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
            found = taken.returning(sign_in_codes.c.id, sign_in_codes.c.role)
            row = connection.execute(found).one_or_none()
        return None if row is None else Code(id=row.id, role=row.role)

    def open(
        self,
        role: str,
        *,
        idle: timedelta,
        life: timedelta,
        key_id: str | None = None,
        code: Code | None = None,
    ) -> tuple[Session, str]:
        """Begin a session; the token for the cookie is returned once and never stored.

        Args:
            role: what the person may do.
            idle: the session ends when it has not been seen for so long.
            life: the session ends after so long in any case.
            key_id: API key that signed in; the session ends with it.
            code: what signed in instead of a key.
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
        )
        own = {column: getattr(session, column) for column in COLUMNS}
        seen = {"seen_at": begun, "idle_seconds": int(idle.total_seconds())}
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= begun))
            connection.execute(insert(sessions), {**own, **seen, "digest": digest})
            means = f"key:{key_id}" if key_id else code.name if code else None
            facts = {"role": role, "with": means, "expires": session.expires_at.isoformat()}
            tell(connection, AuditKind.SIGN_IN, session.name, session.name, "signed in", facts)
        return session, token

    def find(self, token: str) -> Session | None:
        """The session of a token, unless it has ended; counts as being seen."""
        digest = _digest(token)
        statement = (
            select(sessions, api_keys.c.revoked_at, api_keys.c.expires_at.label("key_expires_at"))
            .join_from(sessions, api_keys, isouter=True)
            .where(sessions.c.digest == digest)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).mappings().one_or_none()
        present = now()
        if row is None or _ended(row, present):
            return None
        if present - row["seen_at"] > timedelta(seconds=row["idle_seconds"]) * SEEN_NOTED_EVERY:
            self._note_seen(digest, present)
        return Session(id=_name(digest), **{column: row[column] for column in COLUMNS})

    def close(self, token: str) -> None:
        """End a session, if there is one."""
        digest = _digest(token)
        with self._database.write() as connection:
            if connection.execute(delete(sessions).where(sessions.c.digest == digest)).rowcount:
                name = f"session:{_name(digest)}"
                tell(connection, AuditKind.SIGN_IN, name, name, "signed out")

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
    idle_until = row["seen_at"] + timedelta(seconds=row["idle_seconds"])
    ends = (idle_until, row["expires_at"], row["revoked_at"], row["key_expires_at"])
    return any(end is not None and end <= present for end in ends)


def _name(digest: bytes) -> str:
    return digest.hex()[:NAME_DIGITS]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
