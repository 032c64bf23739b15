"""`GET /metrics`: the program's own numbers, in the text form of Prometheus."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About
from tutela.interfaces.services import services_of
from tutela.telemetry.metrics import CONTENT_TYPE


@get(
    "/metrics",
    permission=Permission.METRICS_READ,
    about=About(summary="Metrics for Prometheus", media_types=("text/plain",)),
)
async def read_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Read the metrics of all server processes together."""
    text = await asyncio.to_thread(services_of(request).metrics.render)
    return Response(text, media_type=CONTENT_TYPE)
