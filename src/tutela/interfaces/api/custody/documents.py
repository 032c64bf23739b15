"""`/v1/evidence/{item}/custody`: where the bytes of an item came from, and each touch since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.evidence.custody.document import Envelope
from tutela.evidence.custody.documents import Form, Made
from tutela.evidence.custody.opening import open_documents, open_gathering
from tutela.evidence.custody.record import CustodyRecord
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer, StreamAnswer
from tutela.interfaces.web.guard import by_of

MEDIA_TYPES = {Form.PDF: "application/pdf", Form.JSON: "application/json"}


@get(
    "/v1/evidence/{item_id:str}/custody",
    permission=Permission.EVIDENCE_READ,
    about=About(summary="Read the custody record of an item", gives=CustodyRecord),
)
async def read_custody(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Read where an item came from, its term, its holds, and every touch since.

    Not signed and without proofs: those are in the documents that are exported.
    """
    services = services_of(request)
    gathering = open_gathering(services.database, services.custody.items)
    return JsonAnswer(await asyncio.to_thread(gathering.look, item_id, by_of(request)))


@get(
    "/v1/evidence/{item_id:str}/custody.pdf",
    permission=Permission.EVIDENCE_EXPORT,
    about=About(
        summary="Export the custody of an item as PDF", media_types=(MEDIA_TYPES[Form.PDF],)
    ),
)
async def export_pdf(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Export a signed PDF, with the signed JSON in it. The audit log has the export first."""
    return await exported(request, item_id, Form.PDF)


@get(
    "/v1/evidence/{item_id:str}/custody.json",
    permission=Permission.EVIDENCE_EXPORT,
    about=About(
        summary="Export the custody of an item as signed JSON",
        gives=Envelope,
        media_types=(MEDIA_TYPES[Form.JSON],),
    ),
)
async def export_json(request: Request[Any, Any, Any], item_id: FromPath[str]) -> ASGIApp:
    """Export signed JSON, with the proofs of all touches. The audit log has the export first."""
    return await exported(request, item_id, Form.JSON)


async def exported(request: Request[Any, Any, Any], item_id: str, form: Form) -> ASGIApp:
    """A document of an item, as a file; of any route whose caller is known."""
    made = await asyncio.to_thread(_made, services_of(request), item_id, form, by_of(request))
    data = made.pdf if form is Form.PDF else made.json
    disposition = f'attachment; filename="custody-{item_id}.{form}"'.encode("latin-1", "replace")
    headers = ((b"content-disposition", disposition), (b"content-length", b"%d" % len(data)))
    return StreamAnswer(_whole(data), MEDIA_TYPES[form], headers)


def _made(services: Services, item_id: str, form: Form, by: str) -> Made:
    documents = open_documents(services.settings, services.database, services.custody.items)
    return documents.make(item_id, {form}, by)


async def _whole(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
