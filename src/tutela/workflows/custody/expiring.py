"""Evidence expires: its key is destroyed, then its bytes, and the log proves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from tutela.errors import Conflict, TutelaError
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Item, ItemState, StoredObject
from tutela.model.custody.leaf import PROGRAM
from tutela.model.record import Record
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now

PAGE = 100
HARMLESS = "people decided that the case is harmless"
"""Why evidence of such a case is erased."""


class Expired(Record, frozen=True, kw_only=True):
    """What was let go.

    Attributes:
        items: items that were destroyed.
        keys: objects whose key was destroyed with them.
        left: of these, objects whose bytes lie in the store still, unreadable: they are discarded
            later.
        clean: whether nothing of it is left in the database's side files.
    """

    items: int = 0
    keys: int = 0
    left: int = 0
    clean: bool = True


def due_items(items: EvidenceItems, at: datetime) -> Iterator[Item]:
    """Every item whose term has ended and that no hold keeps."""
    page = items.due(at, PAGE)
    while page:
        yield from page
        page = items.due(at, PAGE, after=page[-1].id)


def expire(
    items: EvidenceItems,
    vault: Callable[[], Vault],
    log: FilteringBoundLogger,
    at: datetime,
    *,
    by: str,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[], object] = lambda: None,
) -> Expired:
    """Destroy what is due; whoever does so at the same time does no harm.

    Args:
        items: the items.
        vault: gives the vault; where it cannot be opened, keys are destroyed all the same.
        log: where it tells of bytes that could not be discarded.
        at: what time it is, by a clock that can be believed.
        by: who lets it expire.
        stopped: whether to stop.
        progress: called after each item.

    Raises:
        Unavailable: the database cannot be used now; what was destroyed stays so.
    """
    done, keys, left = 0, 0, 0
    for item in due_items(items, at):
        if stopped():
            break
        try:
            gone = items.destroy(item.id, by, at)
        except Conflict:
            continue  # a hold was placed, or a report has prolonged it, since it was listed
        done += 1
        if gone is not None:
            keys += 1
            left += not _discarded(vault, gone, log)
        progress()
    return Expired(items=done, keys=keys, left=left, clean=not done or items.forget())


def erase(
    items: EvidenceItems,
    vault: Callable[[], Vault],
    log: FilteringBoundLogger,
    item_id: str,
    reason: str,
    *,
    by: str,
) -> Item:
    """Destroy an item before its term, because somebody asked for it; the item as it then is.

    Raises:
        NotFound: there is no such item.
        Conflict: a hold stands on it, or the law wants it kept and its time runs.
        Unavailable: the database cannot be used now.
    """
    gone = items.erase(item_id, reason, by, now())
    if gone is not None:
        _discarded(vault, gone, log)
    items.forget()
    return items.get(item_id)


def erase_harmless(
    items: EvidenceItems,
    vault: Callable[[], Vault],
    log: FilteringBoundLogger,
    event_id: str,
    *,
    again: bool = False,
    by: str = PROGRAM,
) -> int:
    """Destroy what was preserved of an event that people found harmless; how many items.

    What a hold keeps, or the law wants kept, stays.

    Args:
        items: the items.
        vault: gives the vault.
        log: where it tells what stays, and what could not be discarded.
        event_id: the event.
        again: whether it was tried before: then what stays is told no more.
        by: who erases.
    """
    erased = 0
    for item in items.of_event(event_id):
        if item.state is ItemState.DESTROYED:
            continue
        try:
            erase(items, vault, log, item.id, HARMLESS, by=by)
        except Conflict as kept:
            if not again:
                log.info("evidence of a harmless case is kept", item=item.id, reason=kept.what)
            continue
        erased += 1
    return erased


def _discarded(vault: Callable[[], Vault], gone: StoredObject, log: FilteringBoundLogger) -> bool:
    try:
        vault().discard(gone)
    except TutelaError as error:
        log.warning("the bytes of a destroyed object stay a while", reason=error.what)
        return False
    return True
