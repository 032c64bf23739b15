"""`/v1/actions`: actions on their way to the platform, and what it said of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model import Delivery, DeliveryState, Receipt
from tutela.model.record import Record
from tutela.model.response.delivery import DestinationName
from tutela.response.alarms import ActionsState, listed, state_of
from tutela.response.standing import Standing, standing

PAGE = 50
Id = Annotated[str, msgspec.Meta(max_length=128)]


class ActionsQuery(Record, frozen=True, kw_only=True):
    """Which actions: older than `after`, at most `limit`, of one state, destination or event.

    Attributes:
        overdue: only those that should have been confirmed by now.
    """

    after: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = PAGE
    state: DeliveryState | None = None
    destination: DestinationName | None = None
    event: Id | None = None
    overdue: bool = False


class ActionsPage(Record, frozen=True, kw_only=True):
    """A page of actions, latest first; `next` is the `after` of the next page, None on the last."""

    actions: Sequence[Delivery]
    next: str | None


class EventActions(Record, frozen=True, kw_only=True):
    """Every action of the decision about an event, and where it stands."""

    event_id: str
    actions: Sequence[Standing]


class RetryRequest(Record, frozen=True, kw_only=True):
    """Which failed actions to send again: all, or those of one destination."""

    destination: DestinationName | None = None


class Retried(Record, frozen=True, kw_only=True):
    """How many actions are sent again."""

    retried: int


_RECEIPT = msgspec.json.Decoder(Receipt)
_RETRY = msgspec.json.Decoder(RetryRequest)


@get(
    "/v1/actions",
    permission=Permission.ACTIONS_READ,
    about=About(summary="List the actions on their way", query=ActionsQuery, gives=ActionsPage),
)
async def list_actions(request: Request[Any, Any, Any]) -> ASGIApp:
    """List actions that were sent or are to be sent, latest first, each with its receipt."""
    query = read_query(request, ActionsQuery)
    found = await asyncio.to_thread(page_of, services_of(request), query)
    return JsonAnswer(found)


@get(
    "/v1/actions/state",
    permission=Permission.ACTIONS_READ,
    about=About(summary="Read how the actions stand", gives=ActionsState),
)
async def read_state(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read how many actions wait, were sent, failed or are overdue, and the alarms."""
    return JsonAnswer(await asyncio.to_thread(state, services_of(request)))


@get(
    "/v1/actions/{delivery_id:str}",
    permission=Permission.ACTIONS_READ,
    about=About(summary="Read one action", gives=Delivery),
)
async def read_action(request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
    """Read one action on its way: the message, the attempts, and what the platform said."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).deliveries.get, delivery_id))


@get(
    "/v1/events/{event_id:str}/actions",
    permission=Permission.ACTIONS_READ,
    about=About(summary="Read the actions of an event", gives=EventActions),
)
async def read_event_actions(request: Request[Any, Any, Any], event_id: FromPath[str]) -> ASGIApp:
    """Read where each action of an event's decision stands.

    An action that no destination takes is in the answer only: nobody confirms it.
    """
    found = await asyncio.to_thread(of_event, services_of(request), event_id)
    return JsonAnswer(EventActions(event_id=event_id, actions=found))


@post(
    "/v1/actions/{delivery_id:str}/receipt",
    status_code=200,
    permission=Permission.ACTIONS_CONFIRM,
    about=About(summary="Confirm an action", takes=Receipt, gives=Delivery),
)
async def confirm_action(request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
    """Take the platform's word for an action that it has carried out.

    The same receipt may come any number of times. One that comes late counts, too: an action that
    was given up is then done.
    """
    receipt = await read_json(request, _RECEIPT)
    if receipt.id != delivery_id:
        raise InvalidInput(
            "the receipt is of another action than the address",
            where="id",
            remedy="write the action's id in both places",
        )
    confirm = services_of(request).deliveries.confirm
    return JsonAnswer(await asyncio.to_thread(confirm, receipt, by=by_of(request)))


@post(
    "/v1/actions/{delivery_id:str}/retry",
    status_code=200,
    permission=Permission.ACTIONS_RETRY,
    about=About(summary="Send an action again", gives=Delivery),
)
async def retry_action(request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
    """Send an action again, now, with a new time to be confirmed by."""
    retry = services_of(request).deliveries.retry
    return JsonAnswer(await asyncio.to_thread(retry, delivery_id, by=by_of(request)))


@post(
    "/v1/actions/retry",
    status_code=200,
    permission=Permission.ACTIONS_RETRY,
    about=About(summary="Send all failed actions again", takes=RetryRequest, gives=Retried),
)
async def retry_failed(request: Request[Any, Any, Any]) -> ASGIApp:
    """Send every action that was given up again, or those of one destination."""
    services, wanted = services_of(request), await read_json(request, _RETRY)
    retry = services.deliveries.retry_failed
    retried = await asyncio.to_thread(retry, wanted.destination, by=by_of(request))
    return JsonAnswer(Retried(retried=retried))


def page_of(services: Services, query: ActionsQuery) -> ActionsPage:
    """The actions that were asked for. Blocks; raises `NotFound` for an unknown `after`."""
    found = listed(
        services.deliveries,
        state=query.state,
        destination=query.destination,
        event=query.event,
        overdue=query.overdue,
        after=query.after,
        limit=query.limit,
    )
    last = found[-1].id if len(found) == query.limit else None
    return ActionsPage(actions=found, next=last)


def state(services: Services) -> ActionsState:
    """How the actions stand. Blocks."""
    return state_of(services.deliveries.counts())


def of_event(services: Services, event_id: str) -> tuple[Standing, ...]:
    """Where each action of an event stands. Blocks; raises `NotFound`."""
    decision = services.events.get(event_id).outcome.decision
    return standing(decision, services.deliveries.of_event(event_id))
