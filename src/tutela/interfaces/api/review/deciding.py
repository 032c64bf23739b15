"""Claims and readings over the API: for people who work with a tool of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import structs

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.review.saying import CaseChoices, check_said, choices_for
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import EmptyAnswer, JsonAnswer
from tutela.interfaces.web.guard import account_of, by_of, caller_of
from tutela.model.record import Record
from tutela.model.review.queue import QueueName
from tutela.model.review.reading import Reading
from tutela.response.review.stacks import different
from tutela.storage.review.claims import Claim
from tutela.storage.review.readings import NewReading, SaidReading

T = TypeVar("T")


class Wanted(Record, frozen=True, kw_only=True):
    """Which case is wanted: of one queue, or of all."""

    queue: QueueName | None = None


class NextCase(Record, frozen=True, kw_only=True):
    """The case that was claimed; None where none is waiting."""

    claim: Claim | None


class RenewedClaim(Record, frozen=True, kw_only=True):
    """Until when a claim holds now."""

    until: datetime


class GivenReading(SaidReading, frozen=True, kw_only=True):
    """What a person says of a case; see `Reading`.

    Attributes:
        claim: token of the claim under which it is given.
    """

    claim: str


class ReadingsAnswer(Record, frozen=True, kw_only=True):
    """Every reading of a case, the undone included, oldest first."""

    readings: Sequence[Reading]


_WANTED = msgspec.json.Decoder(Wanted)
_GIVEN = msgspec.json.Decoder(GivenReading)


@post(
    "/v1/review/next",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Claim the case that comes first", takes=Wanted, gives=NextCase),
)
async def claim_next(request: Request[Any, Any, Any]) -> ASGIApp:
    """Claim the case that comes first for the person who asks, of one queue or of all."""
    wanted, services = await read_json(request, _WANTED), services_of(request)
    settle, by = caller_of(request).may(Permission.REVIEW_SETTLE), by_of(request)

    def claim(account_id: str) -> Claim | None:
        services.gathering.gather()
        return services.taking.next(account_id, queue=wanted.queue, settle=settle, by=by)

    return JsonAnswer(NextCase(claim=await _as_person(request, claim)))


@post(
    "/v1/cases/{case_id:str}/claim",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Claim a certain case", gives=Claim),
)
async def claim_case(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Claim a certain case; whoever holds it already keeps the claim, for longer."""
    services, by = services_of(request), by_of(request)
    settle = caller_of(request).may(Permission.REVIEW_SETTLE)
    return JsonAnswer(
        await _as_person(
            request, lambda who: services.claims.take(case_id, who, settle=settle, by=by)
        )
    )


@post(
    "/v1/cases/{case_id:str}/renew",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Hold a claim for longer", gives=RenewedClaim),
)
async def renew_claim(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Hold a claimed case for another lease, as somebody who is still at it does now and then."""
    claims = services_of(request).claims
    until = await _as_person(request, lambda who: claims.renew(case_id, who))
    return JsonAnswer(RenewedClaim(until=until))


@post(
    "/v1/cases/{case_id:str}/hand-back",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Hand a case back", status=204),
)
async def hand_back(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Give a claimed case back to its queue."""
    services, by = services_of(request), by_of(request)
    await _as_person(request, lambda who: services.claims.hand_back(case_id, who, by=by))
    return EmptyAnswer()


@post(
    "/v1/cases/{case_id:str}/pass",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Pass a case on", status=204),
)
async def pass_on(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Give a claimed case back and never get it again. It needs no reason."""
    services, by = services_of(request), by_of(request)
    await _as_person(request, lambda who: services.claims.pass_on(case_id, who, by=by))
    return EmptyAnswer()


@get(
    "/v1/cases/{case_id:str}/choices",
    permission=Permission.CASES_READ,
    about=About(summary="Read what may be said of a case", gives=CaseChoices),
)
async def read_choices(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Read the categories and reasons that a reading may name, and whether one must look."""
    return JsonAnswer(await asyncio.to_thread(choices_for, services_of(request), case_id))


@get(
    "/v1/cases/{case_id:str}/readings",
    permission=Permission.REVIEW_LEAD,
    about=About(summary="List the readings of a case", gives=ReadingsAnswer),
)
async def list_readings(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """List what people made of a case, by pseudonym. Not for readers, who read without it."""
    found = await asyncio.to_thread(services_of(request).readings.of, case_id)
    return JsonAnswer(ReadingsAnswer(readings=[structs.replace(one, account="") for one in found]))


@post(
    "/v1/cases/{case_id:str}/readings",
    permission=Permission.REVIEW_WORK,
    about=About(summary="Decide about a case", takes=GivenReading, gives=Reading, status=201),
)
async def give_reading(request: Request[Any, Any, Any], case_id: FromPath[str]) -> ASGIApp:
    """Say what the case is, under a claim. Sent again, it is the same reading."""
    given = await read_json(request, _GIVEN)
    services, by = services_of(request), by_of(request)

    def give(account_id: str) -> Reading:
        check_said(services, case_id, given)
        said = {name: getattr(given, name) for name in SaidReading.__struct_fields__}
        new = NewReading(**said, stacks=different(services.cases, case_id))
        reading = services.readings.give(given.claim, new, account_id, by=by, case_id=case_id)
        return structs.replace(reading, account="")

    return JsonAnswer(await _as_person(request, give), status=201)


@post(
    "/v1/readings/{reading_id:int}/undo",
    status_code=200,
    permission=Permission.REVIEW_WORK,
    about=About(summary="Take a reading back", gives=Reading),
)
async def undo_reading(request: Request[Any, Any, Any], reading_id: FromPath[int]) -> ASGIApp:
    """Take a reading of one's own back, while it does not count yet."""
    services, by = services_of(request), by_of(request)
    return JsonAnswer(
        await _as_person(request, lambda who: services.readings.undo(reading_id, who, by=by))
    )


async def _as_person(request: Request[Any, Any, Any], work: Callable[[str], T]) -> T:
    """Do something in the name of whoever asks, who must be a person; off the event loop."""
    return await asyncio.to_thread(lambda: work(account_of(request).id))
