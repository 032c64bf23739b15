"""The queues: listed with what waits in them, made, changed, ordered and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post

from tutela.errors import Conflict, InvalidInput, NotFound, TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.leading.queue_form import (
    NEW,
    PRINCIPLES,
    UNITS,
    Typed,
    queue_of,
    typed_in,
    typed_of,
)
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.language import later
from tutela.interfaces.services import services_of
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of, caller_of
from tutela.interfaces.web.problems import document
from tutela.model import Severity
from tutela.model.response.case import CaseKind
from tutela.model.review.queue import EVERYTHING, Queue
from tutela.storage.review.queues import Queues

PAGE = "/console/queues"
WAYS = {"up": -1, "down": 1}


@get("/queues", permission=Permission.CASES_READ)
async def list_queues(request: Request[Any, Any, Any]) -> Response[str]:
    """The queues in the order in which they are asked, and the form of a new one."""
    return await _list(request)


@post("/queues", permission=Permission.QUEUES_CHANGE)
async def create_queue(request: Request[Any, Any, Any]) -> Response[str]:
    """Make a queue; it comes to stand before the last one. What was typed is kept on errors."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    typed = typed_in(fields)

    def create() -> None:
        queues = services_of(request).queues
        known = queues.list()
        if any(one.name == typed.name for one in known):
            raise Conflict(
                later("there is a queue of this name"), where="name", remedy=later("use another")
            )
        queues.put(queue_of(typed, name=typed.name, position=len(known)), by=by_of(request))

    try:
        await _slowly(request, create)
    except TutelaError as error:
        return await _list(request, error=error, typed=typed)
    return see_other(PAGE)


@get("/queues/{name:str}", permission=Permission.CASES_READ)
async def show_queue(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """One queue: what waits in it, the form to change it, and what would follow if it were gone."""
    return await _one(request, name)


@post("/queues/{name:str}", permission=Permission.QUEUES_CHANGE)
async def change_queue(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Change a queue; waiting cases go where they belong now."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    typed = typed_in(fields)

    def change() -> None:
        queues = services_of(request).queues
        before = queues.get(name)
        wanted = queue_of(
            typed, name=name, position=before.position, with_filter=name != EVERYTHING
        )
        queues.put(wanted, by=by_of(request))

    try:
        await _slowly(request, change)
    except NotFound:
        raise
    except TutelaError as error:
        return await _one(request, name, error=error, typed=typed)
    return see_other(PAGE)


@post("/queues/{name:str}/move", permission=Permission.QUEUES_CHANGE)
async def move_queue(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Let a queue be asked one place earlier or later."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    way = fields.get("way", "")
    if way not in WAYS:
        raise InvalidInput("a queue moves up or down", where="way")
    queues = services_of(request).queues
    await _slowly(request, lambda: _move(queues, name, WAYS[way], by_of(request)))
    # The page comes back with the same button at hand, so that it may be pressed again.
    return see_other(f"{PAGE}?{urlencode({'moved': name, 'way': way})}")


@post("/queues/{name:str}/delete", permission=Permission.QUEUES_CHANGE)
async def delete_queue(request: Request[Any, Any, Any], name: str) -> Response[str]:
    """Delete a queue; its cases wait in the queues that take them now."""
    check_csrf(request, await read_fields(request))
    queues = services_of(request).queues
    try:
        await _slowly(request, lambda: queues.delete(name, by=by_of(request)))
    except InvalidInput as error:
        return await _one(request, name, error=error)
    return see_other(PAGE)


def _move(queues: Queues, name: str, by_places: int, by: str) -> None:
    """Move a queue among those that have a place of their own."""
    names = [one.name for one in queues.list() if one.name != EVERYTHING]
    if name not in names:
        raise NotFound("no queue of this name can be moved", where="queue")
    at = names.index(name)
    to = min(max(at + by_places, 0), len(names) - 1)
    names.insert(to, names.pop(at))
    queues.order(names, by=by)


async def _slowly(request: Request[Any, Any, Any], change: Callable[[], object]) -> None:
    """Change queues: waiting cases are looked at again, which may take a while."""
    visit_of(request.scope).take_your_time()
    await asyncio.to_thread(change)


async def _list(
    request: Request[Any, Any, Any],
    *,
    error: TutelaError | None = None,
    typed: Typed | None = None,
) -> Response[str]:
    queues = services_of(request).queues
    known, counts = await asyncio.to_thread(lambda: (queues.list(), queues.counts()))
    asked = request.query_params
    return page(
        request,
        "leading/queues.html",
        queues=known,
        counts={one.queue: one for one in counts},
        last=known[-2].name if len(known) > 1 else "",
        moved=(asked.get("moved", ""), asked.get("way", "")),
        typed=typed or _new(),
        **_common(request, error),
    )


async def _one(
    request: Request[Any, Any, Any],
    name: str,
    *,
    error: TutelaError | None = None,
    typed: Typed | None = None,
) -> Response[str]:
    queues = services_of(request).queues
    queue = await asyncio.to_thread(queues.get, name)
    counts = await asyncio.to_thread(queues.counts)
    own = next(one for one in counts if one.queue == name)
    heirs = await asyncio.to_thread(queues.heirs_of, name) if name != EVERYTHING else {}
    return page(
        request,
        "leading/queue.html",
        queue=queue,
        counts=own,
        heirs=sorted(heirs.items()),
        looked=sum(heirs.values()),
        typed=typed or typed_of(queue),
        **_common(request, error),
    )


def _common(request: Request[Any, Any, Any], error: TutelaError | None) -> dict[str, Any]:
    """What both pages show."""
    return {
        "status": document(error).status if error else 200,
        "problem": problem_of(error) if error else None,
        "wrong": error.where if error else "",
        "may_change": caller_of(request).may(Permission.QUEUES_CHANGE),
        "principles": PRINCIPLES,
        "severities": tuple(Severity),
        "kinds": tuple(CaseKind),
        "units": tuple(UNITS),
        "everything": EVERYTHING,
        "now": datetime.now(UTC),
    }


def _new() -> Typed:
    """The form of a new queue, with what it is like where nobody says otherwise."""
    return typed_of(Queue(name=NEW.name, position=1))
