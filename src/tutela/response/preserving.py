"""Takes what a decision asks to preserve into the vault, before the event is stored.

What the vault takes is durable there first, and known with the event or not at all. What it cannot
take is owed: the event is stored with its reason, and somebody is told.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from tutela.errors import TutelaError
from tutela.evidence.vault.vault import Vault
from tutela.model import Event
from tutela.model.custody.evidence import (
    EvidenceKind,
    ItemFacts,
    ItemState,
    Kept,
    NewItem,
    Sealed,
    Step,
)
from tutela.policy.law.law import unlawful
from tutela.response.conclusion import Conclusion
from tutela.response.custody.provenance import chain, digests, handlers, whole
from tutela.response.custody.terms import Terms
from tutela.response.custody.user_data import MEDIA_TYPE, NAME, user_data, written
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.past.people import People


class _Taken(NamedTuple):
    """What the vault made of some bytes: an object, or why it has none."""

    sealed: Sealed | None
    problem: str = ""


class Preservation:
    """Preserves evidence; what `Recording` asks. Thread-safe.

    Args:
        vault: gives the vault; raises a `TutelaError` while it cannot be opened.
        items: the items that are known.
        people: gives an actor's events.
        terms: how long it is kept.
        log: where it tells what is owed, and what could not be given back.
        kept: told the state of each item once its event was decided.
    """

    def __init__(
        self,
        *,
        vault: Callable[[], Vault],
        items: EvidenceItems,
        people: People,
        terms: Terms,
        log: FilteringBoundLogger,
        kept: Callable[[ItemState], object] = lambda _: None,
    ) -> None:
        self._vault = vault
        self._items = items
        self._people = people
        self._terms = terms
        self._log = log
        self._kept = kept
        self._tools = handlers()

    def keep(self, source: int | bytes | None, conclusion: Conclusion, handed: Step) -> Conclusion:
        """The conclusion with its items of evidence; see `Preserving.keep`."""
        items = tuple(self._items_of(source, conclusion, handed))
        for item in items:
            self._kept(item.state)
            if item.state is ItemState.OWED:
                self._log.error(
                    "evidence could not be taken into the vault",
                    event_id=conclusion.event.id,
                    item=item.id,
                    kind=item.kind.value,
                    reason=item.problem,
                )
        told = tuple(Kept(id=item.id, kind=item.kind, state=item.state) for item in items)
        outcome = replace(conclusion.outcome, evidence=told)
        return conclusion._replace(outcome=outcome, items=items)

    def settle(self, conclusion: Conclusion) -> None:
        """Give back what was sealed and is not needed; see `Preserving.settle`.

        What cannot be given back now is found and discarded later, with whatever nobody knows.
        """
        sealed = {item.sealed.id: item.sealed for item in conclusion.items if item.sealed}
        if not sealed:
            return
        try:
            for object_id in self._items.unneeded(conclusion.event.id, sealed.keys()):
                self._vault().discard(sealed[object_id])
        except TutelaError as error:
            self._log.warning("a sealed object was not given back", reason=error.what)

    def _items_of(
        self, source: int | bytes | None, conclusion: Conclusion, handed: Step
    ) -> Iterator[NewItem]:
        event = conclusion.event
        # Where the law says that content may not be looked at, it is not kept either.
        if event.contents and not unlawful(conclusion.outcome.law):
            yield self._content(source, conclusion, handed)
        if event.actor is not None:
            yield self._user_data(event)

    def _content(self, source: int | bytes | None, conclusion: Conclusion, handed: Step) -> NewItem:
        event = conclusion.event
        outer = whole(event)
        known = digests(outer) if outer else {}
        facts = ItemFacts(
            name=handed.name,
            name_bytes=handed.name_bytes,
            media_type=outer.media_type if outer else "",
            size=outer.size if outer else 0,
            digests=known,
            salt=secrets.token_hex(16),
            chain=chain(handed, event, conclusion.outcome.matches),
            tools=self._tools,
        )
        if source is None:
            return self._item(event, EvidenceKind.CONTENT, ItemState.ELSEWHERE, facts)
        return self._sealed(event, EvidenceKind.CONTENT, facts, self._take(source, known))

    def _user_data(self, event: Event) -> NewItem:
        """What is known of the people concerned. The window of the law limits it."""
        kind = EvidenceKind.USER_DATA
        window = self._terms.of(event.region, kind).window
        try:
            assert event.actor is not None  # noqa: S101 - asked before
            record = user_data(event, event.actor, window, self._people)
        except TutelaError as error:
            facts = ItemFacts(name=NAME, media_type=MEDIA_TYPE, tools=self._tools)
            return self._item(event, kind, ItemState.OWED, facts, problem=error.what)
        data, facts = written(record, event.received_at, self._tools)
        return self._sealed(event, kind, facts, self._take(data, facts.digests))

    def _take(self, source: int | bytes, known: Mapping[str, str]) -> _Taken:
        try:
            return _Taken(self._vault().seal(source, sha256=known.get("sha256")))
        except TutelaError as error:
            return _Taken(None, error.what)
        except OSError as error:
            return _Taken(None, f"the bytes cannot be read ({error.strerror})")

    def _sealed(self, event: Event, kind: EvidenceKind, facts: ItemFacts, taken: _Taken) -> NewItem:
        if taken.sealed is None:
            return self._item(event, kind, ItemState.OWED, facts, problem=taken.problem)
        sealed = taken.sealed
        facts = replace(facts, size=sealed.size, digests={**facts.digests, **sealed.digests})
        return self._item(event, kind, ItemState.KEPT, facts, sealed=sealed)

    def _item(
        self,
        event: Event,
        kind: EvidenceKind,
        state: ItemState,
        facts: ItemFacts,
        *,
        sealed: Sealed | None = None,
        problem: str = "",
    ) -> NewItem:
        detected_at: datetime = event.received_at
        term = self._terms.of(event.region, kind)
        clock = self._terms.clock(term, detected_at)
        return NewItem(
            id=item_id(event.id, kind),
            kind=kind,
            state=state,
            drill=event.drill,
            detected_at=detected_at,
            term=term,
            facts=facts,
            sealed=sealed,
            clock_at=clock.clock_at,
            expires_at=clock.expires_at,
            problem=problem,
        )


def item_id(event_id: str, kind: EvidenceKind, ordinal: int = 0) -> str:
    """The id of an event's item: the same for ever, however often the event is handed in."""
    name = hashlib.sha256(f"{event_id} {kind.value} {ordinal}".encode()).hexdigest()
    return f"item-{name[:24]}"
