"""The page of one event: what was decided, and what was found in it later."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get

from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.response.standings import standings
from tutela.interfaces.services import services_of


@get("/events/{event_id:str}", permission=Permission.CASES_READ)
async def show_event(request: Request[Any, Any, Any], event_id: str) -> Response[str]:
    """One event with its decision, what re-scans have found in it since, and who contests it."""
    services = services_of(request)
    file = await asyncio.to_thread(services.events.get, event_id)
    later = await asyncio.to_thread(services.rescans.later, event_id)
    appeals = [one.file for one in await asyncio.to_thread(services.appeals.about, event_id)]
    kept = sum(len(content.signals) for content in file.event.contents)
    stands = await standings(request, file.outcome)
    more: dict[str, Any] = {"later": later, "appeals": appeals, "kept": kept}
    return page(request, "event.html", file=file, **more, **stands)
