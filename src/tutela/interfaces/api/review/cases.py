"""`/v1/cases`: what a person must look at: searched, read with what led to it, and exported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.review.exporting import CaseFormat, cases_exported
from tutela.interfaces.review.searching import permitted, seen_by
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer, StreamAnswer, in_threads
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of, caller_of
from tutela.model.record import Record
from tutela.model.review.search import CaseQuery
from tutela.model.review.standing import CaseChange
from tutela.response.review.stacks import Stack, stacks
from tutela.storage.cases import COUNTED, CaseFile

After = Annotated[str, msgspec.Meta(max_length=128)] | None
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]


class CasesQuery(CaseQuery, frozen=True, kw_only=True, omit_defaults=True):
    """Which cases, in which order; and which page: at most `limit`, beyond the case `after`."""

    after: After = None
    limit: Limit = 50


class CasesPage(Record, frozen=True, kw_only=True):
    """A page of cases; `next` is the `after` of the next page, None on the last."""

    cases: Sequence[CaseFile]
    next: str | None


class CasesCount(Record, frozen=True, kw_only=True):
    """How many cases there are of a query; beyond 10,000 they are not counted.

    Attributes:
        count: how many, 10,000 where there are so many or more.
        more: whether there may be more than that.
    """

    count: int
    more: bool


class CasesExportQuery(CaseQuery, frozen=True, kw_only=True, omit_defaults=True):
    """Which cases, in which order, and in which format."""

    format: CaseFormat = CaseFormat.CSV


class PageQuery(Record, frozen=True, kw_only=True):
    """Which page: at most `limit`, beyond the case `after`."""

    after: After = None
    limit: Limit = 50


class StacksAnswer(Record, frozen=True, kw_only=True):
    """What a case holds: contents that look alike are one stack, the first stands for the rest."""

    stacks: Sequence[Stack]


class HistoryAnswer(Record, frozen=True, kw_only=True):
    """What changed in what stands in a case, and in where it stands; oldest first."""

    changes: Sequence[CaseChange]


@get(
    "/v1/cases",
    permission=Permission.CASES_READ,
    about=About(summary="Search cases", query=CasesQuery, gives=CasesPage),
)
async def list_cases(request: Request[Any, Any, Any]) -> ASGIApp:
    """List cases, latest first unless said otherwise, each with the event that opened it."""
    query = permitted(caller_of(request), read_query(request, CasesQuery))
    cases = services_of(request).cases
    return await _listed(
        request, lambda: cases.list(query, after=query.after, limit=query.limit), query.limit
    )


@get(
    "/v1/cases/count",
    permission=Permission.CASES_READ,
    about=About(summary="Count cases", query=CaseQuery, gives=CasesCount),
)
async def count_cases(request: Request[Any, Any, Any]) -> ASGIApp:
    """Count the cases of a query, up to 10,000."""
    query = permitted(caller_of(request), read_query(request, CaseQuery))
    count = await asyncio.to_thread(services_of(request).cases.count, query)
    return JsonAnswer(CasesCount(count=count, more=count == COUNTED))


@get(
    "/v1/cases/export",
    permission=Permission.CASES_EXPORT,
    about=About(
        summary="Export cases",
        query=CasesExportQuery,
        media_types=tuple(form.media_type for form in CaseFormat),
    ),
)
async def export_cases(request: Request[Any, Any, Any]) -> ASGIApp:
    """Export cases, any number of them, with pseudonyms for names.

    The audit log has it before the first byte. In CSV, a cell that a spreadsheet might carry out
    begins with an apostrophe.
    """
    query = permitted(caller_of(request), read_query(request, CasesExportQuery))
    form = query.format
    export = services_of(request).cases.export
    cases = await asyncio.to_thread(export, query, by=by_of(request), form=form.value)
    visit_of(request.scope).take_your_time()
    headers = ((b"content-disposition", b'attachment; filename="cases.%b"' % form.encode()),)
    return StreamAnswer(in_threads(cases_exported(cases, form)), form.media_type, headers)


@get(
    "/v1/cases/{case_id:str}",
    permission=Permission.CASES_READ,
    about=About(summary="Read one case", gives=CaseFile),
)
async def read_case(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Read a case with its event, the outcome that opened it, and where it stands."""
    services, caller = services_of(request), caller_of(request)

    def read() -> CaseFile:
        return seen_by(caller, [services.cases.get(case_id)], services.samples)[0]

    return JsonAnswer(await asyncio.to_thread(read))


@get(
    "/v1/cases/{case_id:str}/events",
    permission=Permission.CASES_READ,
    about=About(summary="List the events of a case", query=PageQuery, gives=CasesPage),
)
async def list_events(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """List the events of a case, oldest first, each as the case that it was opened as."""
    query, cases = read_query(request, PageQuery), services_of(request).cases
    return await _listed(
        request, lambda: cases.events(case_id, after=query.after, limit=query.limit), query.limit
    )


@get(
    "/v1/cases/{case_id:str}/stacks",
    permission=Permission.CASES_READ,
    about=About(summary="List what a case holds", gives=StacksAnswer),
)
async def list_stacks(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """List the contents of a case in stacks of what looks alike. Facts only, no content."""
    contents = await asyncio.to_thread(services_of(request).cases.contents, case_id)
    return JsonAnswer(StacksAnswer(stacks=await asyncio.to_thread(stacks, contents)))


@get(
    "/v1/cases/{case_id:str}/history",
    permission=Permission.CASES_READ,
    about=About(summary="Read how a case was gathered", gives=HistoryAnswer),
)
async def read_history(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Read what joined a case, was merged into it, split off or moved; and what was undone."""
    changes = await asyncio.to_thread(services_of(request).arranging.history, case_id)
    return JsonAnswer(HistoryAnswer(changes=changes))


async def _listed(
    request: Request[Any, Any, Any], find: Callable[[], Sequence[CaseFile]], limit: int
) -> ASGIApp:
    """A page of cases, each as whoever asks may see it."""
    samples, caller = services_of(request).samples, caller_of(request)
    found = await asyncio.to_thread(lambda: seen_by(caller, find(), samples))
    after = found[-1].case.id if len(found) == limit else None
    return JsonAnswer(CasesPage(cases=found, next=after))
