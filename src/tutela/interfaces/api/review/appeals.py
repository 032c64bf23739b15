"""`/v1/appeals`: somebody contests a decision, a machine's or a person's; and what came of it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import structs

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.api.submissions import new_event_id
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model import Actor
from tutela.model.actor import Name
from tutela.model.event import EventId
from tutela.model.record import Record
from tutela.model.review.appeal import AppealFile
from tutela.response.review.appealing import (
    AlreadyAnswered,
    NewAppeal,
    appeal,
    check_text,
    chosen,
)
from tutela.response.review.statement import answered
from tutela.storage.review.contesting.appeals import Appeals, Found
from tutela.storage.review.opening import Contested
from tutela.storage.values import now


class AppealDocument(Record, frozen=True, kw_only=True):
    """What somebody contests, and what they say; one of `event_id` and `case_id` says what.

    Attributes:
        id: chosen by the client, as of an event: the same id is the same appeal for ever. Without
            one, an id is made.
        event_id: the event that was decided about, as the platform calls it.
        case_id: or the case that was decided about.
        actor: who contests; they must have sent or received it.
        text: what they say, at most 10,000 characters. It goes to a reviewer as it is.
        language: of the text, as a tag such as `en`; else that of the event.
    """

    text: str
    id: EventId | None = None
    event_id: EventId | None = None
    case_id: EventId | None = None
    actor: Actor | None = None
    language: Name = ""


_APPEAL = msgspec.json.Decoder(AppealDocument)


@post(
    "/v1/appeals",
    permission=Permission.APPEALS_ADD,
    about=About(summary="Contest a decision", takes=AppealDocument, gives=AppealFile, status=201),
)
async def add_appeal(request: Request[Any, Any, Any]) -> ASGIApp:
    """Contest a decision: somebody who had no part in it reads it anew.

    Sent again, it is the same appeal. While one waits, another about the same decision is read
    together with it; once one was decided, another is refused, with the id of the first.
    """
    document = await read_json(request, _APPEAL)
    services = services_of(request)
    check_text(document.text)
    appeal_id, digest = document.id or new_event_id(), _digest(document)
    known = await asyncio.to_thread(services.journal.find, appeal_id)
    if known is None or known.digest != digest:
        contested = await asyncio.to_thread(_contested, services.appeals, document)
        new = NewAppeal(
            event_id=appeal_id,
            digest=digest,
            actor=document.actor or contested.event.actor,
            text=document.text,
            language=document.language,
            policy_version=services.policy.now().live.version,
            list_version=services.matching.version,
        )
        recorded = services.journal.record(*appeal(new, contested, now()))
        services.metrics.checked(await asyncio.wrap_future(recorded))
    found = await asyncio.to_thread(services.appeals.get, appeal_id)
    return JsonAnswer(told(found), status=201)


@get(
    "/v1/appeals/{appeal_id:str}",
    permission=Permission.APPEALS_ADD,
    about=About(summary="Read what came of an appeal", gives=AppealFile),
)
async def read_appeal(request: Request[Any, Any, Any], appeal_id: FromPath[str]) -> ASGIApp:
    """Read how far an appeal has come, and what the person is told. It names nobody."""
    found = await asyncio.to_thread(services_of(request).appeals.get, appeal_id)
    return JsonAnswer(told(found))


def told(found: Found) -> AppealFile:
    """An appeal with what the person is told, in the usual words where no reader wrote any."""
    if found.file.outcome is None or found.said:
        return found.file
    words = answered(found.file.outcome, language=found.event.language)
    return structs.replace(found.file, statement=words)


def _contested(appeals: Appeals, document: AppealDocument) -> Contested:
    if (document.event_id is None) == (document.case_id is None):
        raise InvalidInput("an appeal names one of event_id and case_id")
    event_id = document.event_id or appeals.event_of(document.case_id or "")
    found = appeals.contestable(event_id)
    contested = chosen(found, document.actor)
    for earlier in appeals.about(contested.event.id):
        if earlier.file.outcome is not None:
            raise AlreadyAnswered(
                "an appeal against this decision was decided before",
                where="event_id",
                remedy=f"GET /v1/appeals/{earlier.file.id} tells what came of it",
            )
    return contested


def _digest(document: AppealDocument) -> str:
    """SHA-256 (hex) of what is said, without the id under which it is."""
    said = structs.replace(document, id=None)
    return hashlib.sha256(b"appeal " + msgspec.json.encode(said, order="sorted")).hexdigest()
