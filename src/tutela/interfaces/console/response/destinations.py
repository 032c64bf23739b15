"""Pages of the destinations: where actions are sent, their secrets shown once, and a test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.response import destinations as api
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.defence import whole
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import by_of
from tutela.model import ActionKind
from tutela.response.destinations import (
    CONFIRM_SECONDS,
    OVERLAP_HOURS,
    DestinationChange,
    NewDestination,
    Rotation,
    ShownSecret,
    read,
)
from tutela.response.routing import HERE
from tutela.workflows.trying import Tried

SENDABLE = tuple(kind for kind in ActionKind if kind not in HERE and kind is not ActionKind.NOTIFY)
"""Actions that a destination may take."""
MOST_SECONDS, MOST_HOURS = 86_400, 720
NOTHING_TYPED: Mapping[str, object] = MappingProxyType(
    {"name": "", "url": "", "actions": (), "confirm_seconds": CONFIRM_SECONDS, "private": False}
)


@get("/destinations", permission=Permission.DESTINATIONS_READ)
async def list_destinations(request: Request[Any, Any, Any]) -> Response[str]:
    """The destinations, by name, and the form that makes one."""
    return await _list_page(request)


@post("/destinations", permission=Permission.DESTINATIONS_CHANGE)
async def create_destination(request: Request[Any, Any, Any]) -> Response[str]:
    """Make a destination, and show its secret this once."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        new = read(_given(fields), NewDestination)
        made = await asyncio.to_thread(api.create, services_of(request), new, by_of(request))
    except TutelaError as error:
        return await _list_page(
            request, status=400, problem=problem_of(error), typed=_typed(fields)
        )
    # Not by way of another address: the secret must stand in none, and is kept nowhere.
    return await _destination_page(request, made.destination.name, secret=made)


@get("/destinations/{name:str}", permission=Permission.DESTINATIONS_READ)
async def show_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """One destination, without its secret."""
    return await _destination_page(request, name)


@post("/destinations/{name:str}", permission=Permission.DESTINATIONS_CHANGE)
async def change_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Change where a destination is and what it takes."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        given = _given(fields)
        del given["name"]
        await _change(request, name, read(given, DestinationChange))
    except TutelaError as error:
        problem, typed = problem_of(error), _typed(fields)
        return await _destination_page(request, name, status=400, problem=problem, typed=typed)
    return see_other(f"/console/destinations/{name}")


@post("/destinations/{name:str}/rotate", permission=Permission.DESTINATIONS_CHANGE)
async def rotate_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Give a destination a new secret, and show it this once."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        hours = whole(fields.get("overlap_hours", ""), "number of hours", MOST_HOURS)
        wanted = Rotation(overlap_hours=hours)
        services, by = services_of(request), by_of(request)
        rotated = await asyncio.to_thread(api.rotate, services, name, wanted, by)
    except InvalidInput as error:
        return await _destination_page(request, name, status=400, problem=problem_of(error))
    return await _destination_page(request, name, secret=rotated)


@post("/destinations/{name:str}/test", permission=Permission.DESTINATIONS_CHANGE)
async def try_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Send a test message that asks for nothing, and say what came back."""
    check_csrf(request, await read_fields(request))
    tried = await api.tried(services_of(request), name)
    return await _destination_page(request, name, tried=tried)


@post("/destinations/{name:str}/enable", permission=Permission.DESTINATIONS_CHANGE)
async def enable_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Send to a destination again."""
    check_csrf(request, await read_fields(request))
    await _change(request, name, DestinationChange(enabled=True))
    return see_other(f"/console/destinations/{name}")


@post("/destinations/{name:str}/disable", permission=Permission.DESTINATIONS_CHANGE)
async def disable_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Make and send no more messages to a destination."""
    check_csrf(request, await read_fields(request))
    await _change(request, name, DestinationChange(enabled=False))
    return see_other(f"/console/destinations/{name}")


@post("/destinations/{name:str}/delete", permission=Permission.DESTINATIONS_CHANGE)
async def delete_destination(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Delete a destination, once its name was typed."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    if fields.get("confirm", "").strip() != name:
        problem = Problem(text=later("Type the name of the destination to delete it."))
        return await _destination_page(request, name, status=400, problem=problem)
    await asyncio.to_thread(api.erase, services_of(request), name, by_of(request))
    return see_other("/console/destinations")


async def _change(request: Request[Any, Any, Any], name: str, wanted: DestinationChange) -> None:
    await asyncio.to_thread(api.change, services_of(request), name, wanted, by_of(request))


def _typed(fields: Mapping[str, str]) -> dict[str, object]:
    """What was typed into the form of a destination, to be typed on."""
    return {
        "name": fields.get("name", "").strip(),
        "url": fields.get("url", "").strip(),
        "actions": [kind for kind in SENDABLE if f"take-{kind}" in fields],
        "confirm_seconds": fields.get("confirm_seconds", ""),
        "private": "private" in fields,
    }


def _given(fields: Mapping[str, str]) -> dict[str, object]:
    """What was typed, with the number as a number; raises `InvalidInput` where it is none."""
    seconds = whole(fields.get("confirm_seconds", ""), "number of seconds", MOST_SECONDS)
    return _typed(fields) | {"confirm_seconds": seconds}


async def _list_page(
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    problem: Problem | None = None,
    typed: Mapping[str, object] = NOTHING_TYPED,
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    return page(
        request,
        "destinations.html",
        status=status,
        problem=problem,
        destinations=await asyncio.to_thread(services.destinations.list),
        sendable=SENDABLE,
        typed=typed,
        may_change=may(role, Permission.DESTINATIONS_CHANGE),
    )


async def _destination_page(
    request: Request[Any, Any, Any],
    name: str,
    *,
    status: int = 200,
    problem: Problem | None = None,
    secret: ShownSecret | None = None,
    tried: Tried | None = None,
    typed: Mapping[str, object] | None = None,
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    one = await asyncio.to_thread(services.destinations.get, name)
    return page(
        request,
        "destination.html",
        status=status,
        problem=problem,
        one=one,
        typed=one if typed is None else typed,
        secret=secret,
        tried=tried,
        sendable=SENDABLE,
        overlap_hours=OVERLAP_HOURS,
        now=datetime.now(UTC),
        may_change=may(role, Permission.DESTINATIONS_CHANGE),
        may_see_actions=may(role, Permission.ACTIONS_READ),
    )
