"""The page of one entry: what the list says of it, and its distance."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.entries import EntryChange, change
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.defence import whole
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import by_of
from tutela.model.bank import DISTANCE, Entry

PER_PAGE = 100
GREATEST = 2**62


@get("/banks/{name:str}/entries", permission=Permission.ENTRIES_READ)
async def list_entries(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """The entries of a bank, without their signals."""
    services = services_of(request)
    asked = request.query_params.get("after", "")
    after = min(int(asked), GREATEST) if asked.isascii() and asked.isdigit() else 0
    bank = await asyncio.to_thread(services.banks.get, name)
    found = await asyncio.to_thread(services.entries.rows, bank.id, after=after, limit=PER_PAGE + 1)
    return page(
        request,
        "entries.html",
        bank=bank,
        entries=[(one, kinds_of(one)) for one in found[:PER_PAGE]],
        after=after,
        more=found[PER_PAGE - 1].id if len(found) > PER_PAGE else 0,
    )


@get("/entries/{entry_id:int}", permission=Permission.ENTRIES_READ)
async def show_entry(request: Request[Any, Any, Any], entry_id: int) -> Response[str]:
    """One entry, without its signals."""
    return await _entry_page(request, entry_id)


@post("/entries/{entry_id:int}/distance", permission=Permission.ENTRIES_CHANGE)
async def set_entry_distance(request: Request[Any, Any, Any], entry_id: int) -> Response[str]:
    """Give an entry a distance of its own, or let it follow its bank again."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    text = fields.get("distance", "").strip()
    try:
        distance = whole(text, "distance", DISTANCE) if text else None
    except InvalidInput as error:
        problem = Problem(text=error.what, remedy=later("leave it empty to follow the bank"))
        return await _entry_page(request, entry_id, status=400, problem=problem)
    services = services_of(request)
    wanted = EntryChange(distance=distance)
    await asyncio.to_thread(change, services, entry_id, wanted, by=by_of(request))
    return see_other(f"/console/entries/{entry_id}")


def kinds_of(entry: Entry) -> list[str]:
    """The kinds of signals that an entry has."""
    return sorted({signal.kind for signal in entry.signals})


async def _entry_page(
    request: Request[Any, Any, Any],
    entry_id: int,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response[str]:
    services = services_of(request)
    entry = await asyncio.to_thread(services.entries.get, entry_id)
    banks = await asyncio.to_thread(services.banks.list)
    return page(
        request,
        "entry.html",
        status=status,
        problem=problem,
        entry=entry,
        bank=next(bank for bank in banks if bank.id == entry.bank_id),
        kinds=kinds_of(entry),
        may_change=may(session_of(request).role, Permission.ENTRIES_CHANGE),
    )
