"""Pages of the actions on their way: what waits, what failed, and what the platform said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post

from tutela.errors import TutelaError
from tutela.interfaces.access import Permission, may
from tutela.interfaces.console.alarm import standing_of
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import by_of
from tutela.model import Delivery, DeliveryState
from tutela.model.record import Record
from tutela.response.alarms import OPEN, is_overdue, listed

PER_PAGE = 50
ENDS: Mapping[DeliveryState, str] = MappingProxyType(
    {DeliveryState.DONE: later("confirmed as done"), DeliveryState.FAILED: later("given up")}
)


class Shown(Record, frozen=True, kw_only=True):
    """Which actions a page shows, as its address says; whatever is unknown is not looked at."""

    state: DeliveryState | None = None
    destination: str | None = None
    event: str | None = None
    overdue: bool = False

    def address(self, **more: str) -> str:
        """The address of a page that shows these."""
        fields = {
            "state": self.state or "",
            "destination": self.destination or "",
            "event": self.event or "",
            "overdue": "yes" if self.overdue else "",
            **more,
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"/console/actions?{query}" if query else "/console/actions"


class Moment(Record, frozen=True, kw_only=True):
    """Something that happened to an action, or is to happen; `text` is said where it is shown."""

    at: datetime
    text: str
    to_come: bool = False


@get("/actions", permission=Permission.ACTIONS_READ)
async def list_actions(request: Request[Any, Any, Any]) -> Response[str]:
    """How the actions stand that are sent, and a list of them, latest first."""
    query = request.query_params
    again = query.get("again", "")[:9]
    count = int(again) if again.isascii() and again.isdigit() else None
    return await _list_page(request, _shown(query), after=query.get("after") or None, again=count)


@post("/actions/retry", permission=Permission.ACTIONS_RETRY)
async def retry_failed(request: Request[Any, Any, Any]) -> Response[str]:
    """Send every action that was given up again, or those of one destination."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    destination = fields.get("destination") or None
    try:
        retry = services_of(request).deliveries.retry_failed
        count = await asyncio.to_thread(retry, destination, by=by_of(request))
    except TutelaError as error:
        shown = Shown(state=DeliveryState.FAILED)
        return await _list_page(request, shown, status=400, problem=problem_of(error))
    return see_other(Shown(destination=destination).address(again=str(count)))


@get("/actions/{delivery_id:str}", permission=Permission.ACTIONS_READ)
async def show_action(request: Request[Any, Any, Any], delivery_id: str) -> Response[str]:
    """One action: the message as it is sent, what happened to it, and the receipt."""
    return await _action_page(request, delivery_id)


@post("/actions/{delivery_id:str}/retry", permission=Permission.ACTIONS_RETRY)
async def retry_action(request: Request[Any, Any, Any], delivery_id: str) -> Response[str]:
    """Send an action again, now."""
    check_csrf(request, await read_fields(request))
    try:
        retry = services_of(request).deliveries.retry
        await asyncio.to_thread(retry, delivery_id, by=by_of(request))
    except TutelaError as error:
        return await _action_page(request, delivery_id, status=400, problem=problem_of(error))
    return see_other(f"/console/actions/{delivery_id}")


def problem_of(error: TutelaError) -> Problem:
    """An error as a page says it."""
    return Problem(text=error.what, remedy=error.remedy)


def will_change(one: Delivery, now: datetime) -> bool:
    """Whether a page will show something else of it in a moment, if all goes well."""
    return one.state in OPEN and not is_overdue(one, now)


def timeline(one: Delivery, now: datetime) -> tuple[Moment, ...]:
    """What is known of an action's way, in the order of time."""
    moments = [Moment(at=one.created_at, text=later("decided, and written to be sent"))]
    if one.sent_at is not None:
        moments.append(Moment(at=one.sent_at, text=later("taken by the destination")))
    if one.ended_at is not None:
        moments.append(Moment(at=one.ended_at, text=ENDS.get(one.state, later("ended"))))
    if one.state is DeliveryState.WAITING and one.next_at is not None:
        text = later("next try") if one.attempts else later("first try")
        moments.append(Moment(at=one.next_at, text=text, to_come=one.next_at > now))
    if one.ended_at is None:
        overdue = is_overdue(one, now)
        text = later("should have been confirmed") if overdue else later("is to be confirmed by")
        moments.append(Moment(at=one.confirm_by, text=text, to_come=one.confirm_by > now))
    return tuple(sorted(moments, key=lambda moment: moment.at))


async def _list_page(
    request: Request[Any, Any, Any],
    shown: Shown,
    *,
    after: str | None = None,
    status: int = 200,
    again: int | None = None,
    problem: Problem | None = None,
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    found = await asyncio.to_thread(_found, services, shown, after)
    destinations = await asyncio.to_thread(services.destinations.list)
    deliveries, now = found[:PER_PAGE], datetime.now(UTC)
    older = deliveries[-1].id if len(found) > PER_PAGE else ""
    return page(
        request,
        "actions.html",
        status=status,
        again=again,
        problem=problem,
        deliveries=deliveries,
        older=shown.address(after=older) if older else "",
        latest=shown.address() if after else "",
        shown=shown,
        state=standing_of(request),
        states=tuple(DeliveryState),
        destinations=[one.name for one in destinations],
        now=now,
        going_on=any(will_change(one, now) for one in deliveries),
        any_failed=any(one.state is DeliveryState.FAILED for one in deliveries),
        may_retry=may(role, Permission.ACTIONS_RETRY),
        may_see=may(role, Permission.CASES_READ),
        may_configure=may(role, Permission.DESTINATIONS_READ),
    )


def _found(services: Services, shown: Shown, after: str | None) -> list[Delivery]:
    found = listed(
        services.deliveries,
        state=shown.state,
        destination=shown.destination,
        event=shown.event,
        overdue=shown.overdue,
        after=after,
        limit=PER_PAGE + 1,
    )
    return list(found)


async def _action_page(
    request: Request[Any, Any, Any],
    delivery_id: str,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response[str]:
    services, role = services_of(request), session_of(request).role
    one = await asyncio.to_thread(services.deliveries.get, delivery_id)
    kept = {found.name: found for found in await asyncio.to_thread(services.destinations.list)}
    now = datetime.now(UTC)
    return page(
        request,
        "action.html",
        status=status,
        problem=problem,
        one=one,
        destination=kept.get(one.destination),
        now=now,
        going_on=will_change(one, now),
        moments=timeline(one, now),
        message=msgspec.json.format(msgspec.json.encode(one.message), indent=2).decode(),
        may_retry=may(role, Permission.ACTIONS_RETRY),
        may_see=may(role, Permission.CASES_READ),
        may_configure=may(role, Permission.DESTINATIONS_READ),
    )


def _shown(query: Mapping[str, str]) -> Shown:
    state = query.get("state", "")
    return Shown(
        state=DeliveryState(state) if state in set(DeliveryState) else None,
        destination=query.get("destination") or None,
        event=query.get("event", "").strip() or None,
        overdue=bool(query.get("overdue")),
    )
