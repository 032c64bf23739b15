"""Pages of the defence against false matches: what is parked, what was silenced, previews."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.defence import (
    DAYS,
    Choice,
    ParkingDocument,
    decide,
    previewed,
    within,
)
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import by_of
from tutela.model.bank import DISTANCE
from tutela.storage.defence.period import MOST_DAYS
from tutela.storage.defence.suppressions import suppressions

DECIDED = 20
"""Decisions that are shown, the latest first."""
REFUSED = frozenset(
    {
        later("the distance is a whole number up to 31"),
        later("the number of days is a whole number up to 3,650"),
        later("the number of hours is a whole number up to 720"),
        later("the number of seconds is a whole number up to 86,400"),
    }
)
"""What `whole` says to the forms of these pages, for the catalogs to know."""


@get("/defence", permission=Permission.DEFENCE_READ)
async def show_defence(request: Request[Any, Any, Any]) -> Response[str]:
    """Parked entries, and what was silenced in the last days."""
    return await _defence_page(request)


@post("/parkings/{parking_id:int}/decision", permission=Permission.DEFENCE_DECIDE)
async def decide_parking(request: Request[Any, Any, Any], parking_id: int) -> Response[str]:
    """Release, tighten or disable a parked entry."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    by, services = by_of(request), services_of(request)
    try:
        wanted = _wanted(fields)
        await asyncio.to_thread(decide, services, within(parking_id), wanted, by=by)
    except TutelaError as error:
        return await _defence_page(request, status=400, problem=_problem(error))
    return see_other("/console/defence")


@get("/banks/{name:str}/preview", permission=Permission.DEFENCE_READ)
async def show_preview(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """What a bank would lose at a smaller distance."""
    services, query = services_of(request), request.query_params
    try:
        bank = await asyncio.to_thread(services.banks.get, name)
        distance = whole(query.get("distance", str(bank.distance)), "distance", DISTANCE)
        days = whole(query.get("days", str(DAYS)), "number of days", MOST_DAYS)
        found = await asyncio.to_thread(previewed, services, name, distance=distance, days=days)
    except InvalidInput as error:
        view: Mapping[str, Any] = {"preview": None, "problem": _problem(error), "name": name}
        return page(request, "preview.html", status=400, may_change=False, may_see=False, **view)
    role = session_of(request).role
    return page(
        request,
        "preview.html",
        name=name,
        preview=found,
        may_change=may(role, Permission.BANKS_CHANGE),
        may_see=may(role, Permission.CASES_READ),
    )


def whole(text: str, what: str, greatest: int) -> int:
    """A whole number as a form carries it.

    Raises:
        InvalidInput: it is none, or too great.
    """
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or int(digits[:9]) > greatest:
        raise InvalidInput(f"the {what} is a whole number up to {greatest:,}")
    return int(digits)


def _wanted(fields: Mapping[str, str]) -> ParkingDocument:
    try:
        choice = Choice(fields.get("choice", ""))
    except ValueError:
        raise InvalidInput("choose whether to release, tighten or disable the entry") from None
    tightens = choice is Choice.TIGHTEN
    distance = whole(fields.get("distance", ""), "distance", DISTANCE) if tightens else None
    return ParkingDocument(choice=choice, distance=distance, note=fields.get("note", "").strip())


def _problem(error: TutelaError) -> Problem:
    return Problem(text=error.what, remedy=error.remedy)


async def _defence_page(
    request: Request[Any, Any, Any], *, status: int = 200, problem: Problem | None = None
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    try:
        days = whole(request.query_params.get("days", str(DAYS)), "number of days", MOST_DAYS)
        counted = await asyncio.to_thread(suppressions, services.database, days=days)
    except InvalidInput as error:
        status, problem = 400, _problem(error)
        counted = await asyncio.to_thread(suppressions, services.database, days=DAYS)
    return page(
        request,
        "defence.html",
        status=status,
        problem=problem,
        parkings=await asyncio.to_thread(services.parkings.list),
        decided=await asyncio.to_thread(services.parkings.list, decided=True, limit=DECIDED),
        counted=counted,
        watching=services.settings.flood.enabled,
        allowed=services.settings.flood.contents_per_hour,
        may_decide=may(role, Permission.DEFENCE_DECIDE),
        may_see=may(role, Permission.CASES_READ),
        may_open=may(role, Permission.ENTRIES_READ),
    )
