"""`/v1/protection`: how content is shown to a person, and how much of it a day may hold."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.protecting import OwnProtection, choose, own_protection
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import account_of, by_of
from tutela.model.record import Record
from tutela.model.review.protection import Floor, Protection
from tutela.model.review.queue import QueueName
from tutela.storage.review.queues import MOST_QUEUES


class RecusalsDocument(Record, frozen=True, kw_only=True):
    """Names of the queues that a person never gets."""

    queues: Annotated[tuple[QueueName, ...], msgspec.Meta(max_length=MOST_QUEUES)]


_PROTECTION = msgspec.json.Decoder(Protection)
_RECUSALS = msgspec.json.Decoder(RecusalsDocument)
_FLOOR = msgspec.json.Decoder(Floor)


@get(
    "/v1/protection",
    permission=Permission.OWN_ACCOUNT,
    about=About(summary="Read how one is protected", gives=OwnProtection),
)
async def read_protection(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read how content is shown to the person who asks, and what the day has come to."""

    def read() -> OwnProtection:
        return own_protection(services_of(request), account_of(request))

    return JsonAnswer(await asyncio.to_thread(read))


@put(
    "/v1/protection",
    permission=Permission.OWN_ACCOUNT,
    about=About(summary="Choose how one is protected", takes=Protection, gives=Protection),
)
async def choose_protection(request: Request[Any, Any, Any]) -> ASGIApp:
    """Choose how content is shown to oneself. What is weaker than the floor is refused."""
    wanted = await read_json(request, _PROTECTION)

    def change() -> Protection:
        return choose(services_of(request), account_of(request), wanted, by_of(request))

    return JsonAnswer(await asyncio.to_thread(change))


@put(
    "/v1/protection/recusals",
    permission=Permission.OWN_ACCOUNT,
    about=About(
        summary="Say which queues one never gets", takes=RecusalsDocument, gives=RecusalsDocument
    ),
)
async def set_recusals(request: Request[Any, Any, Any]) -> ASGIApp:
    """Say which queues the person who asks never gets. It needs no reason; no record says which."""
    wanted = await read_json(request, _RECUSALS)

    def change() -> RecusalsDocument:
        recusals, account = services_of(request).recusals, account_of(request)
        names = recusals.set(account.id, wanted.queues, by=by_of(request))
        return RecusalsDocument(queues=tuple(names))

    return JsonAnswer(await asyncio.to_thread(change))


@get(
    "/v1/protection/floor",
    permission=Permission.OWN_ACCOUNT,
    about=About(summary="Read the floor of protection", gives=Floor),
)
async def read_floor(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read the weakest protection that anybody may choose."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).floor.get))


@put(
    "/v1/protection/floor",
    permission=Permission.PROTECTION_CHANGE,
    about=About(summary="Set the floor of protection", takes=Floor, gives=Floor),
)
async def set_floor(request: Request[Any, Any, Any]) -> ASGIApp:
    """Set the weakest protection that anybody may choose. It counts at once, for everybody."""
    wanted, floor = await read_json(request, _FLOOR), services_of(request).floor
    return JsonAnswer(await asyncio.to_thread(floor.set, wanted, by=by_of(request)))
