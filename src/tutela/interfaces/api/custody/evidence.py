"""`/v1/evidence`: what is kept of findings, under which holds, and until when. Not the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model.custody.evidence import EvidenceKind, Hold, Item, ItemState
from tutela.model.custody.leaf import Leaf
from tutela.model.custody.terms import Moment
from tutela.model.event import EventId
from tutela.model.record import Record
from tutela.response.custody.reporting import record_report
from tutela.storage.audit.reading import AuditLog
from tutela.storage.evidence.reporting import Reported
from tutela.workflows.custody.expiring import erase

Text = Annotated[str, msgspec.Meta(max_length=500)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")]


class EvidenceQuery(Record, frozen=True, kw_only=True):
    """Which items, and which page of them: at most `limit`, older than the item `after`.

    Attributes:
        state, kind: those in this state, of this kind.
        case, event: those of this case, of this event.
        held: those under a hold; false for those under none.
        due_before: those whose term ends before, and that are not destroyed.
    """

    state: ItemState | None = None
    kind: EvidenceKind | None = None
    case: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    event: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    held: bool | None = None
    due_before: datetime | None = None
    after: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class EvidencePage(Record, frozen=True, kw_only=True):
    """A page of items, latest first; `next` is the `after` of the next page, None on the last."""

    items: Sequence[Item]
    next: str | None


class Custody(Record, frozen=True, kw_only=True):
    """An item with all that was done with it.

    Attributes:
        item: the item.
        holds: every hold that was ever placed on it, oldest first.
        leaves: what the audit log says of it, in order.
    """

    item: Item
    holds: Sequence[Hold]
    leaves: Sequence[Leaf]


class HoldRequest(Record, frozen=True, kw_only=True):
    """Why an item is held, and who asked for it, with their reference."""

    reason: Words
    authority: Text = ""


class ReleaseRequest(Record, frozen=True, kw_only=True):
    """Why a hold is lifted."""

    reason: Words


class EraseRequest(Record, frozen=True, kw_only=True):
    """Who asked for an item to be erased, and why."""

    reason: Words


class ReportRequest(Record, frozen=True, kw_only=True):
    """A report to an authority, or a notice from one.

    Attributes:
        event_id: what it is about.
        moment: what it is: terms of the law count from such a moment.
        at: when it was complete, with time zone.
        authority: who it was made to, or came from.
        reference: what they call it.
    """

    event_id: EventId
    moment: Moment = Moment.REPORT
    at: datetime
    authority: Words
    reference: Words


class ReportAnswer(Record, frozen=True, kw_only=True):
    """Every item of the event as it now stands, its references with it."""

    items: Sequence[Item]


_HOLD = msgspec.json.Decoder(HoldRequest)
_RELEASE = msgspec.json.Decoder(ReleaseRequest)
_ERASE = msgspec.json.Decoder(EraseRequest)
_REPORT = msgspec.json.Decoder(ReportRequest)


@get(
    "/v1/evidence",
    permission=Permission.EVIDENCE_READ,
    about=About(summary="List evidence", query=EvidenceQuery, gives=EvidencePage),
)
async def list_evidence(request: Request[Any, Any, Any]) -> ASGIApp:
    """List items of evidence, latest first: where each stands, and until when it is kept."""
    query = read_query(request, EvidenceQuery)
    return JsonAnswer(await asyncio.to_thread(page_of, services_of(request), query))


@get(
    "/v1/evidence/{item_id:str}",
    permission=Permission.EVIDENCE_READ,
    about=About(summary="Read the custody of an item", gives=Custody),
)
async def read_evidence(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Read where an item came from, its fingerprints, term and holds, and each touch since."""
    return JsonAnswer(await asyncio.to_thread(custody_of, services_of(request), item_id))


@post(
    "/v1/evidence/{item_id:str}/holds",
    status_code=201,
    permission=Permission.EVIDENCE_HOLD,
    about=About(summary="Place a legal hold", takes=HoldRequest, gives=Hold, status=201),
)
async def place_hold(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Place a legal hold on an item: it beats the end of its term, and requests for erasure."""
    wanted, items = await read_json(request, _HOLD), services_of(request).custody.items
    by = by_of(request)
    hold = await asyncio.to_thread(items.hold, item_id, wanted.reason, wanted.authority, by)
    return JsonAnswer(hold, status=201)


@post(
    "/v1/evidence/holds/{hold_id:int}/release",
    status_code=200,
    permission=Permission.EVIDENCE_HOLD,
    about=About(summary="Lift a legal hold", takes=ReleaseRequest, gives=Hold),
)
async def release_hold(request: Request[Any, Any, Any], hold_id: FromPath[int]) -> ASGIApp:
    """Lift a legal hold. Where its term has ended, the item is destroyed soon after."""
    wanted, items = await read_json(request, _RELEASE), services_of(request).custody.items
    hold = await asyncio.to_thread(items.release, hold_id, wanted.reason, by_of(request))
    return JsonAnswer(hold)


@post(
    "/v1/evidence/{item_id:str}/erase",
    status_code=200,
    permission=Permission.EVIDENCE_ERASE,
    about=About(summary="Erase an item on request", takes=EraseRequest, gives=Item),
)
async def erase_item(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Destroy an item before its term, because somebody asked for it.

    Refused while a hold stands on it, and while a time runs for which the law wants it kept.
    """
    wanted, services = await read_json(request, _ERASE), services_of(request)
    custody, log, by = services.custody, services.log, by_of(request)
    item = await asyncio.to_thread(
        partial(erase, custody.items, custody.vault.vault, log, item_id, wanted.reason, by=by)
    )
    return JsonAnswer(item)


@post(
    "/v1/evidence/reports",
    status_code=201,
    permission=Permission.EVIDENCE_HOLD,
    about=About(summary="Record a report", takes=ReportRequest, gives=ReportAnswer, status=201),
)
async def record(request: Request[Any, Any, Any]) -> ASGIApp:
    """Record a report to an authority, or a notice from one: terms that count from it begin.

    The same reference of the same authority again changes nothing.
    """
    wanted = await read_json(request, _REPORT)
    found = await asyncio.to_thread(reported, services_of(request), wanted, by_of(request))
    return JsonAnswer(ReportAnswer(items=found), status=201)


def page_of(services: Services, query: EvidenceQuery) -> EvidencePage:
    """The items that were asked for. Blocks; raises `NotFound` for an unknown `after`."""
    found = services.custody.items.list(
        state=query.state,
        kind=query.kind,
        case_id=query.case,
        event_id=query.event,
        held=query.held,
        due_before=query.due_before,
        after=query.after,
        limit=query.limit,
    )
    last = found[-1].id if len(found) == query.limit else None
    return EvidencePage(items=found, next=last)


def custody_of(services: Services, item_id: str) -> Custody:
    """An item with its holds, and what the log says of it. Blocks; raises `NotFound`."""
    item, holds = services.custody.items.get(item_id), services.custody.items.holds(item_id)
    leaves = AuditLog(services.database).about([item_id])
    return Custody(item=item, holds=holds, leaves=[one.leaf for one in leaves])


def reported(services: Services, wanted: ReportRequest, by: str) -> Sequence[Item]:
    """Record a report. Blocks; raises `NotFound`, `InvalidInput`."""
    made = Reported(
        event_id=wanted.event_id,
        moment=wanted.moment,
        at=wanted.at,
        authority=wanted.authority,
        reference=wanted.reference,
    )
    custody = services.custody
    return record_report(custody.items, services.events, custody.terms, made, by)
