"""Signing in that takes more than one step: what is remembered until the next, and used once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from sqlalchemy import delete, insert

from tutela.model.record import Record
from tutela.storage.access.tables import sign_in_steps
from tutela.storage.database import Database
from tutela.storage.values import now

TOKEN_BYTES = 32


class Step(Record, frozen=True, kw_only=True):
    """What was remembered.

    Attributes:
        account_id: whose step it is, where that is known by then.
        facts: what the next step needs.
    """

    account_id: str | None
    facts: Mapping[str, str]


class SignInSteps:
    """The steps in a database. They leave no leaf: nobody has come in by one yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, kind: str, facts: Mapping[str, str], life: timedelta, account_id: str | None = None
    ) -> str:
        """Remember something; the token for the browser's cookie is returned once.

        Args:
            kind: which way of signing in; a token is good for no other.
            facts: what the next step needs.
            life: how long the next step may take.
            account_id: whose step it is, where that is known.
        """
        token, begun = secrets.token_urlsafe(TOKEN_BYTES), now()
        row = {
            "digest": _digest(token),
            "kind": kind,
            "account_id": account_id,
            "facts": msgspec.json.encode(facts).decode(),
            "expires_at": begun + life,
        }
        with self._database.write() as connection:
            connection.execute(delete(sign_in_steps).where(sign_in_steps.c.expires_at <= begun))
            connection.execute(insert(sign_in_steps), row)
        return token

    def take(self, kind: str, token: str) -> Step | None:
        """What was remembered, which is forgotten by this; None if unknown, used or too late."""
        own = (sign_in_steps.c.digest == _digest(token), sign_in_steps.c.kind == kind)
        columns = (sign_in_steps.c.account_id, sign_in_steps.c.facts, sign_in_steps.c.expires_at)
        with self._database.write() as connection:
            taken = delete(sign_in_steps).where(*own).returning(*columns)
            row = connection.execute(taken).one_or_none()
        if row is None or row.expires_at <= now():
            return None
        facts = msgspec.json.decode(row.facts, type=dict[str, str])
        return Step(account_id=row.account_id, facts=facts)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
