"""Searching cases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.review.asking import address, asked, fields_of
from tutela.interfaces.console.review.reader import reader_of
from tutela.interfaces.services import services_of
from tutela.model import CaseState, Severity
from tutela.model.response.case import CaseKind
from tutela.model.review.reading import ReviewOutcome
from tutela.model.review.search import CaseOrder, CaseQuery

CASES_PER_PAGE = 50
SHOWN = ("text", "queue", "state", "waiting", "order")
"""Fields that are always in sight; the others unfold."""


@get("/cases", permission=Permission.CASES_READ)
async def list_cases(request: Request[Any, Any, Any]) -> Response[str]:
    """Cases that are searched for, latest first unless another order is asked for."""
    given, after = dict(request.query_params.items()), request.query_params.get("after") or None
    status, problem, query = 200, None, CaseQuery()
    try:
        query = asked(given)
    except InvalidInput as error:
        status, problem = 400, problem_of(error)
    services = services_of(request)
    found = (
        []
        if problem
        else await asyncio.to_thread(
            services.cases.list, query, after=after, limit=CASES_PER_PAGE + 1
        )
    )
    count = 0 if problem else await asyncio.to_thread(services.cases.count, query)
    queues = await asyncio.to_thread(services.queues.list)
    files = found[:CASES_PER_PAGE]
    older = files[-1].case.id if len(found) > CASES_PER_PAGE else ""
    return page(
        request,
        "review/search.html",
        status=status,
        problem=problem,
        files=files,
        count=count,
        fields=given if problem else fields_of(query),
        exported=fields_of(query),
        folded=set(fields_of(query)) <= set(SHOWN),
        older=address(query, after=older) if older else "",
        latest=address(query) if after else "",
        queues=[one.name for one in queues],
        states=tuple(CaseState),
        outcomes=tuple(ReviewOutcome),
        severities=tuple(Severity),
        kinds=tuple(CaseKind),
        orders=tuple(CaseOrder),
        now=datetime.now(UTC),
        reader=reader_of(request),
        may_export=False,
    )
