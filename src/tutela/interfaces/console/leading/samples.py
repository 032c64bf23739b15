"""Samples that wait to be read again, to be taken by whoever may."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get

from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.review.reader import reader_of
from tutela.interfaces.services import services_of

PAGE = "/console/review/samples"
ROWS = 50


def samples_address(queue: str = "", after: str = "") -> str:
    """The address of the page, of one queue or of all."""
    line = urlencode({name: text for name, text in (("queue", queue), ("after", after)) if text})
    return f"{PAGE}?{line}" if line else PAGE


@get("/review/samples", permission=Permission.CASES_READ)
async def show_samples(request: Request[Any, Any, Any]) -> Response[str]:
    """The cases that were drawn at random and wait for somebody who has not read them."""
    queue = request.query_params.get("queue", "")
    after = request.query_params.get("after", "")
    reader, samples = reader_of(request), services_of(request).samples
    account = reader.account if reader.works else ""
    found = await asyncio.to_thread(samples.list, account, queue=queue, after=after, limit=ROWS + 1)
    waiting = await asyncio.to_thread(samples.counts)
    rows = found[:ROWS]
    more = samples_address(queue, rows[-1].case_id) if len(found) > ROWS else ""
    return page(
        request,
        "leading/samples.html",
        rows=rows,
        queue=queue,
        waiting=sorted(waiting.items()),
        count=waiting.get(queue, 0) if queue else sum(waiting.values()),
        reader=reader,
        more=more,
        address=samples_address,
    )
