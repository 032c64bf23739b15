"""`/v1/destinations`: where actions are sent, with which secret, and whether they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import EmptyAnswer, JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model import Destination
from tutela.model.record import Record
from tutela.response import destinations
from tutela.response.destinations import (
    DestinationChange,
    NewDestination,
    Rotation,
    ShownSecret,
)
from tutela.workflows import trying
from tutela.workflows.trying import Tried


class DestinationsAnswer(Record, frozen=True, kw_only=True):
    """Every destination, by name."""

    destinations: Sequence[Destination]


_NEW = msgspec.json.Decoder(NewDestination)
_CHANGE = msgspec.json.Decoder(DestinationChange)
_ROTATION = msgspec.json.Decoder(Rotation)


@get(
    "/v1/destinations",
    permission=Permission.DESTINATIONS_READ,
    about=About(summary="List the destinations", gives=DestinationsAnswer),
)
async def list_destinations(request: Request[Any, Any, Any]) -> ASGIApp:
    """List every destination with its address, without its secret."""
    found = await asyncio.to_thread(services_of(request).destinations.list)
    return JsonAnswer(DestinationsAnswer(destinations=found))


@post(
    "/v1/destinations",
    permission=Permission.DESTINATIONS_CHANGE,
    about=About(
        summary="Create a destination", takes=NewDestination, gives=ShownSecret, status=201
    ),
)
async def create_destination(request: Request[Any, Any, Any]) -> ASGIApp:
    """Create a destination, and show the secret that its messages are signed with, once.

    Plain `http` is taken only for an address that is declared `private`.
    """
    services, by = services_of(request), by_of(request)
    new = await read_json(request, _NEW)
    return JsonAnswer(await asyncio.to_thread(create, services, new, by), status=201)


@get(
    "/v1/destinations/{name:str}",
    permission=Permission.DESTINATIONS_READ,
    about=About(summary="Read one destination", gives=Destination),
)
async def read_destination(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Read a destination with its address, without its secret."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).destinations.get, name))


@patch(
    "/v1/destinations/{name:str}",
    permission=Permission.DESTINATIONS_CHANGE,
    about=About(summary="Change a destination", takes=DestinationChange, gives=Destination),
)
async def change_destination(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Change where a destination is, what it takes, or whether it is enabled.

    What was decided before goes to the new address.
    """
    services, by = services_of(request), by_of(request)
    wanted = await read_json(request, _CHANGE)
    return JsonAnswer(await asyncio.to_thread(change, services, name, wanted, by))


@delete(
    "/v1/destinations/{name:str}",
    status_code=200,
    permission=Permission.DESTINATIONS_CHANGE,
    about=About(summary="Delete a destination", status=204),
)
async def delete_destination(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Delete a destination; what was sent to it stays to be read."""
    await asyncio.to_thread(erase, services_of(request), name, by_of(request))
    return EmptyAnswer()


@post(
    "/v1/destinations/{name:str}/rotate",
    status_code=200,
    permission=Permission.DESTINATIONS_CHANGE,
    about=About(summary="Give a destination a new secret", takes=Rotation, gives=ShownSecret),
)
async def rotate_destination(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Give a destination a new secret, and show it once.

    For `overlap_hours` messages are signed with the old secret, too.
    """
    services, wanted = services_of(request), await read_json(request, _ROTATION)
    return JsonAnswer(await asyncio.to_thread(rotate, services, name, wanted, by_of(request)))


@post(
    "/v1/destinations/{name:str}/test",
    status_code=200,
    permission=Permission.DESTINATIONS_CHANGE,
    about=About(summary="Test a destination", gives=Tried),
)
async def try_destination(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Send a signed message that asks for nothing, and tell in plain words what came back."""
    return JsonAnswer(await tried(services_of(request), name))


def create(services: Services, new: NewDestination, by: str) -> ShownSecret:
    """Make a destination. Blocks; errors as for `response.destinations.create`."""
    made = destinations.create(services.destinations, services.secrets, new, by=by)
    services.routing.refresh()
    return made


def change(services: Services, name: str, wanted: DestinationChange, by: str) -> Destination:
    """Change a destination. Blocks; errors as for `response.destinations.change`."""
    changed = destinations.change(services.destinations, name, wanted, by=by)
    services.routing.refresh()
    return changed


def rotate(services: Services, name: str, wanted: Rotation, by: str) -> ShownSecret:
    """Give a destination a new secret. Blocks; raises `NotFound`."""
    kept, hours = services.destinations, wanted.overlap_hours
    return destinations.rotate(kept, services.secrets, name, hours, by=by)


def erase(services: Services, name: str, by: str) -> None:
    """Delete a destination. Blocks; raises `NotFound`."""
    services.destinations.delete(name, by=by)
    services.routing.refresh()


async def tried(services: Services, name: str) -> Tried:
    """Send a test message; raises `NotFound`."""
    destination = await asyncio.to_thread(services.destinations.get, name)
    seconds = services.settings.actions.timeout
    return await trying.try_destination(destination, services.secrets, seconds)
