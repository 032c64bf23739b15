"""`/v1/review/figures`: how much there is, how long it waits, and how well people agree."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.review.figures import (
    FiguresFormat,
    Practice,
    asked_period,
    figures,
    figures_csv,
)
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer, StreamAnswer, in_threads
from tutela.model.record import Record
from tutela.model.review.queue import QueueName
from tutela.response.review.figures import Figures

FILE = ((b"content-disposition", b'attachment; filename="figures.csv"'),)


class FiguresQuery(Record, frozen=True, kw_only=True):
    """Since when, until just before when, and of what; the last 30 days where nothing is said.

    Attributes:
        queue: only this one, besides all of them together.
        drill: `no`, `yes` for drills alone, or `all`.
    """

    since: datetime | None = None
    until: datetime | None = None
    queue: QueueName | None = None
    drill: Practice = Practice.NO
    format: FiguresFormat = FiguresFormat.JSON


@get(
    "/v1/review/figures",
    permission=Permission.REVIEW_LEAD,
    about=About(
        summary="Read the figures of review",
        query=FiguresQuery,
        gives=Figures,
        media_types=tuple(form.media_type for form in FiguresFormat),
    ),
)
async def read_figures(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read how much was decided, how long it waited, and how well people agree, by queue.

    Of fewer than 30 cases no share of agreement or accuracy and no kappa is given: how many there
    are is. Nothing is said of single people.
    """
    query = read_query(request, FiguresQuery)
    period = asked_period(query.since, query.until, query.drill)
    reader = services_of(request).figures
    found = await asyncio.to_thread(figures, reader, period, query.queue or "")
    if query.format is FiguresFormat.CSV:
        parts = in_threads(iter((figures_csv(found),)))
        return StreamAnswer(parts, FiguresFormat.CSV.media_type, FILE)
    return JsonAnswer(found)
