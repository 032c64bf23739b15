"""Cases merged, split and moved by hand, and each of that undone."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import NotFound
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import account_of, by_of
from tutela.model.record import Record
from tutela.model.review.queue import QueueName
from tutela.model.review.standing import CaseChange
from tutela.storage.review.together.arranging import MOST_WHY

CaseId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Why = Annotated[str, msgspec.Meta(max_length=MOST_WHY)]
GREATEST = 2**62
"""Beyond every number of a change."""


class MergeDocument(Record, frozen=True, kw_only=True):
    """Which case is put into this one, with all that stands in it, and why."""

    other: CaseId
    why: Why = ""


class SplitDocument(Record, frozen=True, kw_only=True):
    """Which cases are taken out of this one, to stand for themselves together, and why."""

    others: Annotated[tuple[CaseId, ...], msgspec.Meta(min_length=1, max_length=1000)]
    why: Why = ""


class MoveDocument(Record, frozen=True, kw_only=True):
    """Into which queue a case is put, and why. It stays there, whatever the queues take."""

    queue: QueueName
    why: Why = ""


_MERGE = msgspec.json.Decoder(MergeDocument)
_SPLIT = msgspec.json.Decoder(SplitDocument)
_MOVE = msgspec.json.Decoder(MoveDocument)


@post(
    "/v1/cases/{case_id:str}/merge",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Merge another case into this one", takes=MergeDocument, gives=CaseChange),
)
async def merge_case(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Put another case into the one that you have claimed, before anybody has read either."""
    wanted = await read_json(request, _MERGE)
    holder = (await asyncio.to_thread(account_of, request)).id
    change = await asyncio.to_thread(
        services_of(request).arranging.merge,
        case_id,
        wanted.other,
        holder=holder,
        why=wanted.why,
        by=by_of(request),
    )
    return JsonAnswer(change)


@post(
    "/v1/cases/{case_id:str}/split",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Split cases off this one", takes=SplitDocument, gives=CaseChange),
)
async def split_case(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Take cases out of the one that you have claimed, before anybody has read it."""
    wanted = await read_json(request, _SPLIT)
    holder = (await asyncio.to_thread(account_of, request)).id
    change = await asyncio.to_thread(
        services_of(request).arranging.split,
        case_id,
        wanted.others,
        holder=holder,
        why=wanted.why,
        by=by_of(request),
    )
    return JsonAnswer(change)


@post(
    "/v1/cases/changes/{change_id:int}/undo",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Undo a change", gives=CaseChange),
)
async def undo_change(request: Request[Any, Any, Any], change_id: FromPath[int]) -> ASGIApp:
    """Undo what joined, was merged, split or moved, of a case that you have claimed."""
    if not 0 < change_id < GREATEST:
        raise NotFound("no change has this number", where="change")
    holder = (await asyncio.to_thread(account_of, request)).id
    change = await asyncio.to_thread(
        services_of(request).arranging.undo, change_id, holder=holder, by=by_of(request)
    )
    return JsonAnswer(change)


@post(
    "/v1/cases/{case_id:str}/move",
    status_code=200,
    permission=Permission.REVIEW_LEAD,
    about=About(summary="Move a case to another queue", takes=MoveDocument, gives=CaseChange),
)
async def move_case(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Put a case that waits, and that nobody reads now, into another queue."""
    wanted = await read_json(request, _MOVE)
    change = await asyncio.to_thread(
        services_of(request).arranging.move,
        case_id,
        wanted.queue,
        why=wanted.why,
        by=by_of(request),
    )
    return JsonAnswer(change)
