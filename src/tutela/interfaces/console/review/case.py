"""The page of a case: what is known of it, and the form of whoever works at it."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get

from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.custody.panel import evidence_of
from tutela.interfaces.console.law import law_of_case
from tutela.interfaces.console.response.standings import standings
from tutela.interfaces.console.review.draft import Draft
from tutela.interfaces.console.review.gathered import work_of
from tutela.interfaces.console.review.reader import reader_of
from tutela.interfaces.services import services_of

_FILMS = "; media-src blob:"
"""Who works at a case may play clips, which no element can do but from an address in memory."""


@get("/cases/{case_id:str}", permission=Permission.CASES_READ)
async def show_case(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """One case with the facts and reasons behind it."""
    return await case_page(request, case_id, undone="undone" in request.query_params)


async def case_page(
    request: Request[Any, Any, Any],
    case_id: str,
    *,
    status: int = 200,
    draft: Draft | None = None,
    lost: bool = False,
    **more: Any,  # noqa: ANN401 - what the page says of what was asked
) -> Response[str]:
    """The page of a case, perhaps with a form that could not count.

    Args:
        request: whoever asks.
        case_id: the case.
        status: of the answer.
        draft: what was filled in; shown again.
        lost: whether the form cannot count because the claim is gone.
        more: what the page says of what was asked.
    """
    services, reader = services_of(request), reader_of(request)
    file, work = await asyncio.to_thread(work_of, services, case_id, reader, draft or Draft())
    facts = await standings(request, file.outcome) | law_of_case(request, file)
    facts |= await evidence_of(request, file.standing.contested or file.event.id)
    view = {"undone": False, **facts, **more}
    answer = page(request, "case.html", status=status, file=file, work=work, lost=lost, **view)
    if work.held is not None:
        answer.headers["Content-Security-Policy"] += _FILMS
    return answer
