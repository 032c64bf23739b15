"""Opens what keeps evidence, from the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from tutela.evidence.opening import NO_MAKERS, Makers, open_vault
from tutela.evidence.vault.standby import Standby
from tutela.model.custody.evidence import ItemState
from tutela.policy.law.law import Law
from tutela.response.custody.terms import Terms
from tutela.response.preserving import Preservation
from tutela.settings import Settings
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.past.people import People


class Custody(NamedTuple):
    """What keeps evidence.

    Attributes:
        vault: the vault, or what opens it as soon as that can be done.
        items: the items that are known.
        terms: how long they are kept.
        preservation: takes in what decisions ask to preserve.
    """

    vault: Standby
    items: EvidenceItems
    terms: Terms
    preservation: Preservation


def open_custody(
    settings: Settings,
    database: Database,
    law: Law,
    log: FilteringBoundLogger,
    makers: Makers = NO_MAKERS,
    *,
    kept: Callable[[ItemState], object] = lambda _: None,
) -> Custody:
    """What keeps evidence. Where the vault cannot be opened now, evidence is owed meanwhile.

    Args:
        settings: all settings.
        database: where items are.
        law: the law in force.
        log: where it tells of trouble.
        makers: stores and key services that extensions add.
        kept: told the state of each item once its event was decided.

    Raises:
        BadConfiguration: the vault can never be opened with these settings.
        WrongKey: its keys are locked with another passphrase.
    """
    vault = Standby(lambda: open_vault(settings, makers), log)
    items = items_of(settings, database)
    vault.start()
    terms = terms_of(settings, law)
    preservation = Preservation(
        vault=vault.vault, items=items, people=People(database), terms=terms, log=log, kept=kept
    )
    return Custody(vault, items, terms, preservation)


def items_of(settings: Settings, database: Database) -> EvidenceItems:
    """The items of evidence, with how long they are kept where no law names a number."""
    return EvidenceItems(database, timedelta(days=settings.vault.default_days))


def terms_of(settings: Settings, law: Law) -> Terms:
    """How long evidence is kept."""
    return Terms(
        law.pack_of,
        default=timedelta(days=settings.vault.default_days),
        unreported=timedelta(days=settings.vault.unreported_days),
    )
