"""What protects people, as every face of the program shows and changes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission, may
from tutela.interfaces.services import Services
from tutela.model.record import Record
from tutela.model.review.account import Account, AccountState
from tutela.model.review.budget import DayOfExposure
from tutela.model.review.protection import (
    Floor,
    Limits,
    Protection,
    check_protection,
    effective,
)
from tutela.storage.values import now

LEDGER_DAYS = 30
"""The ledger begins so long ago, unless somebody says since when."""


class OwnProtection(Record, frozen=True, kw_only=True):
    """How a person is protected.

    Attributes:
        shown: how content is shown to the person.
        floor: the weakest that may be chosen.
        day: what the person's day has come to.
        limits: how much may be uncovered.
        never: queues that the person never gets.
        support: where support is found; empty where nobody has said.
    """

    shown: Protection
    floor: Floor
    day: DayOfExposure
    limits: Limits
    never: Sequence[str]
    support: str


class Member(Record, frozen=True, kw_only=True):
    """Somebody who reads cases, by pseudonym.

    Attributes:
        account: id of the account, to lift a limit with.
        day: what the person's day has come to.
    """

    account: str
    pseudonym: str
    role: str
    day: DayOfExposure


def own_protection(services: Services, account: Account) -> OwnProtection:
    """How a person is protected. Blocks."""
    floor = services.floor.get()
    return OwnProtection(
        shown=effective(account.protection, floor),
        floor=floor,
        day=services.exposures.day(account.id),
        limits=services.exposures.limits,
        never=services.recusals.of(account.id),
        support=services.settings.protection.support,
    )


def choose(services: Services, account: Account, wanted: Protection, by: str) -> Protection:
    """Choose how content is shown to oneself. Blocks.

    Raises:
        InvalidInput: it is weaker than the floor, and in what.
    """
    check_protection(wanted, services.floor.get())
    services.accounts.set_protection(account.id, wanted, by=by)
    return wanted


def team(services: Services) -> Sequence[Member]:
    """Everybody who reads cases, by pseudonym, with what their day has come to. Blocks."""
    return [
        Member(
            account=one.id,
            pseudonym=one.pseudonym,
            role=one.role,
            day=services.exposures.day(one.id),
        )
        for one in sorted(services.accounts.list(), key=lambda one: one.pseudonym)
        if one.state is not AccountState.DISABLED and may(one.role, Permission.REVIEW_WORK)
    ]


def period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """From when until when the ledger is about.

    Raises:
        InvalidInput: a point in time has no zone, or the period ends before it begins.
    """
    ends = until or now()
    begins = since or ends - timedelta(days=LEDGER_DAYS)
    if begins.tzinfo is None or ends.tzinfo is None:
        raise InvalidInput("a point in time needs a time zone", remedy="add an offset such as Z")
    if begins > ends:
        raise InvalidInput("the period ends before it begins", where="until")
    return begins, ends
