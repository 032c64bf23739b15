"""The service on a real database, with the cues that are shipped and a pipeline that notes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from structlog.typing import FilteringBoundLogger
from tests.unit.conversations.lines import ALLOWED

from tutela.conversations.opening import Conversing, ForPeople
from tutela.conversations.raters import cues_of, open_rater
from tutela.conversations.reviewing.keeping import Texts
from tutela.conversations.reviewing.marking import Marking
from tutela.detection.conversation.rater import Rater
from tutela.detection.text.normaliser import Normaliser
from tutela.errors import Unavailable
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.vault import Vault
from tutela.model import Decision, EventKind, Gap, GapReason, Outcome, Ruling, SurfaceClass, Verdict
from tutela.model.conversation.batch import BatchResult, NewMessage, NewReport
from tutela.pipeline import Submission
from tutela.policy.law.law import Law
from tutela.response.custody.terms import Terms
from tutela.settings import Settings
from tutela.settings.conversations import ConversationSettings
from tutela.storage.conversation.texts import KeptTexts
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems


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


MARKING = Marking(lambda: (cues_of(Settings()), Normaliser().normalise))


def texts_in(database: Database, log: FilteringBoundLogger) -> Texts:
    """What keeps texts, in a vault in memory."""
    vault, packs = Vault(MemoryStore(), MemoryKeys()), Law.load("")
    return Texts(
        kept=KeptTexts(database),
        items=EvidenceItems(database),
        vault=lambda: vault,
        terms=Terms(packs.pack_of, default=timedelta(days=90), unreported=timedelta(days=60)),
        law=law,
        log=log,
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
        deciding, log = Deciding(), structlog.get_logger()
        parts = Conversing(
            ConversationSettings(floor=3.0),
            database,
            lambda: rater,
            law=law,
            decide=deciding.decide,
            people=ForPeople(texts_in(database, log), MARKING),
            log=log,
        )
        return Talking(parts, deciding)

    return begin


@pytest.fixture
def talking(database: Database, begun: Callable[[Database], Talking]) -> Talking:
    return begun(database)
