"""Bytes and user data that are handed in later: only what belongs to the finding is taken."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from tutela.errors import Conflict, InvalidInput
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import (
    EvidenceKind,
    Item,
    ItemFacts,
    ItemState,
    Step,
    StepKind,
)
from tutela.model.custody.names import found
from tutela.model.custody.terms import since
from tutela.model.event import Event
from tutela.model.record import Record
from tutela.response.custody.provenance import handlers
from tutela.storage.events import Events
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now

EXACT = ("sha256", "sha1", "md5")
"""Digests that tell whether bytes are those that were found."""
CHUNK = 2**20
MOST_USER_DATA = 64 * 2**20
"""Bytes of user data that are taken at once."""
WAITING = frozenset({ItemState.OWED, ItemState.ELSEWHERE})


class UserRecord(msgspec.Struct, frozen=True):
    """One record of user data: anything, with the time that it is of."""

    at: datetime


class UserRecords(Record, frozen=True, kw_only=True):
    """User data as the platform hands them in.

    Attributes:
        records: each with its time `at` (ISO 8601, with time zone), and whatever else is known.
    """

    records: tuple[UserRecord, ...]


class HandingIn:
    """Takes in what is owed or elsewhere. Thread-safe.

    Args:
        items: the items.
        events: gives the events that they belong to.
        vault: gives the vault.
    """

    def __init__(self, items: EvidenceItems, events: Events, vault: Callable[[], Vault]) -> None:
        self._items = items
        self._events = events
        self._vault = vault

    def take(self, item_id: str, source: int | bytes, name: str, by: str) -> Item:
        """Take the bytes of an item into the vault; they are durable and known when this returns.

        Args:
            item_id: the item.
            source: the bytes, or a readable file descriptor of them.
            name: the name that they are handed in under, if any.
            by: who hands them in.

        Raises:
            NotFound: there is no such item.
            Conflict: it has its bytes, or is destroyed.
            InvalidInput: these are not the bytes that were found, or user data of another time.
                Nothing of them is kept.
            StoreUnavailable, KeyUnavailable: the vault cannot take them now.
        """
        item = self._items.get(item_id)
        known = _digests(source)
        if item.kind is EvidenceKind.CONTENT:
            _check_content(item, known)
        elif item.kind is EvidenceKind.USER_DATA:
            _check_user_data(source, item, self._events.get(item.event_id).event)
        else:
            raise InvalidInput("nothing can be handed in for this item", where="item")
        if item.state not in WAITING | {ItemState.KEPT}:
            raise Conflict(f"this item is {item.state.value}", where="item")
        return self._seal(item, source, _facts(item, known, name), by)

    def _seal(self, item: Item, source: int | bytes, facts: ItemFacts, by: str) -> Item:
        vault = self._vault()
        sealed = vault.seal(source, sha256=facts.digests["sha256"])
        facts = replace(facts, size=sealed.size)
        try:
            taken = self._items.hand_in(item.id, sealed, facts, by)
        except (Conflict, InvalidInput):
            vault.discard(sealed)
            raise
        if taken.object_id != sealed.id:
            vault.discard(sealed)
        return taken


def _digests(source: int | bytes) -> Mapping[str, str]:
    hashers = {name: hashlib.new(name, usedforsecurity=False) for name in EXACT}
    for chunk in _chunks(source):
        for hasher in hashers.values():
            hasher.update(chunk)
    return {name: hasher.hexdigest() for name, hasher in hashers.items()}


def _chunks(source: int | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    at = 0
    while chunk := os.pread(source, CHUNK, at):
        yield chunk
        at += len(chunk)


def _check_content(item: Item, known: Mapping[str, str]) -> None:
    """Refuse bytes that are not those that were found."""
    stated = {name: item.facts.digests[name] for name in EXACT if name in item.facts.digests}
    if not stated:
        raise InvalidInput(
            "nobody can tell whether these are the bytes that were found: the event has no exact "
            "fingerprint of them",
            where="item",
            remedy="keep them with the platform",
        )
    if any(known[name] != value for name, value in stated.items()):
        raise InvalidInput(
            "these are not the bytes that were found: their fingerprints differ",
            where="body",
            remedy="hand in the very bytes of the event; nothing of these was kept",
        )


def _check_user_data(source: int | bytes, item: Item, event: Event) -> None:
    """Refuse user data from a time that the law of the place does not allow to be kept."""
    records = _records(source)
    until = event.origin.received_at if event.origin else event.received_at
    begin = since(item.term.window, until) if item.term.window else None
    for number, record in enumerate(records):
        where = f"records[{number}].at"
        if record.at.tzinfo is None:
            raise InvalidInput("a point in time needs a time zone", where=where)
        if begin is not None and not begin <= record.at <= until:
            raise InvalidInput(
                f"this is from outside the {item.term.window} before the event, and may not be "
                "kept",
                where=where,
                remedy="leave it out; nothing was kept",
            )


def _records(source: int | bytes) -> tuple[UserRecord, ...]:
    data = bytearray()
    for chunk in _chunks(source):
        data += chunk
        if len(data) > MOST_USER_DATA:
            raise InvalidInput("so much user data are not taken at once", where="body")
    try:
        return msgspec.json.decode(data, type=UserRecords).records
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidInput(
            "user data are JSON: an object whose records each have a time",
            where="body",
            remedy='write {"records": [{"at": "2026-11-22T10:30:00Z", ...}, ...]}',
        ) from None


def _facts(item: Item, known: Mapping[str, str], name: str) -> ItemFacts:
    """The facts of an item with the step that its bytes came in by."""
    text, raw = found(name) if name else (item.facts.name, item.facts.name_bytes)
    step = Step(
        kind=StepKind.UPLOAD,
        name=text if name else "",
        name_bytes=raw if name else "",
        at=now(),
        digests=known,
    )
    return replace(
        item.facts,
        name=text,
        name_bytes=raw,
        digests=known,
        salt=item.facts.salt or secrets.token_hex(16),
        chain=(step, *item.facts.chain),
        tools=handlers(),
    )
