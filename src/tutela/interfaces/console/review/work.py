"""Working at a case: claim it, decide it, undo that, pass it on, hand it back.

A form that cannot count is shown again with all that was filled in, and with what is the case now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from litestar import Request, Response, post
from msgspec import structs

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.review.case import case_page
from tutela.interfaces.console.review.choices import statement_of
from tutela.interfaces.console.review.draft import FORM_BYTES, Draft, draft_of
from tutela.interfaces.console.review.reader import reader_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.review.saying import check_said
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of
from tutela.interfaces.web.problems import document
from tutela.model.review.reading import Reading
from tutela.response.review.stacks import different
from tutela.storage.review.readings import NewReading
from tutela.storage.review.refusals import ClaimLost

Fields = Mapping[str, str]


@post("/cases/{case_id:str}/take", permission=Permission.REVIEW_WORK)
async def take(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Claim a certain case; what had been filled in comes along."""
    fields = await _fields(request)
    draft = draft_of(fields)
    services, reader = services_of(request), reader_of(request)

    def claim() -> None:
        account = account_of(request)
        services.gathering.gather()
        services.claims.take(case_id, account.id, settle=reader.settles, by=by_of(request))

    try:
        await asyncio.to_thread(claim)
    except TutelaError as error:
        return await _refused(request, case_id, error, draft)
    if draft != Draft():
        return await case_page(request, case_id, draft=draft)
    return see_other(f"/console/cases/{case_id}")


@post("/cases/{case_id:str}/renew", permission=Permission.REVIEW_WORK)
async def renew(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Hold a claim for longer, as an open page asks; answers with the line that says until when."""
    check_csrf(request, await read_fields(request))

    def more() -> datetime:
        return services_of(request).claims.renew(case_id, account_of(request).id)

    until = await asyncio.to_thread(more)
    lease = services_of(request).settings.review.lease_seconds
    return page(
        request,
        "review/lease.html",
        case_id=case_id,
        until=until,
        lease_seconds=lease,
        left=lease,
    )


@post("/cases/{case_id:str}/draft", permission=Permission.REVIEW_WORK)
async def draft_statement(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Draft the statement of reasons from what is chosen, in the policy's words; nothing counts."""
    draft = draft_of(await _fields(request))
    services = services_of(request)
    file = await asyncio.to_thread(services.cases.get, case_id)
    try:
        statement = statement_of(services.policy.now().live.review, file, draft)
    except TutelaError as error:
        return await _refused(request, case_id, error, draft)
    return await case_page(request, case_id, draft=structs.replace(draft, statement=statement))


@post("/cases/{case_id:str}/decide", permission=Permission.REVIEW_WORK)
async def decide(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Say what the case is."""
    fields = await _fields(request)
    draft = draft_of(fields)
    try:
        await asyncio.to_thread(_give, request, case_id, fields, draft)
    except TutelaError as error:
        return await _refused(request, case_id, error, draft)
    return see_other("/console/review")


@post("/cases/{case_id:str}/undo", permission=Permission.REVIEW_WORK)
async def undo(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Take a decision back that does not count yet; the case is claimed again, with its form."""
    fields = await _fields(request)
    try:
        reading = await asyncio.to_thread(_undo, request, _whole(fields, "reading"))
    except TutelaError as error:
        return await _refused(request, case_id, error, Draft())
    return see_other(f"/console/cases/{reading.case_id}?undone")


@post("/cases/{case_id:str}/pass", permission=Permission.REVIEW_WORK)
async def pass_on(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Leave the case to others for good; needs no reason."""
    return await _let_go(request, case_id, services_of(request).claims.pass_on)


@post("/cases/{case_id:str}/hand-back", permission=Permission.REVIEW_WORK)
async def hand_back(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Give the case back to its queue."""
    return await _let_go(request, case_id, services_of(request).claims.hand_back)


@post("/cases/{case_id:str}/release", permission=Permission.REVIEW_LEAD)
async def release(request: Request[Any, Any, Any], case_id: str) -> Response[str]:
    """Take somebody's claim back."""
    check_csrf(request, await read_fields(request))
    by = by_of(request)
    await asyncio.to_thread(services_of(request).claims.take_back, case_id, by=by)
    return see_other(f"/console/cases/{case_id}")


async def _let_go(
    request: Request[Any, Any, Any], case_id: str, letting_go: Callable[..., None]
) -> Response[str]:
    draft = draft_of(await _fields(request))

    def let_go() -> None:
        letting_go(case_id, account_of(request).id, by=by_of(request))

    try:
        await asyncio.to_thread(let_go)
    except TutelaError as error:
        return await _refused(request, case_id, error, draft)
    return see_other("/console/review")


async def _refused(
    request: Request[Any, Any, Any], case_id: str, error: TutelaError, draft: Draft
) -> Response[str]:
    """The case as it is now, with what was filled in, and why it does not count."""
    status, lost = document(error).status, isinstance(error, ClaimLost)
    return await case_page(
        request, case_id, status=status, draft=draft, problem=problem_of(error), lost=lost
    )


async def _fields(request: Request[Any, Any, Any]) -> dict[str, str]:
    fields = await read_fields(request, most=FORM_BYTES)
    check_csrf(request, fields)
    return fields


def _give(request: Request[Any, Any, Any], case_id: str, fields: Fields, draft: Draft) -> None:
    draft.check()
    services, account = services_of(request), account_of(request)
    scheme, category = draft.graded()
    new = NewReading(
        revision=_whole(fields, "revision"),
        outcome=draft.chosen(),
        category=category,
        scheme=scheme,
        reasons=draft.reasons,
        note=draft.note,
        statement=draft.statement,
        unseen=draft.unseen,
        stacks=different(services.cases, case_id),
    )
    claim, by = fields.get("claim", ""), by_of(request)
    check_said(services, case_id, new)
    services.readings.give(claim, new, account.id, by=by, case_id=case_id)


def _undo(request: Request[Any, Any, Any], reading_id: int) -> Reading:
    """Take a reading back, and claim its case again where nobody else was quicker. Blocks."""
    services, account, by = services_of(request), account_of(request), by_of(request)
    reading = services.readings.undo(reading_id, account.id, by=by)
    settle = reader_of(request).settles
    services.claims.take(reading.case_id, account.id, settle=settle, by=by)
    return reading


def _whole(fields: Fields, name: str) -> int:
    text = fields.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - fits 64 bits
        raise InvalidInput("the form is incomplete", where=name, remedy="open the case again")
    return int(text)
