"""Searching cases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.types import ASGIApp

from tutela.errors import InvalidInput, NotAllowed
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.review.asking import address, asked, fields_of
from tutela.interfaces.console.review.reader import reader_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.language import zone_of
from tutela.interfaces.review.exporting import CaseFormat, cases_exported
from tutela.interfaces.review.searching import permitted, seen_by
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import StreamAnswer, in_threads
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of, caller_of
from tutela.interfaces.web.problems import document
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
        query = permitted(caller_of(request), asked(given, zone_of(request)))
    except (InvalidInput, NotAllowed) as error:
        status, problem = document(error).status, problem_of(error)
        query = CaseQuery()
    services, reader = services_of(request), reader_of(request)
    found = (
        []
        if problem
        else await asyncio.to_thread(
            services.cases.list, query, after=after, limit=CASES_PER_PAGE + 1
        )
    )
    count = 0 if problem else await asyncio.to_thread(services.cases.count, query)
    queues = await asyncio.to_thread(services.queues.list)
    files = await asyncio.to_thread(
        seen_by, caller_of(request), found[:CASES_PER_PAGE], services.samples
    )
    older = files[-1].case.id if len(found) > CASES_PER_PAGE else ""
    return page(
        request,
        "review/search.html",
        status=status,
        problem=problem,
        files=files,
        count=count,
        fields=given,
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
        reader=reader,
        by_readings=reader.leads or not reader.works,
        may_export=caller_of(request).may(Permission.CASES_EXPORT),
    )


@post("/cases/export", permission=Permission.CASES_EXPORT)
async def export_cases(request: Request[Any, Any, Any]) -> ASGIApp:
    """Hand out every case of a search as a file. The audit log has it before the first byte."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    query = permitted(caller_of(request), asked(fields, zone_of(request)))
    wanted = fields.get("form", "")
    form = CaseFormat(wanted) if wanted in set(CaseFormat) else CaseFormat.CSV
    export = services_of(request).cases.export
    cases = await asyncio.to_thread(export, query, by=by_of(request), form=form.value)
    visit_of(request.scope).take_your_time()
    headers = ((b"content-disposition", b'attachment; filename="cases.%b"' % form.encode()),)
    return StreamAnswer(in_threads(cases_exported(cases, form)), form.media_type, headers)
