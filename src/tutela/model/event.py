"""An event and its outcome: what goes in, and what comes out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.actor import AccountSignals, Actor, History, Name
from tutela.model.content import Content, Gap
from tutela.model.custody.evidence import Kept
from tutela.model.law import Ruling
from tutela.model.match import Match, Silenced
from tutela.model.rating import Rating
from tutela.model.record import Record
from tutela.model.response.decision import Decision
from tutela.model.review.appeal import Appeal
from tutela.model.verdict import Verdict

# Python lets `$` stand before a final newline; `(?!\n)` does not.
EventId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$(?!\n)")]


class EventKind(StrEnum):
    """What happened on the platform."""

    UPLOAD = "upload"
    """Content was handed in, to be shown or kept."""
    MESSAGE = "message"
    """Somebody writes to somebody; it may carry content."""
    CONTACT = "contact"
    """Somebody asks to be connected with somebody."""
    STREAM = "stream"
    """A picture or segment of a livestream."""
    APPEAL = "appeal"
    """Somebody contests what was decided about another event; see `POST /v1/appeals`."""


class Origin(Record, frozen=True, kw_only=True):
    """Where a finding in the past comes from.

    Attributes:
        event_id: the event whose content was found, long after it was checked.
        received_at: when that event came in.
        rescan: number of the re-scan that found it.
    """

    event_id: EventId
    received_at: datetime
    rescan: int


class Event(Record, frozen=True, kw_only=True):
    """Something that happened on the platform, or was found in its past.

    Attributes:
        id: chosen by the client, or made here; the same id is the same event for ever.
        digest: SHA-256 (hex) of the request, so that a repeated id with another body is seen.
        received_at: when it came in (UTC).
        surface: where on the platform: `profile`, `chat`, `forum`, ... in the platform's words.
        region: ISO 3166 code of the place whose law applies, where known.
        drill: harmless test material; marked wherever it is shown.
        contents: what it carries; an archive carries several.
        origin: where this is a finding in the past: the event that it was found in. Surface,
            region, actor, drill and contents are those of that event.
        receivers: who is to receive it.
        conversation: the conversation that it belongs to, by the platform's id.
        ratings: what the platform's own classifiers made of it.
        account: what the platform counts about the actor's account.
        language: of the content, as a tag such as `en` or `pt-BR`, where the platform knows it.
        history: what was stored of the actor's earlier events when this one was decided; None
            where no rule asked for it.
        appeal: what is contested, of an appeal; None of any other event.
    """

    id: EventId
    digest: str
    received_at: datetime
    kind: EventKind = EventKind.UPLOAD
    surface: Name = ""
    region: Name = ""
    actor: Actor | None = None
    drill: bool = False
    contents: tuple[Content, ...] = ()
    origin: Origin | None = None
    receivers: tuple[Actor, ...] = ()
    conversation: Name = ""
    ratings: tuple[Rating, ...] = ()
    account: AccountSignals | None = None
    history: History | None = None
    language: Name = ""
    appeal: Appeal | None = None


class Outcome(Record, frozen=True, kw_only=True):
    """What came of an event. This is the answer that a client gets, stored before it leaves.

    Attributes:
        list_version: version of the lists that the event was compared with.
        matches: closest first.
        gaps: every part that was not compared, and why.
        case_id: the case that was opened for it, or None.
        silenced: matches that do not count as findings, each with why.
        law: what the law of the place says of scanning; None where no pack applies.
        evidence: what is kept of it, and where that is.
    """

    event_id: str
    verdict: Verdict
    received_at: datetime
    drill: bool
    list_version: int
    matches: tuple[Match, ...]
    gaps: tuple[Gap, ...]
    decision: Decision
    case_id: str | None = None
    silenced: tuple[Silenced, ...] = ()
    law: Ruling | None = None
    evidence: tuple[Kept, ...] = ()
