"""The board: what waits where, what one is at, and the next case."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get, post

from tutela.errors import TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.review.reader import reader_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import account_of, by_of, caller_of
from tutela.model.record import Record
from tutela.model.review.queue import Queue, QueueCounts
from tutela.model.review.reading import Reading
from tutela.storage.review.claims import Claim


class Line(Record, frozen=True, kw_only=True):
    """A queue with what waits in it."""

    queue: Queue
    counts: QueueCounts


class Own(Record, frozen=True, kw_only=True):
    """What somebody is at.

    Attributes:
        claims: cases that the person holds.
        undo: the last decision that can still be undone, or None.
    """

    claims: tuple[Claim, ...] = ()
    undo: Reading | None = None


@get("/review", permission=Permission.CASES_READ)
async def show_board(request: Request[Any, Any, Any]) -> Response[str]:
    """The queues, and what one is at."""
    return await board_page(request)


@get("/review/queues", permission=Permission.CASES_READ)
async def show_counts(request: Request[Any, Any, Any]) -> Response[str]:
    """The table of the queues alone, which an open board asks for again and again."""
    lines = await asyncio.to_thread(_lines, services_of(request))
    return page(
        request,
        "review/counts.html",
        lines=lines,
        now=datetime.now(UTC),
        reader=reader_of(request),
    )


@post("/review/next", permission=Permission.REVIEW_WORK)
async def take_next(request: Request[Any, Any, Any]) -> Response[str]:
    """Claim the case that comes first, of one queue or of all, and open it."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    queue, lighter = fields.get("queue") or None, bool(fields.get("lighter"))
    try:
        claim = await asyncio.to_thread(_next, request, queue, lighter=lighter)
    except TutelaError as error:
        return await board_page(request, status=409, problem=problem_of(error))
    if claim is None:
        return await board_page(request, nothing=True)
    return see_other(f"/console/cases/{claim.case_id}")


async def board_page(
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page says of what was asked
) -> Response[str]:
    """The board, perhaps with what was refused."""
    services, account = services_of(request), caller_of(request).account
    lines = await asyncio.to_thread(_lines, services)
    own = await asyncio.to_thread(_own, services, account)
    return page(
        request,
        "review/board.html",
        status=status,
        lines=lines,
        own=own,
        reader=reader_of(request),
        now=datetime.now(UTC),
        **{"nothing": False, **more},
    )


def _lines(services: Services) -> list[Line]:
    queues = {one.name: one for one in services.queues.list()}
    counts = services.queues.counts()
    return [Line(queue=queues[one.queue], counts=one) for one in counts if one.queue in queues]


def _own(services: Services, account: str) -> Own:
    if not account:
        return Own()
    claims = tuple(services.claims.held(account))
    return Own(claims=claims, undo=services.readings.latest(account))


def _next(request: Request[Any, Any, Any], queue: str | None, *, lighter: bool) -> Claim | None:
    """The next case for whoever asks. Blocks."""
    services, reader, account = services_of(request), reader_of(request), account_of(request)
    services.gathering.gather()
    return services.taking.next(
        account.id, queue=queue, settle=reader.settles, lighter=lighter, by=by_of(request)
    )
