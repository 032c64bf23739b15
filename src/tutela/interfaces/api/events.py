"""`/v1/events`: many events at once, and events as they were stored."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.api.submissions import EventDocument, already_known, of_document
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.bodies import Spool, memory_file
from tutela.interfaces.web.problems import UNEXPECTED, ProblemDocument, document
from tutela.model import Outcome
from tutela.model.record import Record
from tutela.storage.events import EventFile

TOGETHER = 64
"""Events of one batch that are under way at once: enough to share a transaction."""


class EventsDocument(Record, frozen=True, kw_only=True):
    """Up to 1 000 events, each as in `POST /v1/check`."""

    # Each is read by itself, so that one bad event does not refuse the others.
    events: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=1000)]


class EventResult(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one event of a batch: an outcome or a problem."""

    outcome: Outcome | None = None
    problem: ProblemDocument | None = None


class EventsAnswer(Record, frozen=True, kw_only=True):
    """One result for each event, in the order of the request."""

    results: list[EventResult]


_BATCH = msgspec.json.Decoder(EventsDocument)
_EVENT = msgspec.json.Decoder(EventDocument)


@post(
    "/v1/events",
    status_code=200,
    permission=Permission.EVENTS_CHECK,
    about=About(
        summary="Check many events",
        takes=EventsDocument,
        holds=(EventDocument,),
        gives=EventsAnswer,
    ),
)
async def check_many(request: Request[Any, Any, Any]) -> ASGIApp:
    """Check up to 1 000 events. Each has its own result; a bad one does not stop the others."""
    services = services_of(request)
    batch = await read_json(request, _BATCH)
    places = asyncio.Semaphore(TOGETHER)

    async def one(raw: msgspec.Raw) -> EventResult:
        async with places:
            return await _result(raw, services)

    return JsonAnswer(EventsAnswer(results=await asyncio.gather(*map(one, batch.events))))


@get(
    "/v1/events/{event_id:str}",
    permission=Permission.EVENTS_READ,
    about=About(summary="Read one event", gives=EventFile),
)
async def read_event(request: Request[Any, Any, Any], event_id: FromPath[str]) -> ASGIApp:
    """Read an event as it was stored: its facts, its signals while they are kept, its outcome."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).events.get, event_id))


async def _result(raw: msgspec.Raw, services: Services) -> EventResult:
    try:
        return EventResult(outcome=await _outcome(_EVENT.decode(raw), services))
    except Exception as error:
        problem = document(error)
        if problem.status == UNEXPECTED:
            services.log.exception("unexpected error", instance=problem.instance)
        return EventResult(problem=problem)


async def _outcome(event: EventDocument, services: Services) -> Outcome:
    known = await already_known(event, services)
    if known is not None:
        return known
    with Spool(memory_file, services.room) as spool:
        outcome = await services.pipeline.check(await of_document(event, services, spool))
    services.metrics.checked(outcome)
    return outcome
