"""The bytes of evidence: seen, each look written down before; and handed in later."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import Conflict
from tutela.interfaces.access import Permission
from tutela.interfaces.api.custody.evidence import Words
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer, StreamAnswer, in_threads
from tutela.interfaces.web.bodies import Spool, memory_file, pieces
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of
from tutela.model.custody.evidence import Item, ItemState
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.reading import AuditLog
from tutela.workflows.custody.handing_in import HandingIn

OCTETS = "application/octet-stream"


class LookRequest(Record, frozen=True, kw_only=True):
    """Why somebody must see the bytes. It stands in the audit log, word for word."""

    reason: Words


class HandInQuery(Record, frozen=True, kw_only=True):
    """The name that the bytes are handed in under, if any."""

    name: Annotated[str, msgspec.Meta(max_length=1024)] = ""


_LOOK = msgspec.json.Decoder(LookRequest)


@post(
    "/v1/evidence/{item_id:str}/look",
    status_code=200,
    permission=Permission.EVIDENCE_LOOK,
    about=About(summary="See the bytes of an item", takes=LookRequest, media_types=(OCTETS,)),
)
async def look(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Give out the bytes of an item, once the audit log says durably who looks, and why.

    They are verified piece by piece while they are sent. Who gets fewer than Content-Length says
    has not got the item: it is damaged, and `tutela evidence verify` says so.
    """
    wanted = await read_json(request, _LOOK)
    services, by = services_of(request), by_of(request)
    parts, size = await asyncio.to_thread(shown, services, item_id, wanted.reason, by)
    visit_of(request.scope).take_your_time()
    headers = (
        (b"content-length", str(size).encode()),
        (b"content-disposition", f'attachment; filename="{item_id}.bin"'.encode()),
        (b"cache-control", b"no-store"),
    )
    return StreamAnswer(in_threads(parts), OCTETS, headers)


@post(
    "/v1/evidence/{item_id:str}/hand-in",
    status_code=200,
    permission=Permission.EVIDENCE_ADD,
    about=About(summary="Hand in what is owed", query=HandInQuery, uploads=(OCTETS,), gives=Item),
)
async def hand_in(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Hand in the bytes of an item that is owed, or with the platform: they are the body.

    They must be the very bytes of the event, by its fingerprints; others are refused and nothing
    of them is kept. User data are JSON, `{"records": [{"at": "2026-11-22T10:30:00Z", ...}]}`;
    where the law allows a window only, a record from outside of it has all of them refused.
    """
    services, name = services_of(request), read_query(request, HandInQuery).name
    handing_in = HandingIn(services.custody.items, services.events, services.custody.vault.vault)
    with Spool(memory_file, services.room) as spool:
        async for piece in pieces(request):
            spool.write(piece)
        taken = await asyncio.to_thread(
            handing_in.take, item_id, spool.source, name, by_of(request)
        )
    return JsonAnswer(taken)


def shown(
    services: Services, item_id: str, reason: str, by: str
) -> tuple[Generator[bytes, None, None], int]:
    """The bytes of an item, piece by piece, and how many. Blocks. The look is durable by then.

    Raises:
        NotFound: there is no such item.
        Conflict: the vault has no bytes of it.
        KeyUnavailable, StoreUnavailable: the vault cannot be read now.
        WrongKey, BlobMissing, Damaged: it cannot be read at all.
        Unavailable: the look cannot be written down: nothing is shown.
    """
    item = services.custody.items.get(item_id)
    stored = services.custody.items.object_of(item_id)
    if item.state is not ItemState.KEPT or stored is None or stored.wrapped is None:
        raise Conflict(f"the vault has no bytes of this item: it is {item.state.value}")
    vault = services.custody.vault.vault()
    parts = vault.read(stored)
    leaf = NewLeaf(
        kind=AuditKind.LOOK,
        by=by,
        subject=item_id,
        data={"event": item.event_id, "object": stored.id, "reason": reason},
    )
    AuditLog(services.database).write([leaf])
    # What is missing or damaged from the beginning is told as such, and not as a short answer.
    return _begun(next(parts, None), parts), stored.size


def _begun(first: bytes | None, rest: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    try:
        if first is not None:
            yield first
        yield from rest
    finally:
        rest.close()
