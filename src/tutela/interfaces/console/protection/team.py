"""The team: who is on a pause, what may be lifted, the floor, and the ledger of everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post

from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.protection.answering import changed, ledger_page
from tutela.interfaces.console.protection.asking import floor_in, lift_in
from tutela.interfaces.protecting import period, team
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import by_of, caller_of
from tutela.model.review.protection import BLURS, SIZES

PAGE = "/console/team"


@get("/team", permission=Permission.REVIEW_LEAD)
async def show_team(request: Request[Any, Any, Any]) -> Response[str]:
    """Everybody who reads cases, by pseudonym, with what their day has come to."""
    return await _page(request)


@post("/team/{account_id:str}/lift", permission=Permission.REVIEW_LEAD)
async def lift(request: Request[Any, Any, Any], account_id: str) -> Response[str]:
    """End a person's pause, or let the day hold more, for a reason."""

    def change(fields: Mapping[str, str]) -> object:
        lifts = services_of(request).lifts
        return lifts.lift(account_id, lift_in(fields), by=by_of(request))

    return await changed(request, change, PAGE, _page)


@post("/team/floor", permission=Permission.PROTECTION_CHANGE)
async def set_floor(request: Request[Any, Any, Any]) -> Response[str]:
    """Set the weakest protection that anybody may choose."""

    def change(fields: Mapping[str, str]) -> object:
        return services_of(request).floor.set(floor_in(fields), by=by_of(request))

    return await changed(request, change, PAGE, _page)


@get("/team/ledger", permission=Permission.REVIEW_LEAD)
async def show_ledger(request: Request[Any, Any, Any]) -> Response[str]:
    """The readings behind the numbers of the ledger; not whose they are."""
    return await ledger_page(request, PAGE)


async def _page(
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page says of what was asked
) -> Response[str]:
    def read() -> dict[str, Any]:
        services = services_of(request)
        since, until = period(None, None)
        return {
            "people": team(services),
            "lifts": services.lifts.list(limit=20),
            "names": {one.id: one.pseudonym for one in services.accounts.list()},
            "floor": services.floor.get(),
            "ledger": services.ledger.counts(since, until),
        }

    view = {**await asyncio.to_thread(read), **more}
    return page(
        request,
        "protection/team.html",
        status=status,
        blurs=BLURS,
        sizes=SIZES,
        home=PAGE,
        sets_floor=caller_of(request).may(Permission.PROTECTION_CHANGE),
        **view,
    )
