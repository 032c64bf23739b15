"""Fills a database with harmless cases, by the way that events go."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Content,
    Decision,
    Event,
    Match,
    Outcome,
    Reason,
    Severity,
    Signal,
    Verdict,
)
from tutela.storage.database import Database
from tutela.storage.journal import Journal

TOGETHER = 2_000
SURFACES = ("profile", "forum", "chat")
REGIONS = ("GB", "US", "FR", "NL")
LANGUAGES = ("en", "fr", "nl", "")
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)


def fill(database: Database, count: int, seed: int = 1) -> None:
    """Store `count` events, each with a case; about one in ten has an actor of another one.

    Args:
        database: with its tables.
        count: how many.
        seed: the same gives the same.
    """
    waiting: list[Future[Outcome]] = []
    with Journal(database) as journal:
        for event, outcome, case in made(count, random.Random(seed)):  # noqa: S311 - no secret
            waiting.append(journal.record(event, outcome, case))
            if len(waiting) == TOGETHER:
                _wait(waiting)
        _wait(waiting)


def made(count: int, chance: random.Random) -> Iterator[tuple[Event, Outcome, Case]]:
    """Events that matched an invented bank, with their cases."""
    for number in range(count):
        at = BEGIN + timedelta(seconds=60 * number)
        event_id = f"upload-{number}"
        severity = chance.choice(list(Severity))
        event = Event(
            id=event_id,
            digest=hashlib.sha256(event_id.encode()).hexdigest(),
            received_at=at,
            surface=chance.choice(SURFACES),
            region=chance.choice(REGIONS),
            language=chance.choice(LANGUAGES),
            actor=Actor(id=f"actor-{chance.randrange(count * 5)}"),
            drill=True,
            contents=(_content(chance),),
        )
        yield event, _outcome(event, severity), _case(event, severity)


def _content(chance: random.Random) -> Content:
    pdq = chance.randbytes(32).hex()
    digest = hashlib.sha256(pdq.encode()).hexdigest()
    signals = (
        Signal(kind="sha256", value=digest),
        Signal(kind="pdq", value=pdq, quality=90),
    )
    return Content(media_type="image/jpeg", size=80_000, width=640, height=480, signals=signals)


def _outcome(event: Event, severity: Severity) -> Outcome:
    match = Match(
        bank="drill-bank",
        bank_id=1,
        entry_id=1,
        kind="pdq",
        distance=12,
        exact=False,
        list_version=1,
        trusted=True,
    )
    reason = Reason(
        rule="trusted-perceptual-match",
        text="The picture looks like an entry in a trusted bank.",
        principles=(1,),
        severity=severity,
    )
    return Outcome(
        event_id=event.id,
        verdict=Verdict.MATCH,
        received_at=event.received_at,
        drill=True,
        list_version=1,
        matches=(match,),
        gaps=(),
        decision=Decision(
            policy_version="bench",
            actions=(ActionKind.BLOCK, ActionKind.OPEN_CASE),
            reasons=(reason,),
        ),
        case_id=f"case-{event.id}",
    )


def _case(event: Event, severity: Severity) -> Case:
    return Case(
        id=f"case-{event.id}",
        event_id=event.id,
        opened_at=event.received_at,
        drill=True,
        principles=(1,),
        summary="Match in bank drill-bank: pdq at distance 12",
        severity=severity,
    )


def _wait(waiting: list[Future[Outcome]]) -> None:
    for future in waiting:
        future.result(120)
    waiting.clear()
