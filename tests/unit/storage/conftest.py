"""Values that the tests of storage share."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Content,
    Decision,
    Event,
    Match,
    NewEntry,
    Outcome,
    Reason,
    Signal,
    Verdict,
)

RECEIVED_AT = datetime(2026, 11, 22, 10, 30, 0, 123456, tzinfo=UTC)


class Made:
    """An event with its outcome and, where it matched, its case."""

    def __init__(self, event_id: str, body: str = "", *, matched: bool = False) -> None:
        pdq = Signal(kind="pdq", value=hashlib.sha256(event_id.encode()).hexdigest(), quality=90)
        md5 = Signal(kind="md5", value="0f" * 16)
        member = Content(path=("hill.png",), media_type="image/png", signals=(pdq,))
        self.event = Event(
            id=event_id,
            digest=hashlib.sha256(f"{event_id} {body}".encode()).hexdigest(),
            received_at=RECEIVED_AT,
            surface="profile",
            region="NL",
            actor=Actor(id="actor 7"),
            drill=True,
            contents=(Content(media_type="application/zip", size=9, signals=(md5,)), member),
        )
        self.case = self._case(event_id) if matched else None
        self.outcome = Outcome(
            event_id=event_id,
            verdict=Verdict.MATCH if matched else Verdict.CLEAR,
            received_at=RECEIVED_AT,
            drill=True,
            list_version=4,
            matches=(self._match(),) if matched else (),
            gaps=(),
            decision=self._decision(matched=matched),
            case_id=self.case.id if self.case else None,
        )

    def _case(self, event_id: str) -> Case:
        return Case(
            id=f"case-{event_id}",
            event_id=event_id,
            opened_at=RECEIVED_AT,
            drill=True,
            principles=(1, 2),
            summary="Match in bank hills",
        )

    def _match(self) -> Match:
        return Match(
            bank="hills",
            bank_id=1,
            entry_id=3,
            kind="pdq",
            distance=4,
            exact=False,
            list_version=4,
            path=("hill.png",),
        )

    def _decision(self, *, matched: bool) -> Decision:
        found = (ActionKind.BLOCK, ActionKind.OPEN_CASE)
        return Decision(
            policy_version="policy-1",
            actions=found if matched else (ActionKind.ALLOW,),
            reasons=(Reason(rule="rule", text="Because of the rule", principles=(1, 2)),),
        )


@pytest.fixture
def make() -> Callable[..., Made]:
    """Make an event: `make(event_id, body="", matched=False)`."""
    return Made


@pytest.fixture
def hill() -> Callable[..., NewEntry]:
    """Make an entry that is like no other: `hill(label="")`."""
    numbers = itertools.count()

    def hill(label: str = "") -> NewEntry:
        value = hashlib.sha256(f"hill {next(numbers)}".encode()).hexdigest()
        return NewEntry(label=label, signals=(Signal(kind="pdq", value=value, quality=80),))

    return hill
