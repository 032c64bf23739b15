"""How an event is handed in, and how that becomes a submission to the pipeline.

The digest of a request tells whether a repeated event id means the same event. It covers what the
event is, not how it was written: the same file with the same facts about it has the same digest as
a form, as a raw body and in base64. What is not told takes no part in it, so that a fact that a
later version of the program can be told changes no digest of before.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Iterable, Sequence
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

import msgspec

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import Conflict, InvalidInput
from tutela.interfaces.services import Services
from tutela.interfaces.web.bodies import Spool
from tutela.model import (
    AccountSignals,
    Actor,
    AgeBand,
    AgeSource,
    EventKind,
    Gap,
    GapReason,
    Outcome,
    Rating,
    Signal,
)
from tutela.model.actor import Name
from tutela.model.event import EventId
from tutela.model.record import Record
from tutela.outgoing import FetchFailed
from tutela.pipeline import Submission
from tutela.policy.law.law import not_permitted

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
FileName = Annotated[str, msgspec.Meta(max_length=1024)]


class SignalDocument(Record, frozen=True, kw_only=True):
    """A ready-made signal: its kind, and its value in any text form that the kind accepts."""

    kind: Annotated[str, msgspec.Meta(max_length=64)]
    value: Annotated[str, msgspec.Meta(max_length=4096)]


BARE = frozenset({EventKind.MESSAGE, EventKind.CONTACT})
"""Kinds of events that may come without content."""

Receivers = Annotated[tuple[Actor, ...], msgspec.Meta(max_length=100)]
Ratings = Annotated[tuple[Rating, ...], msgspec.Meta(max_length=50)]
SignalDocuments = Annotated[tuple[SignalDocument, ...], msgspec.Meta(min_length=1, max_length=1000)]


class EventFacts(Record, frozen=True, kw_only=True):
    """What is said about an event besides its content.

    Attributes:
        event_id: chosen by the client; without one, an id is made.
        kind: what happened: an upload, a message, a request for contact, a piece of a livestream.
        surface: where on the platform, in the platform's words.
        region: ISO 3166 code of the place whose law applies.
        actor: who did it; a pseudonymous id is enough.
        receivers: who is to receive it, at most 100.
        conversation: the conversation that it belongs to, by the platform's id.
        language: language of the content, as a tag such as `en`, where you know it.
        name: the file's name, for the evidence that may be kept; it makes no other event.
        ratings: what the platform's own classifiers made of it, at most 50.
        account: what the platform counts about the actor's account.
        drill: harmless test material.
    """

    event_id: EventId | None = None
    kind: EventKind = EventKind.UPLOAD
    surface: Name = ""
    region: Name = ""
    actor: Actor | None = None
    receivers: Receivers = ()
    conversation: Name = ""
    language: Name = ""
    name: FileName = ""
    ratings: Ratings = ()
    account: AccountSignals | None = None
    drill: bool = False


class EventDocument(EventFacts, frozen=True, kw_only=True):
    """An event in JSON, with one of `url`, `signals` and `media_base64`.

    A message and a request for contact may come without any of them: then nothing is compared, and
    the rules decide about what is told of it.

    Attributes:
        url: content that is to be fetched, over http or https.
        signals: ready-made signals, all of the same thing.
        media_base64: a small file in base64; larger ones are better sent as they are.
    """

    url: Address | None = None
    signals: SignalDocuments | None = None
    media_base64: bytes | None = None


class FlatFacts(Record, frozen=True, kw_only=True):
    """The facts as form fields or query parameters: all text, and one receiver at most.

    Ratings, account signals and several receivers are told in JSON only.
    """

    event_id: EventId | None = None
    kind: EventKind = EventKind.UPLOAD
    surface: Name = ""
    region: Name = ""
    actor: Name | None = None
    actor_age: AgeBand | None = None
    actor_age_source: AgeSource | None = None
    receiver: Name | None = None
    receiver_age: AgeBand | None = None
    receiver_age_source: AgeSource | None = None
    conversation: Name = ""
    language: Name = ""
    name: FileName = ""
    drill: bool = False


def unfolded(flat: FlatFacts) -> EventFacts:
    """The facts as they are in JSON.

    Raises:
        InvalidInput: an age is told of nobody.
    """
    receiver = _actor("receiver", flat.receiver, flat.receiver_age, flat.receiver_age_source)
    return EventFacts(
        event_id=flat.event_id,
        kind=flat.kind,
        surface=flat.surface,
        region=flat.region,
        actor=_actor("actor", flat.actor, flat.actor_age, flat.actor_age_source),
        receivers=(receiver,) if receiver else (),
        conversation=flat.conversation,
        language=flat.language,
        name=flat.name,
        drill=flat.drill,
    )


def _actor(
    field: str, name: str | None, age: AgeBand | None, source: AgeSource | None
) -> Actor | None:
    if name:
        return Actor(id=name, age=age or AgeBand.UNKNOWN, age_source=source or AgeSource.NOT_TOLD)
    if age or source:
        what = "an age is told of nobody"
        raise InvalidInput(what, where=f"{field}_age", remedy=f"name them in {field}, too")
    return None


def of_media(facts: EventFacts, spool: Spool) -> Submission:
    """A submission of a file that was spooled."""
    return _submission(facts, ("sha256", spool.sha256), source=spool.source)


async def of_document(document: EventDocument, services: Services, spool: Spool) -> Submission:
    """A submission of an event in JSON. A URL is fetched into `spool`.

    Raises:
        InvalidInput: too much content or none, or a signal that is none.
    """
    given = (document.url, document.signals, document.media_base64)
    carried = sum(part is not None for part in given)
    if carried == 0 and document.kind in BARE:
        return _submission(document, ("nothing", None))
    if carried != 1:
        raise InvalidInput(
            "an event carries exactly one of url, signals and media_base64",
            remedy="" if carried else "only a message and a request for contact may carry none",
        )
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
    ruling = services.law.ruling(document.region, document.surface, document.kind)
    if ruling is not None and not ruling.may_scan:
        (gap,) = not_permitted(ruling).gaps
        return _submission(document, content, gap=gap)
    try:
        await services.outgoing.fetch(document.url or "", spool.write)
    except FetchFailed as problem:
        gap = Gap(reason=GapReason.FETCH_FAILED, detail=problem.what)
        return _submission(document, content, gap=gap)
    told = msgspec.structs.replace(document, name=document.name or _place(document.url or ""))
    fetched = _submission(told, content, source=spool.source)
    return msgspec.structs.replace(fetched, fetched=True)


def _place(url: str) -> str:
    """An address without what may hold tokens or passwords: its query, and who asks."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _submission(
    facts: EventFacts,
    content: tuple[str, object],
    *,
    source: int | bytes | None = None,
    signals: tuple[Signal, ...] = (),
    gap: Gap | None = None,
) -> Submission:
    if facts.kind is EventKind.APPEAL:
        raise InvalidInput(
            "an appeal is not checked", where="kind", remedy="hand it in at POST /v1/appeals"
        )
    return Submission(
        event_id=facts.event_id or new_event_id(),
        digest=_digest(facts, content),
        kind=facts.kind,
        surface=facts.surface,
        region=facts.region,
        actor=facts.actor,
        receivers=facts.receivers,
        conversation=facts.conversation,
        language=facts.language,
        ratings=facts.ratings,
        account=facts.account,
        drill=facts.drill,
        source=source,
        signals=signals,
        gap=gap,
        name=facts.name,
    )


