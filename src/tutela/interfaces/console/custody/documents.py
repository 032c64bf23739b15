"""The buttons of an item's page that export its custody document."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.types import ASGIApp

from tutela.errors import InvalidInput
from tutela.evidence.custody.documents import Form
from tutela.interfaces.access import Permission
from tutela.interfaces.api.custody.documents import exported
from tutela.interfaces.console.sign_in import check_csrf, read_fields


@post("/evidence/{item_id:str}/export", status_code=200, permission=Permission.EVIDENCE_EXPORT)
async def export(request: Request[Any, Any, Any], item_id: str) -> ASGIApp:
    """Export a signed document, as PDF or JSON. The audit log has the export first."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    form = fields.get("form", "")
    if form not in set(Form):
        raise InvalidInput("there is no such form of a document", where="form")
    return await exported(request, item_id, Form(form))
