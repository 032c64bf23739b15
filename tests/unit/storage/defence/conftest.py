"""Events that matched, stored as a server stores them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tutela.model import (
    ActionKind,
    Case,
    Content,
    Decision,
    Event,
    Match,
    NewEntry,
    Outcome,
    Reason,
    Signal,
    Silenced,
    Silencing,
    Verdict,
)
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal

PERCEPTUAL = ("pdq",)


def match(entry_id: int, distance: int = 4, *, bank_id: int = 1, kind: str = "pdq") -> Match:
    return Match(
        bank="hills",
        bank_id=bank_id,
        entry_id=entry_id,
        kind=kind,
        distance=distance,
        exact=kind != "pdq",
        list_version=1,
    )


def silenced(one: Match, reason: Silencing, by: Match | None = None) -> Silenced:
    return Silenced(match=one, reason=reason, detail="for a test", by=by)


class Store:
    """Stores events with what they matched."""

    def __init__(self, database: Database) -> None:
        self.journal = Journal(database)
        self._numbers = itertools.count()

    def __call__(
        self,
        *matches: Match,
        silenced: Sequence[Silenced] = (),
        ago: timedelta = timedelta(),
        content: str = "",
        case: bool = False,
        drill: bool = False,
        actions: tuple[ActionKind, ...] = (ActionKind.HOLD,),
    ) -> str:
        """Store one event; its id. Equal contents are equal files; without one, it is new."""
        number = next(self._numbers)
        value = hashlib.sha256((content or f"new {number}").encode()).hexdigest()
        event = Event(
            id=f"e{number}",
            digest=f"{number:064x}",
            received_at=datetime.now(UTC) - ago,
            drill=drill,
            contents=(Content(signals=(Signal(kind="sha256", value=value),)),),
        )
        opened = Case(id=f"case-{number}", event_id=event.id, opened_at=event.received_at)
        outcome = Outcome(
            event_id=event.id,
            verdict=Verdict.MATCH if matches else Verdict.CLEAR,
            received_at=event.received_at,
            drill=drill,
            list_version=1,
            matches=matches,
            gaps=(),
            decision=Decision(
                policy_version="p", actions=actions, reasons=(Reason(rule="r", text="t"),)
            ),
            silenced=tuple(silenced),
        )
        self.journal.record(event, outcome, opened if case else None).result(30)
        return event.id


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    found = Store(database)
    yield found
    found.journal.close()


@pytest.fixture
def fill(database: Database) -> Callable[..., None]:
    """Makes a bank with so many entries, whose ids follow those that there are."""

    def make(name: str, count: int, **settings: bool | int) -> None:
        Banks(database).create(name, **settings)  # type: ignore[arg-type]
        signals = (Signal(kind="md5", value="0f" * 16),)
        new = (NewEntry(signals=signals, label=f"{name} {n}") for n in range(count))
        Entries(database).add(name, new)

    return make
