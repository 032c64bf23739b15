"""`GET /v1/principles`: the eleven principles, what serves each, and the counts."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, get
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About
from tutela.interfaces.board import board
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model.record import Record
from tutela.oversight.scoreboard import PrincipleRow


class PrinciplesAnswer(Record, frozen=True, kw_only=True):
    """The scoreboard: one row for each principle, in order."""

    principles: tuple[PrincipleRow, ...]


@get(
    "/v1/principles",
    permission=Permission.PRINCIPLES_READ,
    about=About(summary="Read the scoreboard", gives=PrinciplesAnswer),
)
async def read_principles(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read for each of the eleven principles which measures serve it, and their counts."""
    services = services_of(request)
    counts = await asyncio.to_thread(services.counts.counts)
    rows = board(services.settings, services.kinds, services.policy.now().live, counts)
    return JsonAnswer(PrinciplesAnswer(principles=rows))
