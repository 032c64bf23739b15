"""Evidence in a vault in memory and a database of either kind."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.vault import Vault
from tutela.model import Actor, Content, Decision, Event, Outcome, Reason, Verdict
from tutela.model.custody.evidence import EvidenceKind, Item, ItemFacts, ItemState, NewItem, Term
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database
from tutela.storage.events import Events
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal
from tutela.telemetry import make_logger

PAST = datetime(2026, 11, 1, tzinfo=UTC)


class Place:
    """Everything that custody works with, and a way to put evidence there."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self.database = database
        self.store, self.keys = MemoryStore(), MemoryKeys()
        self.vault = Vault(self.store, self.keys)
        self.items, self.events = EvidenceItems(database), Events(database)
        self.audit = AuditLog(database)
        self.said = io.StringIO()
        self.log = make_logger("info", as_json=False, stream=self.said)
        self._journal = journal
        self._numbers = itertools.count()

    def keep(
        self,
        data: bytes = b"a harmless line",
        *,
        days: float = 1,
        state: ItemState = ItemState.KEPT,
        kind: EvidenceKind = EvidenceKind.CONTENT,
        window: str = "",
        digests: dict[str, str] | None = None,
    ) -> Item:
        """Put an item there whose term ends so many days after `PAST`."""
        number = next(self._numbers)
        sealed = self.vault.seal(data) if state is ItemState.KEPT else None
        known = {"sha256": hashlib.sha256(data).hexdigest()} if digests is None else digests
        term = Term(keep="1 year", bound=Bound.MINIMUM, after=Moment.REPORT, window=window)
        new = NewItem(
            id=f"item-{number:024x}",
            kind=kind,
            state=state,
            drill=True,
            detected_at=PAST,
            term=term,
            facts=ItemFacts(digests=known, salt="0c" * 16),
            sealed=sealed,
            expires_at=PAST + timedelta(days=days),
            problem="the store is full" if state is ItemState.OWED else "",
        )
        self._record(f"event-{number}", new)
        return self.items.get(new.id)

    def _record(self, event_id: str, item: NewItem) -> None:
        event = Event(
            id=event_id,
            digest=event_id,
            received_at=PAST,
            drill=True,
            actor=Actor(id="actor 7"),
            contents=(Content(),),
        )
        reason = Reason(rule="r", text="Because.")
        outcome = Outcome(
            event_id=event_id,
            verdict=Verdict.MATCH,
            received_at=PAST,
            drill=True,
            list_version=1,
            matches=(),
            gaps=(),
            decision=Decision(policy_version="p", actions=(), reasons=(reason,)),
        )
        self._journal.record(event, outcome, items=[item]).result(60)

    @property
    def blobs(self) -> set[str]:
        """Ids of the objects whose bytes are in the store."""
        return {blob.name.rpartition("-")[2] for blob in self.store.list()}

    def leaves(self, kind: AuditKind) -> list[Leaf]:
        """Leaves of a kind, oldest first."""
        return [one.leaf for one in reversed(self.audit.page(kind=kind, limit=1000))]

    def read(self, item: Item) -> bytes:
        """The bytes of an item."""
        stored = self.items.object_of(item.id)
        assert stored is not None
        return b"".join(bytes(piece) for piece in self.vault.read(stored))


@pytest.fixture
def place(database: Database) -> Iterator[Place]:
    """An empty vault with its database."""
    with Journal(database) as journal:
        yield Place(database, journal)
