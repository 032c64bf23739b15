"""Items of evidence, written by the journal as in life."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import select

from tutela.model.custody.evidence import (
    EvidenceKind,
    ItemFacts,
    ItemState,
    NewItem,
    Sealed,
    Step,
    StepKind,
    Term,
)
from tutela.model.custody.leaf import Leaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.custody_tables import audit_leaves
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

DETECTED_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TERM = Term(pack="uk-1", keep="1 year", bound=Bound.MINIMUM, after=Moment.REPORT, source="a law")

numbers = itertools.count()


def sealed(text: str = "a harmless line") -> Sealed:
    """What sealing a text gives; the same text twice has one address and two ids."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Sealed(
        id=secrets.token_hex(16),
        address=hashlib.sha256(f"keyed {text}".encode()).hexdigest(),
        wrapped=b"wrapped " + secrets.token_bytes(8),
        key_id="key-1",
        size=len(text),
        digests={"sha256": digest},
    )


def item(
    object_: Sealed | None = None,
    *,
    days: float = 30,
    term: Term = TERM,
    kind: EvidenceKind = EvidenceKind.CONTENT,
    state: ItemState | None = None,
) -> NewItem:
    """An item that ends so many days after it was detected."""
    digests = object_.digests if object_ else {"sha256": "ab" * 32}
    step = Step(kind=StepKind.UPLOAD, name="hill.png", at=DETECTED_AT)
    return NewItem(
        id=f"item-{next(numbers):024x}",
        kind=kind,
        state=state or (ItemState.KEPT if object_ else ItemState.ELSEWHERE),
        drill=True,
        detected_at=DETECTED_AT,
        term=term,
        facts=ItemFacts(name="hill.png", digests=digests, salt="0c" * 16, chain=(step,)),
        sealed=object_,
        expires_at=DETECTED_AT + timedelta(days=days),
    )


@pytest.fixture
def items(database: Database) -> EvidenceItems:
    """The items of an empty database."""
    return EvidenceItems(database)


@pytest.fixture
def record(database: Database, make: Callable[..., Made]) -> Callable[..., str]:
    """Record an event with items: `record(*items)`; its id."""

    def record(*new: NewItem) -> str:
        event_id = f"event-{next(numbers)}"
        made = make(event_id, matched=True)
        with Journal(database) as journal:
            future = journal.record(made.event, made.outcome, made.case, items=new)
            future.result(30)
        return event_id

    return record


@pytest.fixture
def leaves(database: Database) -> Callable[[], Sequence[Leaf]]:
    """Every leaf of the log."""

    def leaves() -> Sequence[Leaf]:
        rows = select(audit_leaves.c.leaf).order_by(audit_leaves.c.number)
        with database.read() as connection:
            return [msgspec.json.decode(one, type=Leaf) for one in connection.scalars(rows)]

    return leaves


@pytest.fixture
def database_items(database: Database) -> Callable[[timedelta], EvidenceItems]:
    """The items of an empty database, with how long is kept what no law names a number for."""
    return lambda default: EvidenceItems(database, default)
