"""Putting cases together by hand, taking them apart, moving them; and undoing each of it.

Who reads a case arranges what stands in it; who leads moves cases that nobody reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Request, Response, post

from tutela.errors import TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import see_other
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.review.case import case_page
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of
from tutela.interfaces.web.problems import document

CASE = "case-"
"""Beginning of the names of the boxes for cases that are to be taken out, as of every case's id."""

Fields = Mapping[str, str]


@post("/cases/{case_id:str}/merge", permission=Permission.REVIEW_WORK)
async def merge(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Put another case into the one that is being read."""

    def arrange(fields: Fields) -> None:
        other = fields.get("other", "").strip()
        holder, why = account_of(request).id, fields.get("why", "").strip()
        services_of(request).arranging.merge(
            case_id, other, holder=holder, why=why, by=by_of(request)
        )

    return await _arranged(request, case_id, arrange)


@post("/cases/{case_id:str}/split", permission=Permission.REVIEW_WORK)
async def split(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Take cases out of the one that is being read, to stand for themselves."""

    def arrange(fields: Fields) -> None:
        others = [name for name in fields if name.startswith(CASE)]
        holder, why = account_of(request).id, fields.get("why", "").strip()
        services_of(request).arranging.split(
            case_id, others, holder=holder, why=why, by=by_of(request)
        )

    return await _arranged(request, case_id, arrange)


@post("/cases/{case_id:str}/changes/{change_id:int}/undo", permission=Permission.REVIEW_WORK)
async def undo_change(
    request: Request[Any, Any, Any], case_id: str, change_id: int
) -> Response[str]:
    """Undo a change of what stands in the case that is being read."""

    def arrange(_: Fields) -> None:
        holder = account_of(request).id
        services_of(request).arranging.undo(change_id, holder=holder, by=by_of(request))

    return await _arranged(request, case_id, arrange)


@post("/cases/{case_id:str}/move", permission=Permission.REVIEW_LEAD)
async def move(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Put a case that nobody reads into another queue."""

    def arrange(fields: Fields) -> None:
        queue, why = fields.get("queue", ""), fields.get("why", "").strip()
        services_of(request).arranging.move(case_id, queue, why=why, by=by_of(request))

    return await _arranged(request, case_id, arrange)


async def _arranged(
    request: Request[Any, Any, Any],
    case_id: str,
    arrange: Callable[[Fields], None],
) -> Response[str]:
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        await asyncio.to_thread(arrange, fields)
    except TutelaError as error:
        return await case_page(
            request, case_id, status=document(error).status, problem=problem_of(error)
        )
    return see_other(f"/console/cases/{case_id}#together")
