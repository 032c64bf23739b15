"""`POST /v1/check`: one event in, the verdict and the decision out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, post
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, json_body, media_type, read_query, refuse_query
from tutela.interfaces.api.submissions import (
    EventDocument,
    FlatFacts,
    already_known,
    of_document,
    of_media,
    unfolded,
)
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.bodies import Spool, memory_file, pieces
from tutela.interfaces.web.forms import read_form
from tutela.interfaces.worded import from_words
from tutela.model import Outcome
from tutela.pipeline import Submission

REPLAYED = ((b"tutela-replayed", b"true"),)
"""Header of an answer that had been stored before its request came in."""
MEDIA_FIELD = "media"

_DECODER = msgspec.json.Decoder(EventDocument)


@post(
    "/v1/check",
    status_code=200,
    permission=Permission.EVENTS_CHECK,
    express=True,
    about=About(
        summary="Check one event",
        takes=EventDocument,
        query=FlatFacts,
        uploads=("application/octet-stream", "image/*"),
        form=FlatFacts,
        form_file=MEDIA_FIELD,
        gives=Outcome,
    ),
)
async def check(request: Request[Any, Any, Any]) -> ASGIApp:
    """Compare an event with the lists and decide about it; the answer leaves once it is stored.

    The content comes in one of three ways, told apart by Content-Type:

    - `application/json`: a URL, ready-made signals, or a small file in base64;
    - `multipart/form-data`: the file in the field `media`, the facts in the other fields;
    - anything else: the body is the file, the facts are in the query.

    A message or a request for contact may come without content, in JSON: then the rules decide
    about what is told of it, and its verdict is `not_checked`.

    A repeated `event_id` with the same content gives the stored answer, with the header
    `Tutela-Replayed: true`; with other content, 409.
    """
    came_at = datetime.now(UTC)
    services = services_of(request)
    with Spool(memory_file, services.room) as spool:
        handed_in = await _read(request, services, spool)
        if isinstance(handed_in, Outcome):
            outcome = handed_in
        else:
            outcome = await services.pipeline.check(handed_in)
            services.metrics.checked(outcome)
    return JsonAnswer(outcome, headers=REPLAYED if outcome.received_at < came_at else ())


async def _read(
    request: Request[Any, Any, Any], services: Services, spool: Spool
) -> Submission | Outcome:
    match media_type(request):
        case b"application/json":
            refuse_query(request)
            document = _DECODER.decode(await json_body(request))
            known = await already_known(document, services)
            return await of_document(document, services, spool) if known is None else known
        case b"multipart/form-data":
            refuse_query(request)
            fields = await read_form(request, spool, file_field=MEDIA_FIELD)
            flat = from_words(dict(fields), FlatFacts)
            return of_media(unfolded(flat), spool)
        case _:
            facts = unfolded(read_query(request, FlatFacts))
            async for piece in pieces(request):
                spool.write(piece)
            return of_media(facts, spool)
