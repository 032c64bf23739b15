"""One event, start to end. Read this first.

An event carries content. Detection turns content into signals and finds matches. Policy turns
these facts into a decision with its reasons. The decision is carried out as actions and opens a
case when a human must look. The answer leaves only when all of it is durable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tutela.detection.media.pool import DecoderPool
from tutela.detection.silencing import Findings, placed
from tutela.lists.matching import Matching
from tutela.model import (
    AccountSignals,
    Actor,
    Content,
    Event,
    EventKind,
    Gap,
    GapReason,
    Outcome,
    Rating,
    Ruling,
    Signal,
)
from tutela.model.custody.evidence import Step, StepKind
from tutela.model.record import Record
from tutela.policy.current import InForce
from tutela.policy.law.law import not_permitted
from tutela.response.conclusion import conclude
from tutela.response.recording import Recording
from tutela.response.routing import Routes
from tutela.storage.past.history import Histories

NOTHING = Gap(reason=GapReason.NO_CONTENT, detail="the event told facts only")
"""The gap of an event without content: it is never clear."""

LISTED_GAPS = 100
"""An archive may have thousands of members that could not be compared: the rest is counted."""


class Submission(Record, frozen=True, kw_only=True):
    """What a client handed in: bytes, ready-made signals, why there is neither, or facts only.

    Attributes:
        event_id: chosen by the client, or made for it.
        digest: SHA-256 (hex) of the whole request.
        kind, surface, region, actor, receivers, conversation, ratings, account, drill: as in
            `Event`.
        source: the bytes, or a readable file descriptor of them.
        signals: ready-made signals in canonical form, where there is no source.
        gap: why there is nothing to look at, such as a URL that could not be fetched.
        name: the file's name, or the address that it was fetched from; kept with evidence only.
        fetched: whether it was fetched from an address.
    """

    event_id: str
    digest: str
    kind: EventKind = EventKind.UPLOAD
    surface: str = ""
    region: str = ""
    actor: Actor | None = None
    receivers: tuple[Actor, ...] = ()
    conversation: str = ""
    language: str = ""
    ratings: tuple[Rating, ...] = ()
    account: AccountSignals | None = None
    drill: bool = False
    source: int | bytes | None = None
    signals: tuple[Signal, ...] = ()
    gap: Gap | None = None
    name: str = ""
    fetched: bool = False

    @property
    def carries(self) -> bool:
        """Whether there is anything to look at, or was meant to be."""
        return bool(self.signals) or self.source is not None or self.gap is not None


def handed_in(submission: Submission, at: datetime) -> Step:
    """How a submission's content came in: the first step of its provenance."""
    kind = StepKind.FETCH if submission.fetched else StepKind.UPLOAD
    return Step(kind=kind, name=submission.name, at=at)


class _Seen(NamedTuple):
    """What a submission came to before policy: facts, findings, and what was not compared."""

    contents: tuple[Content, ...]
    list_version: int
    found: Findings
    gaps: tuple[Gap, ...]


class Pipeline:
    """Carries submissions to durable outcomes. One per process, used by all requests.

    Args:
        policy: gives what is in force now.
        recording: stores what came of an event, with what is kept of it as evidence.
        histories: looks up what an actor did before, where a rule asks for it.
        routes: gives where actions are sent now.
        law: gives what the law of a region says of scanning a surface, for a kind of event; None
            where it says nothing.
        decoded: told how many seconds each file took to become facts and signals.
    """

    def __init__(
        self,
        *,
        decoder: DecoderPool,
        matching: Matching,
        policy: Callable[[], InForce],
        recording: Recording,
        routes: Callable[[], Routes] = Routes,
        histories: Histories | None = None,
        law: Callable[[str, str, EventKind], Ruling | None] = lambda _region, _surface, _kind: None,
        decoded: Callable[[float], object] = lambda _: None,
    ) -> None:
        self._decoder = decoder
        self._matching = matching
        self._policy = policy
        self._recording = recording
        self._routes = routes
        self._histories = histories
        self._law = law
        self._decoded = decoded

    async def check(self, submission: Submission) -> Outcome:
        """Decide about one submission; the outcome is durable when this returns.

        The same event id with the same digest gives the stored outcome.

        Raises:
            Conflict: the event id is known with another digest.
            Unavailable: decoder or database can take no more now; nothing was accepted.
        """
        ruling = self._law(submission.region, submission.surface, submission.kind)
        seen = await self._seen(submission, ruling)
        policy = self._policy()
        conclusion = conclude(
            await self._told(self._event(submission, seen.contents), policy),
            seen.found.matches,
            seen.gaps,
            policy=policy,
            list_version=seen.list_version,
            silenced=seen.found.silenced,
            law=ruling,
            routes=self._routes(),
        )
        handed = handed_in(submission, conclusion.event.received_at)
        return await self._recording.record(submission.source, conclusion, handed)

    async def _told(self, event: Event, policy: InForce) -> Event:
        """The event with the history of its actor, where a rule asks for that."""
        if self._histories is None or not policy.history or event.actor is None:
            return event
        return await asyncio.to_thread(self._histories.complete, event)

    async def _seen(self, submission: Submission, ruling: Ruling | None) -> _Seen:
        """Look at the content, unless the law of the place says no: then it is not even decoded."""
        if ruling is not None and not ruling.may_scan and submission.carries:
            untouched = not_permitted(ruling)
            return _Seen((untouched,), self._matching.version, Findings(), untouched.gaps)
        contents = await self._contents(submission)
        list_version = self._matching.version
        found = await self._matching.of_contents(contents)
        return _Seen(contents, list_version, found, self._gaps(contents, found.gaps))

    async def _contents(self, submission: Submission) -> tuple[Content, ...]:
        """Content turned into signals. Bytes are decoded in the sandboxed child only."""
        if submission.gap is not None:
            return (Content(gaps=(submission.gap,)),)
        if submission.signals:
            return (Content(media_type="", signals=submission.signals),)
        if submission.source is None:
            return ()
        begun = time.monotonic()
        contents = await asyncio.wrap_future(self._decoder.submit(submission.source))
        self._decoded(time.monotonic() - begun)
        return contents

    def _event(self, submission: Submission, contents: tuple[Content, ...]) -> Event:
        return Event(
            id=submission.event_id,
            digest=submission.digest,
            received_at=datetime.now(UTC),
            kind=submission.kind,
            surface=submission.surface,
            region=submission.region,
            actor=submission.actor,
            receivers=submission.receivers,
            conversation=submission.conversation,
            language=submission.language,
            ratings=submission.ratings,
            account=submission.account,
            drill=submission.drill,
            contents=contents,
        )

    def _gaps(self, contents: tuple[Content, ...], parked: Sequence[Gap]) -> tuple[Gap, ...]:
        """Everything that was not compared, whatever the cause; what is parked comes first."""
        if not contents:
            return (NOTHING,)
        own = [placed(gap, content.path) for content in contents for gap in content.gaps]
        gaps = [*parked, *own]
        if not self._matching.ready():
            gaps.insert(0, Gap(reason=GapReason.INDEX_NOT_READY, detail="the lists are not loaded"))
        hidden = len(gaps) - LISTED_GAPS
        if hidden > 0:
            more = Gap(
                reason=gaps[LISTED_GAPS].reason, detail=f"and {hidden} more parts like these"
            )
            return (*gaps[:LISTED_GAPS], more)
        return tuple(gaps)
