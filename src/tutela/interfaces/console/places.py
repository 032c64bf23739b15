"""The first page, the scoreboard, the static files, and what is nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from litestar import Request, Response, get

from tutela.errors import NotFound
from tutela.interfaces.access import Permission
from tutela.interfaces.board import board
from tutela.interfaces.console.answers import page, pages_of, see_other
from tutela.interfaces.console.pages import STATIC_TYPES
from tutela.interfaces.console.shell.navigation import home_of
from tutela.interfaces.console.sign_in import session_of
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import caller_of

LEADS: Mapping[str, tuple[str, Permission]] = MappingProxyType(
    {
        "banks": ("/console/banks", Permission.BANKS_READ),
        "cases_open": ("/console/cases?state=open", Permission.CASES_READ),
    }
)
"""Where the rows are of a count on the scoreboard. The others count what was ever done."""


@get("/", permission=Permission.PRINCIPLES_READ)
async def show_home(request: Request[Any, Any, Any]) -> Response[str]:
    """The first page that the viewer may see."""
    return see_other(home_of(session_of(request).role))


@get("/principles", permission=Permission.PRINCIPLES_READ)
async def show_principles(request: Request[Any, Any, Any]) -> Response[str]:
    """The scoreboard."""
    services = services_of(request)
    counts = await asyncio.to_thread(services.counts.counts)
    rows = board(services.settings, services.kinds, services.policy.now().live, counts)
    caller = caller_of(request)
    leads = {name: href for name, (href, needs) in LEADS.items() if caller.may(needs)}
    return page(request, "principles.html", rows=rows, leads=leads)


@get("/static/{name:str}", permission=Permission.PUBLIC)
async def show_static(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    """A static file, by the name that carries its digest."""
    body = pages_of(request).static.get(name)
    if body is None:
        raise NotFound("there is no such file")
    return Response(
        body,
        media_type=STATIC_TYPES[name.rpartition(".")[2]],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@get("/{rest:path}", permission=Permission.PUBLIC)
async def show_nothing(rest: str) -> Response[str]:
    """Answer an address that is none with a page instead of a document for programs."""
    del rest
    raise NotFound("there is no page at this address")
