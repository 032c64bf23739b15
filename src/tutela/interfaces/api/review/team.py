"""`/v1/team`, `/v1/ledger`: how people are, and how much nobody had to see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.protecting import Member, period, team
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model.record import Record
from tutela.model.review.budget import Lift, NewLift
from tutela.model.review.ledger import Column, LedgerCounts, LedgerRow


class TeamAnswer(Record, frozen=True, kw_only=True):
    """Everybody who reads cases, by pseudonym; and the last 100 lifts, the latest first."""

    people: Sequence[Member]
    lifts: Sequence[Lift]


class LedgerQuery(Record, frozen=True, kw_only=True):
    """Since when, and until just before when; the last 30 days where nothing is said."""

    since: datetime | None = None
    until: datetime | None = None


class LedgerRowsQuery(LedgerQuery, frozen=True, kw_only=True):
    """Which readings, and which page: at most `limit`, before the reading `before`."""

    column: Column | None = None
    before: Annotated[int, msgspec.Meta(ge=1, lt=2**62)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class LedgerPage(Record, frozen=True, kw_only=True):
    """A page of readings; `next` is the `before` of the next page, None on the last."""

    rows: Sequence[LedgerRow]
    next: int | None


_LIFT = msgspec.json.Decoder(NewLift)


@get(
    "/v1/team",
    permission=Permission.REVIEW_LEAD,
    about=About(summary="Read how the people are who read cases", gives=TeamAnswer),
)
async def read_team(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read what the day of everybody who reads cases has come to, by pseudonym."""

    def read() -> TeamAnswer:
        services = services_of(request)
        return TeamAnswer(people=team(services), lifts=services.lifts.list())

    return JsonAnswer(await asyncio.to_thread(read))


@post(
    "/v1/team/{account_id:str}/lift",
    permission=Permission.REVIEW_LEAD,
    about=About(summary="Lift a limit of a person", takes=NewLift, gives=Lift, status=201),
)
async def lift(request: Request[Any, Any, Any], account_id: FromPath[str]) -> ASGIApp:
    """End a person's pause, or let the day hold more, for a reason. Nobody lifts their own."""
    wanted, lifts = await read_json(request, _LIFT), services_of(request).lifts
    lifted = await asyncio.to_thread(lifts.lift, account_id, wanted, by=by_of(request))
    return JsonAnswer(lifted, status=201)


@get(
    "/v1/ledger",
    permission=Permission.REVIEW_LEAD,
    about=About(summary="Count exposures that were avoided", query=LedgerQuery, gives=LedgerCounts),
)
async def read_ledger(request: Request[Any, Any, Any]) -> ASGIApp:
    """Count the contents that were decided without being uncovered, and those that were."""
    query = read_query(request, LedgerQuery)
    since, until = period(query.since, query.until)
    ledger = services_of(request).ledger
    return JsonAnswer(await asyncio.to_thread(ledger.counts, since, until))


@get(
    "/v1/ledger/rows",
    permission=Permission.REVIEW_LEAD,
    about=About(
        summary="List the readings behind the ledger", query=LedgerRowsQuery, gives=LedgerPage
    ),
)
async def list_ledger(request: Request[Any, Any, Any]) -> ASGIApp:
    """List the readings behind the numbers of the ledger, the latest first; not whose they are."""
    query = read_query(request, LedgerRowsQuery)
    since, until = period(query.since, query.until)

    def read() -> Sequence[LedgerRow]:
        return services_of(request).ledger.rows(
            since, until, column=query.column, before=query.before, limit=query.limit
        )

    rows = await asyncio.to_thread(read)
    more = len(rows) == query.limit
    return JsonAnswer(LedgerPage(rows=rows, next=rows[-1].id if more else None))
