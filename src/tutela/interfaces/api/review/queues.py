"""`/v1/queues`: which cases wait where, how they are read, and what is promised of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import EmptyAnswer, JsonAnswer
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of
from tutela.model.record import Record
from tutela.model.review.queue import Queue, QueueCounts, QueueFilter, QueueName
from tutela.storage.review.queues import MOST_QUEUES


class QueueDocument(Record, frozen=True, kw_only=True):
    """A queue without its name; see `Queue`. Without a position, a new one comes before the last.

    Attributes:
        position: from 1; those behind it move on.
        others: as in `Queue`.
    """

    position: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    filter: QueueFilter = QueueFilter()
    readings: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    sample_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    wait_seconds: Annotated[int, msgspec.Meta(ge=60, le=31_536_000)] = 86_400
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.9


class OrderDocument(Record, frozen=True, kw_only=True):
    """The names of all queues in the order in which they are asked."""

    order: Annotated[tuple[QueueName, ...], msgspec.Meta(max_length=MOST_QUEUES)]


class QueuesAnswer(Record, frozen=True, kw_only=True):
    """Every queue in the order in which they are asked, and what waits in each of them now."""

    queues: Sequence[Queue]
    counts: Sequence[QueueCounts]


_QUEUE = msgspec.json.Decoder(QueueDocument)
_ORDER = msgspec.json.Decoder(OrderDocument)


@get(
    "/v1/queues",
    permission=Permission.CASES_READ,
    about=About(summary="List queues", gives=QueuesAnswer),
)
async def list_queues(request: Request[Any, Any, Any]) -> ASGIApp:
    """List every queue in the order in which they are asked, and what waits in it now."""
    queues = services_of(request).queues
    known, counts = await asyncio.to_thread(lambda: (queues.list(), queues.counts()))
    return JsonAnswer(QueuesAnswer(queues=known, counts=counts))


@get(
    "/v1/queues/{name:str}",
    permission=Permission.CASES_READ,
    about=About(summary="Read one queue", gives=Queue),
)
async def read_queue(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Read which cases a queue takes, how they are read, and what is promised of them."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).queues.get, name))


@put(
    "/v1/queues/{name:str}",
    permission=Permission.QUEUES_CHANGE,
    about=About(summary="Make or change a queue", takes=QueueDocument, gives=Queue),
)
async def put_queue(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Make a queue, or change the one of this name. Waiting cases go where they belong now."""
    wanted = await read_json(request, _QUEUE)
    visit_of(request.scope).take_your_time()
    queue = await asyncio.to_thread(_put, request, name, wanted)
    return JsonAnswer(queue)


@delete(
    "/v1/queues/{name:str}",
    status_code=200,
    permission=Permission.QUEUES_CHANGE,
    about=About(summary="Delete a queue", status=204),
)
async def delete_queue(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Delete a queue. Its cases wait in the queues that take them now; none is lost."""
    visit_of(request.scope).take_your_time()
    await asyncio.to_thread(services_of(request).queues.delete, name, by=by_of(request))
    return EmptyAnswer()


@post(
    "/v1/queues/order",
    status_code=200,
    permission=Permission.QUEUES_CHANGE,
    about=About(summary="Order the queues", takes=OrderDocument, gives=QueuesAnswer),
)
async def order_queues(request: Request[Any, Any, Any]) -> ASGIApp:
    """Put the queues into an order; the first that takes a case has it."""
    wanted = await read_json(request, _ORDER)
    visit_of(request.scope).take_your_time()
    queues = services_of(request).queues
    known = await asyncio.to_thread(queues.order, wanted.order, by=by_of(request))
    return JsonAnswer(QueuesAnswer(queues=known, counts=await asyncio.to_thread(queues.counts)))


def _put(request: Request[Any, Any, Any], name: str, wanted: QueueDocument) -> Queue:
    """Make or change a queue; without a position it stays where it is, or comes before the last."""
    queues, position = services_of(request).queues, wanted.position
    if position is None:
        position = _position(queues.list(), name)
    queue = Queue(
        name=name,
        position=position,
        filter=wanted.filter,
        readings=wanted.readings,
        sample_share=wanted.sample_share,
        wait_seconds=wanted.wait_seconds,
        accuracy=wanted.accuracy,
    )
    return queues.put(queue, by=by_of(request))


def _position(known: Sequence[Queue], name: str) -> int:
    for queue in known:
        if queue.name == name:
            return queue.position
    return len(known)
