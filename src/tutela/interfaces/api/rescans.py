"""`/v1/rescans`: the past compared with grown lists, or decided about with other rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model import Rescan
from tutela.model.bank import BankName
from tutela.model.record import Record
from tutela.storage.events import EventFile
from tutela.storage.past.rescans import NewRescan

CURRENT = "current"
"""Names the policy in force."""

# A number within what a database can hold.
Number = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class RescanRequest(Record, frozen=True, kw_only=True):
    """A re-scan to start: of a bank, of a time range with all banks, or of a policy.

    Attributes:
        bank: compare every entry of this bank.
        since, until: only events received not before the one and before the other.
        policy: what would it have decided? `current`, or a version that was kept.
        record: with `policy`: store an event for each other decision.
    """

    bank: BankName | None = None
    since: Moment | None = None
    until: Moment | None = None
    policy: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    record: bool = False


class RescansQuery(Record, frozen=True, kw_only=True):
    """Which page: re-scans with numbers below `before`, at most `limit`."""

    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class RescansPage(Record, frozen=True, kw_only=True):
    """A page of re-scans, latest first; `next` is the `before` of the next page, or None."""

    rescans: Sequence[Rescan]
    next: int | None


class FindingsQuery(Record, frozen=True, kw_only=True):
    """Which page: findings younger than the event `after`, at most `limit`."""

    after: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class FindingsPage(Record, frozen=True, kw_only=True):
    """A page of findings, oldest first; `next` is the `after` of the next page, or None."""

    findings: Sequence[EventFile]
    next: str | None


_REQUEST = msgspec.json.Decoder(RescanRequest)


@get(
    "/v1/rescans",
    permission=Permission.RESCANS_READ,
    about=About(summary="List the re-scans", query=RescansQuery, gives=RescansPage),
)
async def list_rescans(request: Request[Any, Any, Any]) -> ASGIApp:
    """List re-scans, latest first, each with its progress and its counts."""
    page = read_query(request, RescansQuery)
    found = await asyncio.to_thread(
        services_of(request).rescans.list, before=page.before, limit=page.limit
    )
    last = found[-1].id if len(found) == page.limit else None
    return JsonAnswer(RescansPage(rescans=found, next=last))


@post(
    "/v1/rescans",
    permission=Permission.RESCANS_CHANGE,
    about=About(summary="Start a re-scan", takes=RescanRequest, gives=Rescan, status=201),
)
async def start_rescan(request: Request[Any, Any, Any]) -> ASGIApp:
    """Queue a re-scan; a process in the background works on it.

    What lists gain is compared with the past without being asked for. A re-scan of a policy
    changes nothing and creates no event, unless `record` says so.
    """
    services = services_of(request)
    wanted = await read_json(request, _REQUEST)
    asked = await asyncio.to_thread(ask, services, wanted, by_of(request))
    return JsonAnswer(asked, status=201)


@get(
    "/v1/rescans/{number:int}",
    permission=Permission.RESCANS_READ,
    about=About(summary="Read one re-scan", gives=Rescan),
)
async def read_rescan(request: Request[Any, Any, Any], number: FromPath[int]) -> ASGIApp:
    """Read where a re-scan stands, and what came of it so far."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).rescans.get, _held(number)))


@get(
    "/v1/rescans/{number:int}/findings",
    permission=Permission.CASES_READ,
    about=About(summary="List the findings of a re-scan", query=FindingsQuery, gives=FindingsPage),
)
async def list_findings(request: Request[Any, Any, Any], number: FromPath[int]) -> ASGIApp:
    """List what a re-scan found, oldest first: events of their own, each with its origin."""
    page = read_query(request, FindingsQuery)
    found = await asyncio.to_thread(
        services_of(request).rescans.findings, _held(number), after=page.after, limit=page.limit
    )
    last = found[-1].event.id if len(found) == page.limit else None
    return JsonAnswer(FindingsPage(findings=found, next=last))


@post(
    "/v1/rescans/{number:int}/pause",
    status_code=200,
    permission=Permission.RESCANS_CHANGE,
    about=About(summary="Pause a re-scan", gives=Rescan),
)
async def pause_rescan(request: Request[Any, Any, Any], number: FromPath[int]) -> ASGIApp:
    """Stop a re-scan for now."""
    return await _turn(request, services_of(request).rescans.pause, number)


@post(
    "/v1/rescans/{number:int}/resume",
    status_code=200,
    permission=Permission.RESCANS_CHANGE,
    about=About(summary="Resume a re-scan", gives=Rescan),
)
async def resume_rescan(request: Request[Any, Any, Any], number: FromPath[int]) -> ASGIApp:
    """Let a paused or failed re-scan go on where it stood."""
    return await _turn(request, services_of(request).rescans.resume, number)


@post(
    "/v1/rescans/{number:int}/cancel",
    status_code=200,
    permission=Permission.RESCANS_CHANGE,
    about=About(summary="Cancel a re-scan", gives=Rescan),
)
async def cancel_rescan(request: Request[Any, Any, Any], number: FromPath[int]) -> ASGIApp:
    """End a re-scan; what it found stays."""
    return await _turn(request, services_of(request).rescans.cancel, number)


def ask(services: Services, wanted: RescanRequest, by: str) -> Rescan:
    """Queue what was asked for. Blocks.

    Raises:
        NotFound: no such policy version is kept.
        TutelaError: as for `Rescans.ask`.
    """
    text = version = ""
    if wanted.policy is not None:
        live = services.policy.now().live.version
        version = live if wanted.policy == CURRENT else wanted.policy
        text = services.versions.policies.text(version)
    new = NewRescan(
        bank=wanted.bank,
        since=wanted.since,
        until=wanted.until,
        policy=text,
        policy_version=version,
        record=wanted.record,
    )
    return services.rescans.ask(new, by)


async def _turn(
    request: Request[Any, Any, Any], act: Callable[..., Rescan], number: int
) -> ASGIApp:
    return JsonAnswer(await asyncio.to_thread(act, _held(number), by=by_of(request)))


def _held(number: int) -> int:
    """A number that a database can hold: any other is none of a re-scan."""
    return min(max(number, 0), 2**62)
