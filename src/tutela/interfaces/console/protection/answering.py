"""What a person's own page and the team's have in common: a form that changes, and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from litestar import Request, Response

from tutela.errors import TutelaError
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.protection.asking import asked
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.services import services_of
from tutela.interfaces.web.problems import document

ROWS = 100
"""So many readings of the ledger stand on a page."""

Change = Callable[[Mapping[str, str]], object]
Show = Callable[..., Awaitable[Response[str]]]


async def changed(
    request: Request[Any, Any, Any], change: Change, home: str, show: Show
) -> Response[str]:
    """Carry out what a form asks for, and lead back to its page; or show that again, with why not.

    Args:
        request: whoever asks.
        change: takes the fields of the form. Blocks.
        home: address of the page.
        show: shows it, with `status` and the `problem`.
    """
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        await asyncio.to_thread(change, fields)
    except TutelaError as error:
        return await show(request, status=document(error).status, problem=problem_of(error))
    return see_other(home)


async def ledger_page(
    request: Request[Any, Any, Any], home: str, account_id: str | None = None
) -> Response[str]:
    """The readings behind the numbers of a ledger: a person's, or everybody's without names."""
    wanted, ledger = asked(request.query_params), services_of(request).ledger
    rows = await asyncio.to_thread(
        ledger.rows,
        wanted.since,
        wanted.until,
        column=wanted.column,
        account_id=account_id,
        before=wanted.before,
        limit=ROWS,
    )
    more = len(rows) == ROWS
    return page(request, "protection/ledger.html", rows=rows, wanted=wanted, more=more, home=home)
