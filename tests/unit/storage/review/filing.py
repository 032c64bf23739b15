"""Files cases in a database as the journal does, with what cases are gathered and queued by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

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
from tutela.model.response.case import CaseKind
from tutela.storage.database import Database
from tutela.storage.journal_rows import rows_of, write_rows
from tutela.storage.tables import cases

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


class Filed(NamedTuple):
    """What a case is about; `contents` are fingerprints in hex."""

    name: str
    actor: str = ""
    conversation: str = ""
    contents: Sequence[str] = ()
    drill: bool = True
    severity: Severity = Severity.MEDIUM
    imminent: bool = False
    second_look: bool = False
    principles: tuple[int, ...] = ()
    receivers: int = 0
    region: str = "NL"
    language: str = "en"
    kind: CaseKind = CaseKind.FINDING
    summary: str = "Match in bank hills"
    bank_id: int = 0
    minutes: int = 0
    sha256: str = ""

    @property
    def id(self) -> str:
        """Of the case."""
        return f"case-{self.name}"

    @property
    def at(self) -> datetime:
        """When it was opened."""
        return AT + timedelta(minutes=self.minutes)


def file_cases(database: Database, filed: Iterable[Filed]) -> None:
    """Store cases, in their order."""
    for one in filed:
        event, outcome, case = made(one)
        rows = rows_of(event, outcome, case, keep_signals=False)
        with database.write() as connection:
            write_rows(connection, {event.id: rows}, "filing")


def made(one: Filed) -> tuple[Event, Outcome, Case]:
    """A case with its event and outcome."""
    signals = [Signal(kind="sha256", value=one.sha256)] if one.sha256 else []
    contents = tuple(
        Content(
            path=(f"{place}.png",),
            media_type="image/png",
            signals=(Signal(kind="pdq", value=value, quality=90), *signals),
        )
        for place, value in enumerate(one.contents)
    )
    event = Event(
        id=one.name,
        digest=hashlib.sha256(one.name.encode()).hexdigest(),
        received_at=one.at,
        region=one.region,
        language=one.language,
        actor=Actor(id=one.actor) if one.actor else None,
        receivers=tuple(Actor(id=f"receiver {place}") for place in range(one.receivers)),
        conversation=one.conversation,
        drill=one.drill,
        contents=contents,
    )
    asked = ActionKind.SECOND_LOOK if one.second_look else ActionKind.OPEN_CASE
    reason = Reason(
        rule="rule",
        text="Because of the rule",
        principles=one.principles,
        severity=one.severity,
        imminent=one.imminent,
    )
    outcome = Outcome(
        event_id=event.id,
        verdict=Verdict.MATCH,
        received_at=one.at,
        drill=one.drill,
        list_version=4,
        matches=(_match(one),) if one.bank_id else (),
        gaps=(),
        decision=Decision(policy_version="policy-1", actions=(asked,), reasons=(reason,)),
        case_id=one.id,
    )
    case = Case(
        id=one.id,
        event_id=event.id,
        opened_at=one.at,
        drill=one.drill,
        principles=tuple(sorted(one.principles)),
        summary=one.summary,
        severity=one.severity,
        second_look=one.second_look,
        imminent=one.imminent,
        kind=one.kind,
    )
    return event, outcome, case


def _match(one: Filed) -> Match:
    return Match(
        bank="hills",
        bank_id=one.bank_id,
        entry_id=one.bank_id * 100,
        kind="pdq",
        distance=4,
        exact=False,
        list_version=4,
        path=("0.png",) if one.contents else (),
    )


def standing_in(database: Database) -> dict[str, str]:
    """For each case by its event's id, the one that it stands in, or itself."""
    with database.read() as connection:
        rows = connection.execute(select(cases.c.event_seq, cases.c.id, cases.c.root)).all()
    names = {row.event_seq: row.id.removeprefix("case-") for row in rows}
    return {names[row.event_seq]: names[row.root or row.event_seq] for row in rows}


def near(fingerprint: str, bits: Iterable[int]) -> str:
    """A fingerprint with some bits turned."""
    value = int(fingerprint, 16)
    for bit in bits:
        value ^= 1 << bit
    return f"{value:064x}"


def picture(number: int) -> str:
    """A fingerprint that is far from those of other numbers."""
    return hashlib.sha256(f"picture {number}".encode()).hexdigest()
