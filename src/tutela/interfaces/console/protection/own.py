"""One's own protection: how content is shown, what the day has come to, what one never gets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post

from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.protection.answering import changed, ledger_page
from tutela.interfaces.console.protection.asking import protection_in, queues_in
from tutela.interfaces.protecting import choose, own_protection, period
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of, caller_of
from tutela.model.review.ledger import LedgerCounts
from tutela.model.review.protection import BLURS, SIZES, UNCOVERED, Exposure

PAGE = "/console/protection"
SHOWN = 1000
"""So many of the day's exposures are listed."""


@get("/protection", permission=Permission.OWN_ACCOUNT)
async def show_protection(request: Request[Any, Any, Any]) -> Response[str]:
    """Show how content is shown to oneself, and what the day has come to."""
    return await _page(request)


@post("/protection", permission=Permission.OWN_ACCOUNT)
async def choose_protection(request: Request[Any, Any, Any]) -> Response[str]:
    """Choose how content is shown to oneself."""

    def change(fields: Mapping[str, str]) -> object:
        wanted = protection_in(fields)
        return choose(services_of(request), account_of(request), wanted, by_of(request))

    return await changed(request, change, PAGE, _page)


@post("/protection/recusals", permission=Permission.OWN_ACCOUNT)
async def set_recusals(request: Request[Any, Any, Any]) -> Response[str]:
    """Say which queues one never gets; no reason is asked for."""

    def change(fields: Mapping[str, str]) -> object:
        recusals, account = services_of(request).recusals, account_of(request)
        return recusals.set(account.id, queues_in(fields), by=by_of(request))

    return await changed(request, change, PAGE, _page)


@get("/protection/ledger", permission=Permission.OWN_ACCOUNT)
async def show_ledger(request: Request[Any, Any, Any]) -> Response[str]:
    """The readings behind the numbers of one's own ledger."""
    account = await asyncio.to_thread(account_of, request)
    return await ledger_page(request, PAGE, account.id)


async def _page(
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page says of what was asked
) -> Response[str]:
    if not caller_of(request).account:
        return page(request, "access/nobody.html")
    only = request.query_params.get("only", "")

    def read() -> dict[str, Any]:
        services, account = services_of(request), account_of(request)
        own = own_protection(services, account)
        since, until = period(None, None)
        ledger: LedgerCounts = services.ledger.counts(since, until, account.id)
        seen = services.exposures.of_day(account.id, own.day.day, SHOWN)
        return {
            "own": own,
            "ledger": ledger,
            "seen": [one for one in seen if _is(one, only)],
            "queues": services.queues.list(),
        }

    facts = await asyncio.to_thread(read)
    view = {"blurs": BLURS, "sizes": SIZES, "home": PAGE, **facts, **more}
    return page(request, "protection/own.html", status=status, **view)


def _is(one: Exposure, only: str) -> bool:
    match only:
        case "covered":
            return one.kind not in UNCOVERED
        case "uncovered":
            return one.kind in UNCOVERED
        case "severe":
            return one.kind in UNCOVERED and one.severe
        case _:
            return True
