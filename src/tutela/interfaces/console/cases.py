"""Pages of the cases. They show facts and reasons; pictures come with the review console."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get

from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.custody.panel import evidence_of
from tutela.interfaces.console.law import law_of_case
from tutela.interfaces.console.response.standings import standings
from tutela.interfaces.services import services_of

CASES_PER_PAGE = 50


@get("/cases", permission=Permission.CASES_READ)
async def list_cases(request: Request[Any, Any, Any]) -> Response[str]:
    """The cases, latest first."""
    services, after = services_of(request), request.query_params.get("after")
    found = await asyncio.to_thread(services.cases.list, after=after, limit=CASES_PER_PAGE + 1)
    counts = await asyncio.to_thread(services.counts.counts)
    files = found[:CASES_PER_PAGE]
    older = files[-1].case.id if len(found) > CASES_PER_PAGE else ""
    return page(
        request,
        "cases.html",
        files=files,
        older=older,
        after=after or "",
        open_cases=counts["cases_open"],
    )


@get("/cases/{case_id:str}", permission=Permission.CASES_READ)
async def show_case(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """One case with the facts and reasons behind it."""
    file = await asyncio.to_thread(services_of(request).cases.get, case_id)
    more = await standings(request, file.outcome) | law_of_case(request, file)
    more |= await evidence_of(request, file.event.id)
    return page(request, "case.html", file=file, **more)
