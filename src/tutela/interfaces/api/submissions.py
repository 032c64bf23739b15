"""How an event is handed in, and how that becomes a submission to the pipeline.

The digest of a request tells whether a repeated event id means the same event. It covers what the
event is, not how it was written: the same file with the same facts about it has the same digest as
a form, as a raw body and in base64.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Sequence
from typing import Annotated

import msgspec

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import Conflict, InvalidInput
from tutela.interfaces.services import Services
from tutela.interfaces.web.bodies import Spool
from tutela.model import Actor, Gap, GapReason, Outcome, Signal
from tutela.model.actor import Name
from tutela.model.event import EventId
from tutela.model.record import Record
from tutela.outgoing import FetchFailed
from tutela.pipeline import Submission

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]


class SignalDocument(Record, frozen=True, kw_only=True):
    """A ready-made signal: its kind, and its value in any text form that the kind accepts."""

    kind: Annotated[str, msgspec.Meta(max_length=64)]
    value: Annotated[str, msgspec.Meta(max_length=4096)]


SignalDocuments = Annotated[tuple[SignalDocument, ...], msgspec.Meta(min_length=1, max_length=1000)]


class EventFacts(Record, frozen=True, kw_only=True):
    """What is said about an event besides its content.

    Attributes:
        event_id: chosen by the client; without one, an id is made.
        surface: where on the platform, in the platform's words.
        region: ISO 3166 code of the place whose law applies.
        actor: who did it; a pseudonymous id is enough.
        drill: harmless test material.
    """

    event_id: EventId | None = None
    surface: Name = ""
    region: Name = ""
    actor: Actor | None = None
    drill: bool = False


class EventDocument(EventFacts, frozen=True, kw_only=True):
    """An event in JSON: exactly one of `url`, `signals` and `media_base64`.

    Attributes:
        url: content that is to be fetched, over http or https.
        signals: ready-made signals, all of the same thing.
        media_base64: a small file in base64; larger ones are better sent as they are.
    """

    url: Address | None = None
    signals: SignalDocuments | None = None
    media_base64: bytes | None = None


class FlatFacts(Record, frozen=True, kw_only=True):
    """The facts as form fields or query parameters: all text, the actor by its id."""

    event_id: EventId | None = None
    surface: Name = ""
    region: Name = ""
    actor: Name | None = None
    drill: bool = False


def unfolded(flat: FlatFacts) -> EventFacts:
    """The facts as they are in JSON."""
    return EventFacts(
        event_id=flat.event_id,
        surface=flat.surface,
        region=flat.region,
        actor=Actor(id=flat.actor) if flat.actor else None,
        drill=flat.drill,
    )


def of_media(facts: EventFacts, spool: Spool) -> Submission:
    """A submission of a file that was spooled."""
    return _submission(facts, ("sha256", spool.sha256), source=spool.source)


async def of_document(document: EventDocument, services: Services, spool: Spool) -> Submission:
    """A submission of an event in JSON. A URL is fetched into `spool`.

    Raises:
        InvalidInput: not exactly one kind of content, or a signal that is none.
    """
    given = (document.url, document.signals, document.media_base64)
    if sum(part is not None for part in given) != 1:
        raise InvalidInput("an event carries exactly one of url, signals and media_base64")
    if document.signals is not None:
        signals = canonical(document.signals, services.kinds)
        content = [(signal.kind, signal.value) for signal in signals]
        return _submission(document, ("signals", content), signals=signals)
    if document.media_base64 is not None:
        spool.write(document.media_base64)
        return of_media(document, spool)
    return await _of_url(document, services, spool)


async def already_known(document: EventDocument, services: Services) -> Outcome | None:
    """The stored answer for a URL that was handed in before, so that it is not fetched again.

    Raises:
        Conflict: the event id is known with other content.
    """
    if document.event_id is None or document.url is None:
        return None
    stored = await asyncio.to_thread(services.journal.find, document.event_id)
    if stored is None:
        return None
    if stored.digest != _digest(document, ("url", document.url)):
        raise Conflict(
            "this event id is known with other content",
            where="event_id",
            remedy="give each event an id of its own",
        )
    return stored.outcome


def canonical(documents: Sequence[SignalDocument], kinds: SignalKinds) -> tuple[Signal, ...]:
    """Signals in their canonical form.

    Raises:
        InvalidInput: naming the place, never the value.
    """
    signals = []
    for number, document in enumerate(documents):
        try:
            kind = kinds[document.kind]
            value = kind.text(kind.parse(document.value))
        except InvalidInput as problem:
            where = f"signals[{number}]"
            raise InvalidInput(problem.what, where=where, remedy=problem.remedy) from None
        signals.append(Signal(kind=document.kind, value=value))
    return tuple(signals)


async def _of_url(document: EventDocument, services: Services, spool: Spool) -> Submission:
    content = ("url", document.url)
    try:
        await services.outgoing.fetch(document.url or "", spool.write)
    except FetchFailed as problem:
        gap = Gap(reason=GapReason.FETCH_FAILED, detail=problem.what)
        return _submission(document, content, gap=gap)
    return _submission(document, content, source=spool.source)


def _submission(
    facts: EventFacts,
    content: tuple[str, object],
    *,
    source: int | bytes | None = None,
    signals: tuple[Signal, ...] = (),
    gap: Gap | None = None,
) -> Submission:
    return Submission(
        event_id=facts.event_id or new_event_id(),
        digest=_digest(facts, content),
        surface=facts.surface,
        region=facts.region,
        actor=facts.actor,
        drill=facts.drill,
        source=source,
        signals=signals,
        gap=gap,
    )


def _digest(facts: EventFacts, content: tuple[str, object]) -> str:
    """SHA-256 (hex) of the facts and the content, in one canonical order."""
    actor = facts.actor.id if facts.actor else None
    whole = (facts.surface, facts.region, actor, facts.drill, content)
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


def new_event_id() -> str:
    """An id that nobody has: 32 hex digits, the first 12 of them the time in milliseconds.

    Ids that grow with time keep the index of the events table compact. They are no secrets: asking
    the system for randomness each time would cost more than the search.
    """
    chance = random.getrandbits(80)
    return f"{time.time_ns() // 1_000_000:012x}{chance:020x}"
