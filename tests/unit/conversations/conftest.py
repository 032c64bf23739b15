"""The service on a real database, with the cues that are shipped and a pipeline that notes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
import structlog
from tests.unit.conversations.lines import ALLOWED

from tutela.conversations.opening import Conversing
from tutela.conversations.raters import open_rater
from tutela.detection.conversation.rater import Rater
from tutela.errors import Unavailable
from tutela.model import Decision, EventKind, Gap, GapReason, Outcome, Ruling, SurfaceClass, Verdict
from tutela.model.conversation.batch import BatchResult, NewMessage, NewReport
from tutela.pipeline import Submission
from tutela.settings import Settings
from tutela.settings.conversations import ConversationSettings
from tutela.storage.database import Database


def law(region: str, surface: str, kind: EventKind) -> Ruling | None:
    """Forbids in the EU and, everywhere, where messages are encrypted."""
    assert kind is EventKind.MESSAGE
    if not region:
        return None
    found = SurfaceClass(surface) if surface else SurfaceClass.PRIVATE_MESSAGES
    return Ruling(
        pack=region.lower(),
        version="1",
        surface_class=found,
        may_scan=region != "EU" and found is not SurfaceClass.ENCRYPTED_MESSAGES,
        reason="The derogation has expired.",
        source="a source",
    )


class Deciding:
    """Stands where the pipeline does: notes what it is handed, and lets everything pass.

    Attributes:
        broken: while it is set, nothing can be decided.
    """

    def __init__(self) -> None:
        self.handed: list[Submission] = []
        self.broken = False

    async def decide(self, submission: Submission) -> Outcome:
        if self.broken:
            raise Unavailable("too many events wait to be stored")
        self.handed.append(submission)
        return Outcome(
            event_id=submission.event_id,
            verdict=Verdict.NOT_CHECKED,
            received_at=datetime.now(UTC),
            drill=submission.drill,
            list_version=1,
            matches=(),
            gaps=(Gap(reason=GapReason.NO_CONTENT, detail=""),),
            decision=Decision(**ALLOWED),
        )


class Talking:
    """Hands batches in."""

    def __init__(self, parts: Conversing, deciding: Deciding) -> None:
        self.parts = parts
        self.deciding = deciding

    def take(
        self, messages: Sequence[NewMessage] = (), reports: Sequence[NewReport] = ()
    ) -> BatchResult:
        return asyncio.run(self.parts.service.take(messages, reports))


@pytest.fixture(scope="session")
def rater() -> Rater:
    return open_rater(Settings())


@pytest.fixture
def begun(rater: Rater) -> Callable[[Database], Talking]:
    """Begins a process on a database."""

    def begin(database: Database) -> Talking:
        deciding = Deciding()
        parts = Conversing(
            ConversationSettings(floor=3.0),
            database,
            lambda: rater,
            law=law,
            decide=deciding.decide,
            log=structlog.get_logger(),
        )
        return Talking(parts, deciding)

    return begin


@pytest.fixture
def talking(database: Database, begun: Callable[[Database], Talking]) -> Talking:
    return begun(database)
