"""Who is who: sessions, connections between people, and what an account may not do for now."""

from __future__ import annotations

import secrets
import time

from meadow.database import Database, Row
from tutela.model import ActionKind


def sign_in(database: Database, account: str) -> str | None:
    """Begin a session; its token, or None where there is no such account."""
    if database.one("SELECT 1 FROM accounts WHERE id = ?", account) is None:
        return None
    token = secrets.token_urlsafe(24)
    database.run("INSERT INTO sessions VALUES (?, ?)", token, account)
    return token


def who(database: Database, token: str) -> Row | None:
    """The account of a session."""
    return database.one(
        "SELECT accounts.* FROM sessions JOIN accounts ON accounts.id = account WHERE token = ?",
        token,
    )


def account(database: Database, name: str) -> Row | None:
    """One account."""
    return database.one("SELECT * FROM accounts WHERE id = ?", name)


def others(database: Database, me: str) -> list[Row]:
    """Everybody else, each with how we are connected: `agreed`, `asked`, `asks`, or nothing."""
    return database.all(
        """
        SELECT accounts.*, CASE
            WHEN EXISTS (SELECT 1 FROM contacts
                WHERE (asker = ?1 AND asked = id) OR (asked = ?1 AND asker = id)) THEN 'agreed'
            WHEN EXISTS (SELECT 1 FROM posts WHERE kind = 'contact'
                AND author = ?1 AND receiver = accounts.id) THEN 'asked'
            WHEN EXISTS (SELECT 1 FROM posts WHERE kind = 'contact' AND state = 'shown'
                AND author = accounts.id AND receiver = ?1) THEN 'asks'
            ELSE '' END AS connection
        FROM accounts WHERE id != ?1 ORDER BY name
        """,
        me,
    )


def limits(database: Database, me: str) -> list[Row]:
    """What an account may not do for now, the latest first."""
    return database.all(
        "SELECT * FROM limits WHERE account = ? AND (ends_at IS NULL OR ends_at > ?)"
        " ORDER BY begun_at DESC",
        me,
        time.time(),
    )


def appeals(database: Database, me: str) -> dict[str, Row]:
    """What somebody contests, by the event that was decided about."""
    rows = database.all("SELECT * FROM appeals WHERE account = ? ORDER BY at", me)
    return {row["event_id"]: row for row in rows}


def limited(database: Database, me: str, kind: ActionKind) -> Row | None:
    """The latest limit of one kind that holds now."""
    return next((row for row in limits(database, me) if row["kind"] == kind), None)


def connected(database: Database, one: str, other: str) -> bool:
    """Whether two people have agreed to be connected."""
    statement = "SELECT 1 FROM contacts WHERE ? IN (asker, asked) AND ? IN (asker, asked)"
    return database.one(statement, one, other) is not None


def stopped(database: Database, me: str, other: str | None = None) -> Row | None:
    """The limit that keeps an account from posting, or from writing to somebody; or None."""
    if suspended := limited(database, me, ActionKind.SUSPEND):
        return suspended
    if other is not None and not connected(database, me, other):
        return limited(database, me, ActionKind.RESTRICT_CONTACT)
    return None
