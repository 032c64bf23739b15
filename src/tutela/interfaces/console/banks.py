"""Pages of the banks: their list, their settings, and the form that imports a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.defence import whole
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import Translator, translator_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.bodies import Spool, disk_file
from tutela.interfaces.web.forms import read_form
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of
from tutela.lists.importers import BankFileError, open_bank_file
from tutela.model.bank import DISTANCE


@get("/banks", permission=Permission.BANKS_READ)
async def list_banks(request: Request[Any, Any, Any]) -> Response[str]:
    """The banks, by name."""
    return await _banks_page(request)


@post("/banks", permission=Permission.BANKS_CHANGE)
async def create_bank(request: Request[Any, Any, Any]) -> Response[str]:
    """Create an empty bank."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        name = await asyncio.to_thread(_create, services_of(request), fields, by_of(request))
    except TutelaError as error:
        return await _banks_page(request, status=400, problem=_problem(error))
    return see_other(f"/console/banks/{name}")


@get("/banks/{name:str}", permission=Permission.BANKS_READ)
async def show_bank(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """One bank."""
    return await _bank_page(request, name)


@post("/banks/{name:str}/distance", permission=Permission.BANKS_CHANGE)
async def set_distance(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Set the distance of a bank."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        await _change(request, name, distance=_distance(fields))
    except InvalidInput as error:
        return await _bank_page(request, name, status=400, problem=_problem(error))
    return see_other(f"/console/banks/{name}")


@post("/banks/{name:str}/enable", permission=Permission.BANKS_CHANGE)
async def enable_bank(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Let a bank match again."""
    check_csrf(request, await read_fields(request))
    await _change(request, name, enabled=True)
    return see_other(f"/console/banks/{name}")


@post("/banks/{name:str}/disable", permission=Permission.BANKS_CHANGE)
async def disable_bank(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Keep a bank from matching."""
    check_csrf(request, await read_fields(request))
    await _change(request, name, enabled=False)
    return see_other(f"/console/banks/{name}")


@post("/banks/{name:str}/import", permission=Permission.ENTRIES_CHANGE)
async def import_file(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Import a bank file: all of it or, where rows are bad, nothing and their lines."""
    services = services_of(request)
    await asyncio.to_thread(services.banks.get, name)
    with Spool(disk_file(Path(services.settings.data.folder))) as spool:
        fields = await read_form(request, spool, file_field="file")
        check_csrf(request, fields)
        visit_of(request.scope).take_your_time()
        try:
            kind, by = fields.get("kind"), by_of(request)
            added, left = await asyncio.to_thread(_import, services, name, spool, kind, by)
        except InvalidInput as error:
            return await _bank_page(request, name, status=422, problem=_problem(error))
    return await _bank_page(request, name, note=_imported(added, left, translator_of(request)))


def _import(
    services: Services, name: str, spool: Spool, kind: str | None, by: str
) -> tuple[int, Mapping[str, int]]:
    """Import; how many entries were added, and how many left out and why. Blocks."""
    file = open_bank_file(
        spool.stream(), services.kinds, name="the bank file", default_kind=kind or None
    )
    result = services.entries.add(name, file, by=by, file=file.sha256())
    services.sync.refresh()
    return result.added, file.left_out


def _imported(added: int, left: Mapping[str, int], texts: Translator) -> str:
    """What an import did, in words."""
    said = [
        texts.ngettext("%(number)s entry was added.", "%(number)s entries were added.", added)
        % {"number": texts.amount(added)}
    ]
    for why, count in left.items():
        words = {"number": texts.amount(count), "why": texts.gettext(why)}
        said.append(texts.gettext("%(number)s left out: %(why)s.") % words)
    return " ".join(said)


def _create(services: Services, fields: Mapping[str, str], by: str) -> str:
    bank = services.banks.create(
        fields.get("name", ""),
        source=fields.get("source", ""),
        distance=_distance(fields) if fields.get("distance", "").strip() else None,
        trusted="trusted" in fields,
        allow="allow" in fields,
        drill="drill" in fields,
        by=by,
    )
    services.sync.refresh()
    return bank.name


async def _change(
    request: Request[Any, Any, Any],
    name: str,
    **wanted: Any,  # noqa: ANN401 - as given
) -> None:
    services, by = services_of(request), by_of(request)

    def change() -> None:
        services.banks.change(name, **wanted, by=by)
        services.sync.refresh()

    await asyncio.to_thread(change)


def _distance(fields: Mapping[str, str]) -> int:
    return whole(fields.get("distance", ""), "distance", DISTANCE)


def _problem(error: TutelaError) -> Problem:
    rows = error.problems if isinstance(error, BankFileError) else ()
    return Problem(text=error.what, remedy=error.remedy, rows=tuple(str(row) for row in rows))


async def _banks_page(
    request: Request[Any, Any, Any], *, status: int = 200, problem: Problem | None = None
) -> Response[str]:
    banks = await asyncio.to_thread(services_of(request).banks.list)
    role = session_of(request).role
    return page(
        request,
        "banks.html",
        status=status,
        problem=problem,
        banks=banks,
        may_change=may(role, Permission.BANKS_CHANGE),
        may_open=may(role, Permission.ENTRIES_READ),
    )


async def _bank_page(
    request: Request[Any, Any, Any],
    name: str,
    *,
    status: int = 200,
    note: str = "",
    problem: Problem | None = None,
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    bank = await asyncio.to_thread(services.banks.get, name)
    return page(
        request,
        "bank.html",
        status=status,
        note=note,
        problem=problem,
        bank=bank,
        kinds=services.kinds.names,
        may_change=may(role, Permission.BANKS_CHANGE),
        may_open=may(role, Permission.ENTRIES_READ),
        may_import=may(role, Permission.ENTRIES_CHANGE),
        may_preview=may(role, Permission.DEFENCE_READ),
    )
