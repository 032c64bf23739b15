"""A data folder with evidence in it, for commands."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import update

from tutela.model import (
    ActionKind,
    Actor,
    Content,
    Decision,
    Event,
    Outcome,
    Reason,
    Signal,
    Verdict,
)
from tutela.model.custody.evidence import Item
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.policy.law.law import Law
from tutela.response.conclusion import Conclusion
from tutela.response.custody.opening import items_of, open_custody
from tutela.response.recording import Recording
from tutela.settings import Settings
from tutela.storage.audit.reading import AuditLog
from tutela.storage.custody_tables import evidence_items
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.telemetry import make_logger

PAST = datetime(2026, 1, 1, tzinfo=UTC)


class Folder(NamedTuple):
    """A data folder; each call opens what it needs and closes it again."""

    path: Path
    settings: Settings

    def keep(
        self, data: bytes = b"a harmless line", *, region: str = "GB", given: bool = True
    ) -> str:
        """Keep some bytes as evidence of an event of their own; the event's id."""
        event_id = f"event-{hashlib.sha256(data + region.encode()).hexdigest()[:8]}"
        sha256 = Signal(kind="sha256", value=hashlib.sha256(data).hexdigest())
        event = Event(
            id=event_id,
            digest=event_id,
            received_at=datetime.now(UTC),
            region=region,
            actor=Actor(id="actor 7"),
            drill=True,
            contents=(Content(media_type="text/plain", size=len(data), signals=(sha256,)),),
        )
        decision = Decision(
            policy_version="p",
            actions=(ActionKind.PRESERVE,),
            reasons=(Reason(rule="r", text="Because."),),
        )
        outcome = Outcome(
            event_id=event_id,
            verdict=Verdict.MATCH,
            received_at=event.received_at,
            drill=True,
            list_version=1,
            matches=(),
            gaps=(),
            decision=decision,
        )
        log = make_logger("critical", as_json=False, stream=sys.stderr)
        with closing(self.database()) as database, Journal(database) as journal:
            custody = open_custody(self.settings, database, Law.load(""), log)
            recording = Recording(journal, custody.preservation)
            conclusion = Conclusion(event, outcome, None, (), None)
            asyncio.run(recording.record(data if given else None, conclusion))
            custody.vault.close()
        return event_id

    def database(self) -> Database:
        database = Database.open(self.settings.database_url)
        database.migrate()
        return database

    def items(self, event_id: str) -> list[Item]:
        with closing(self.database()) as database:
            return list(items_of(self.settings, database).of_event(event_id))

    def end(self, item_id: str) -> None:
        """Let an item's term have ended."""
        with closing(self.database()) as database, database.write() as connection:
            chosen = update(evidence_items).where(evidence_items.c.id == item_id)
            connection.execute(chosen.values(expires_at=PAST))

    def leaves(self, kind: AuditKind) -> list[Leaf]:
        with closing(self.database()) as database:
            page = AuditLog(database).page(kind=kind, limit=100)
            return [one.leaf for one in reversed(page)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The data folder that commands of a test use."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    return Folder(tmp_path, Settings.load())


Run = Callable[..., str]
