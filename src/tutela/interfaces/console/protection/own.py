"""One's own protection: how content is shown, what the day has come to, what one never gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.protection.asking import asked, protection_in, queues_in
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.protecting import choose, own_protection, period
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import account_of, by_of, caller_of
from tutela.interfaces.web.problems import document
from tutela.model.review.ledger import LedgerCounts, LedgerRow
from tutela.model.review.protection import BLURS, SIZES, UNCOVERED, Exposure

PAGE = "/console/protection"
SHOWN = 1000
"""So many of the day's exposures are listed."""
ROWS = 100

Change = Callable[[Mapping[str, str]], object]


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

    return await _changed(request, change)


@post("/protection/recusals", permission=Permission.OWN_ACCOUNT)
async def set_recusals(request: Request[Any, Any, Any]) -> Response[str]:
    """Say which queues one never gets; no reason is asked for."""

    def change(fields: Mapping[str, str]) -> object:
        recusals, account = services_of(request).recusals, account_of(request)
        return recusals.set(account.id, queues_in(fields), by=by_of(request))

    return await _changed(request, change)


@get("/protection/ledger", permission=Permission.OWN_ACCOUNT)
async def show_ledger(request: Request[Any, Any, Any]) -> Response[str]:
    """The readings behind the numbers of one's own ledger."""
    wanted = asked(request.query_params)

    def read() -> Sequence[LedgerRow]:
        return services_of(request).ledger.rows(
            wanted.since,
            wanted.until,
            column=wanted.column,
            account_id=account_of(request).id,
            before=wanted.before,
            limit=ROWS,
        )

    rows = await asyncio.to_thread(read)
    more = len(rows) == ROWS
    return page(request, "protection/ledger.html", rows=rows, wanted=wanted, more=more, home=PAGE)


async def _changed(request: Request[Any, Any, Any], change: Change) -> Response[str]:
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        await asyncio.to_thread(change, fields)
    except TutelaError as error:
        return await _page(request, status=document(error).status, problem=problem_of(error))
    return see_other(PAGE)


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
