"""`/v1/cases`: what a person must look at, with the facts and reasons. Read only, for now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model import CaseState
from tutela.model.record import Record
from tutela.model.review.search import CaseQuery
from tutela.storage.cases import CaseFile


class CasesQuery(Record, frozen=True, kw_only=True):
    """Which page: cases older than the case `after`, at most `limit`, in one state or in all."""

    after: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    state: CaseState | None = None


class CasesPage(Record, frozen=True, kw_only=True):
    """A page of cases, latest first; `next` is the `after` of the next page, None on the last."""

    cases: Sequence[CaseFile]
    next: str | None


@get(
    "/v1/cases",
    permission=Permission.CASES_READ,
    about=About(summary="List cases", query=CasesQuery, gives=CasesPage),
)
async def list_cases(request: Request[Any, Any, Any]) -> ASGIApp:
    """List cases, latest first, each with its event and the outcome that opened it."""
    page = read_query(request, CasesQuery)
    found = await asyncio.to_thread(
        services_of(request).cases.list,
        CaseQuery(state=page.state, gathered=None if page.state else False),
        after=page.after,
        limit=page.limit,
    )
    last = found[-1].case.id if len(found) == page.limit else None
    return JsonAnswer(CasesPage(cases=found, next=last))


@get(
    "/v1/cases/{case_id:str}",
    permission=Permission.CASES_READ,
    about=About(summary="Read one case", gives=CaseFile),
)
async def read_case(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Read a case with its event and the outcome that opened it."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).cases.get, case_id))