def _digest(facts: EventFacts, content: tuple[str, object]) -> str:
    """SHA-256 (hex) of the facts and the content, in one canonical order."""
    actor = facts.actor.id if facts.actor else None
    whole: tuple[object, ...] = (facts.surface, facts.region, actor, facts.drill, content)
    if more := _told(facts):
        whole = (*whole, more)
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


def _told(facts: EventFacts) -> dict[str, object]:
    """What was told of an event besides that which makes the beginning of its digest."""
    told: dict[str, object] = {}
    if facts.kind is not EventKind.UPLOAD:
        told["kind"] = facts.kind
    if facts.actor and (age := _given(facts.actor, ("age", "age_source"))):
        told["actor"] = age
    if facts.receivers:
        told["receivers"] = [_given(one) for one in facts.receivers]
    if facts.conversation:
        told["conversation"] = facts.conversation
    if facts.language:
        told["language"] = facts.language
    if facts.ratings:
        told["ratings"] = [_given(one) for one in facts.ratings]
    if facts.account:
        told["account"] = _given(facts.account)
    return told


def _given(record: Record, names: Iterable[str] = ()) -> dict[str, object]:
    """The fields of a record that say anything: those that are not as they are without."""
    fields = {field.name: field.default for field in msgspec.structs.fields(record)}
    return {
        name: value for name in names or fields if (value := getattr(record, name)) != fields[name]
    }


def new_event_id() -> str:
    """An id that nobody has: 32 hex digits, the first 12 of them the time in milliseconds.

    Ids that grow with time keep the index of the events table compact. They are no secrets: asking
    the system for randomness each time would cost more than the search.
    """
    chance = random.getrandbits(80)
    return f"{time.time_ns() // 1_000_000:012x}{chance:020x}"
