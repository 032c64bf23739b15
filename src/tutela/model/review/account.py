"""Accounts: the people who work here."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record
from tutela.model.review.protection import Protection

AccountName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._@+-]{0,127}$(?!\n)")]


class AccountState(StrEnum):
    """Whether a person may come in."""

    INVITED = "invited"
    """There is no way to sign in yet but a one-time code."""
    ACTIVE = "active"
    DISABLED = "disabled"


class Preferences(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How a person likes the console; see also `Protection`.

    Attributes:
        language: `en` or `fr`; empty asks the browser.
        zone: name of a time zone such as `Europe/Paris`; empty asks the browser.
    """

    language: Annotated[str, msgspec.Meta(max_length=8)] = ""
    zone: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Account(Record, frozen=True, kw_only=True):
    """A person who works here. Never with what the person signs in with.

    Attributes:
        id: random; no secret; who did what names it as `person:ID`.
        name: what the person signs in with; never in exports.
        pseudonym: what the person is called where a name need not be known; never changes.
        role: what the person may do.
        second_factor: whether there is one: an authenticator or a security key.
        locked_until: no password is tried until then, after too many wrong ones.
    """

    id: str
    name: AccountName
    pseudonym: str
    role: str
    state: AccountState
    created_at: datetime
    last_sign_in_at: datetime | None = None
    locked_until: datetime | None = None
    second_factor: bool = False
    preferences: Preferences = Preferences()
    protection: Protection | None = None
