"""Pages of the re-scans: their list, the forms that start one, and how each goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.rescans import RescanRequest, ask
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import moment_in, zone_of
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import by_of
from tutela.model import Rescan, RescanState

PER_PAGE = 50
GREATEST = 2**31


@get("/rescans", permission=Permission.RESCANS_READ)
async def list_rescans(request: Request[Any, Any, Any]) -> Response[str]:
    """The re-scans, latest first, and the forms that start one."""
    return await _list_page(request)


@post("/rescans", permission=Permission.RESCANS_CHANGE)
async def start_rescan(request: Request[Any, Any, Any]) -> Response[str]:
    """Start a re-scan of a bank, a time range or a policy."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        wanted = _wanted(fields, zone_of(request))
        asked = await asyncio.to_thread(ask, services_of(request), wanted, by_of(request))
    except TutelaError as error:
        return await _list_page(request, status=400, problem=problem_of(error))
    return see_other(f"/console/rescans/{asked.id}")


@get("/rescans/{number:int}", permission=Permission.RESCANS_READ)
async def show_rescan(request: Request[Any, Any, Any], number: int) -> Response[str]:
    """One re-scan: where it stands, its counts, and what it found."""
    services, role = services_of(request), session_of(request).role
    number, after = min(max(number, 0), GREATEST), request.query_params.get("after")
    found = await asyncio.to_thread(services.rescans.get, number)
    may_see = may(role, Permission.CASES_READ)
    files = (
        await asyncio.to_thread(services.rescans.findings, number, after=after, limit=PER_PAGE + 1)
        if may_see
        else ()
    )
    return page(
        request,
        "rescan.html",
        rescan=found,
        files=files[:PER_PAGE],
        more=files[PER_PAGE - 1].event.id if len(files) > PER_PAGE else "",
        after=after or "",
        may_see=may_see,
        may_change=may(role, Permission.RESCANS_CHANGE),
        going_on=_going_on(found),
        ended=found.state.ended,
    )


@post("/rescans/{number:int}/pause", permission=Permission.RESCANS_CHANGE)
async def pause_rescan(request: Request[Any, Any, Any], number: int) -> Response[str]:
    """Stop a re-scan for now."""
    return await _act(request, services_of(request).rescans.pause, number)


@post("/rescans/{number:int}/resume", permission=Permission.RESCANS_CHANGE)
async def resume_rescan(request: Request[Any, Any, Any], number: int) -> Response[str]:
    """Let a re-scan go on."""
    return await _act(request, services_of(request).rescans.resume, number)


@post("/rescans/{number:int}/cancel", permission=Permission.RESCANS_CHANGE)
async def cancel_rescan(request: Request[Any, Any, Any], number: int) -> Response[str]:
    """End a re-scan."""
    return await _act(request, services_of(request).rescans.cancel, number)


async def _act(
    request: Request[Any, Any, Any], act: Callable[..., Rescan], number: int
) -> Response[str]:
    check_csrf(request, await read_fields(request))
    number = min(max(number, 0), GREATEST)
    await asyncio.to_thread(act, number, by=by_of(request))
    return see_other(f"/console/rescans/{number}")


async def _list_page(
    request: Request[Any, Any, Any], *, status: int = 200, problem: Problem | None = None
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    before = _number(request.query_params.get("before"))
    found = await asyncio.to_thread(services.rescans.list, before=before, limit=PER_PAGE + 1)
    banks = await asyncio.to_thread(services.banks.list)
    kept = await asyncio.to_thread(services.versions.policies.list)
    live = services.policy.now().live.version
    rescans = found[:PER_PAGE]
    return page(
        request,
        "rescans.html",
        status=status,
        problem=problem,
        rescans=rescans,
        older=rescans[-1].id if len(found) > PER_PAGE else "",
        before=before or "",
        banks=[bank for bank in banks if not bank.allow],
        versions=[one.version for one in kept if one.version != live],
        current=live,
        may_change=may(role, Permission.RESCANS_CHANGE),
        may_see=may(role, Permission.CASES_READ),
        going_on=any(map(_going_on, rescans)),
    )


def _going_on(rescan: Rescan) -> bool:
    """Whether the page will show something else in a moment."""
    return not rescan.state.ended and rescan.state is not RescanState.PAUSED


def _wanted(fields: Mapping[str, str], zone: ZoneInfo) -> RescanRequest:
    return RescanRequest(
        bank=fields.get("bank") or None,
        since=_moment(fields.get("since", ""), "from", zone),
        until=_moment(fields.get("until", ""), "until", zone),
        policy=fields.get("policy") or None,
        record="record" in fields,
    )


def _moment(text: str, where: str, zone: ZoneInfo) -> datetime | None:
    """A point in time from a form, which is by the reader's clock."""
    if not text:
        return None
    try:
        return moment_in(text, zone)
    except ValueError:
        raise InvalidInput(f"the time in “{where}” cannot be read") from None


def _number(text: str | None) -> int | None:
    if not text or not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:12]), GREATEST)
