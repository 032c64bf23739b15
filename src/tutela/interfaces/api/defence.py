"""Defence against false matches: previews, parked entries, and what was silenced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model import Parking
from tutela.model.bank import Distance, Text
from tutela.model.record import Record
from tutela.storage.defence.parkings import EXEMPT_HOURS, MOST_HOURS
from tutela.storage.defence.period import MOST_DAYS
from tutela.storage.defence.preview import Preview, preview
from tutela.storage.defence.suppressions import Suppressions, suppressions

DAYS = 30
GREATEST = 2**62
"""Beyond every number of a parking."""

Days = Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)]


class PreviewQuery(Record, frozen=True, kw_only=True):
    """Which distance to think of, in bits, and how many days to look back."""

    distance: Distance
    days: Days = DAYS


class SuppressionsQuery(Record, frozen=True, kw_only=True):
    """How many days to look back."""

    days: Days = DAYS


class ParkingsQuery(Record, frozen=True, kw_only=True):
    """Those that wait, or with `decided` those that were decided; at most `limit`."""

    decided: bool = False
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class ParkingsAnswer(Record, frozen=True, kw_only=True):
    """Parkings, latest first."""

    parkings: Sequence[Parking]


class Choice(StrEnum):
    """What a curator may decide."""

    RELEASE = "release"
    TIGHTEN = "tighten"
    DISABLE = "disable"


class ParkingDocument(Record, frozen=True, kw_only=True):
    """What is decided about a parked entry.

    Attributes:
        choice: `release` it, `tighten` its distance, or `disable` it.
        distance: with `tighten`: its new distance in bits, smaller than now.
        hours: with `release`: for how long it is not parked again; a week without it.
        note: why; it is kept with the decision.
    """

    choice: Choice
    distance: Distance | None = None
    hours: Annotated[int, msgspec.Meta(ge=1, le=MOST_HOURS)] | None = None
    note: Text = ""


_DECISION = msgspec.json.Decoder(ParkingDocument)


@get(
    "/v1/banks/{name:str}/preview",
    permission=Permission.DEFENCE_READ,
    about=About(summary="Preview a smaller distance", query=PreviewQuery, gives=Preview),
)
async def preview_distance(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Tell which findings of the last days a bank would lose at a smaller distance."""
    query = read_query(request, PreviewQuery)
    found = await asyncio.to_thread(
        previewed, services_of(request), name, distance=query.distance, days=query.days
    )
    return JsonAnswer(found)


@get(
    "/v1/parkings",
    permission=Permission.DEFENCE_READ,
    about=About(summary="List parked entries", query=ParkingsQuery, gives=ParkingsAnswer),
)
async def list_parkings(request: Request[Any, Any, Any]) -> ASGIApp:
    """List the entries that are parked until somebody decides, or what was decided."""
    query = read_query(request, ParkingsQuery)
    parkings = services_of(request).parkings
    found = await asyncio.to_thread(parkings.list, decided=query.decided, limit=query.limit)
    return JsonAnswer(ParkingsAnswer(parkings=found))


@get(
    "/v1/parkings/{parking_id:int}",
    permission=Permission.DEFENCE_READ,
    about=About(summary="Read one parking", gives=Parking),
)
async def read_parking(request: Request[Any, Any, Any], parking_id: FromPath[int]) -> ASGIApp:
    """Read a parking with some of the events that the entry matched."""
    number = within(parking_id)
    return JsonAnswer(await asyncio.to_thread(services_of(request).parkings.get, number))


@post(
    "/v1/parkings/{parking_id:int}/decision",
    status_code=200,
    permission=Permission.DEFENCE_DECIDE,
    about=About(summary="Decide about a parked entry", takes=ParkingDocument, gives=Parking),
)
async def decide_parking(request: Request[Any, Any, Any], parking_id: FromPath[int]) -> ASGIApp:
    """Release, tighten or disable a parked entry. It counts within a second everywhere."""
    wanted = await read_json(request, _DECISION)
    by = by_of(request)
    number = within(parking_id)
    return JsonAnswer(await asyncio.to_thread(decide, services_of(request), number, wanted, by=by))


@get(
    "/v1/suppressions",
    permission=Permission.DEFENCE_READ,
    about=About(summary="Count what was silenced", query=SuppressionsQuery, gives=Suppressions),
)
async def read_suppressions(request: Request[Any, Any, Any]) -> ASGIApp:
    """Count the matches that did not count: by reason, bank, entry and day."""
    query = read_query(request, SuppressionsQuery)
    database = services_of(request).database
    return JsonAnswer(await asyncio.to_thread(suppressions, database, days=query.days))


def previewed(services: Services, bank: str, *, distance: int, days: int) -> Preview:
    """The preview of a bank; blocks, and raises as `preview`."""
    perceptual = [kind.name for kind in services.kinds if not kind.exact]
    return preview(services.database, bank, distance=distance, days=days, perceptual=perceptual)


def decide(services: Services, number: int, wanted: ParkingDocument, *, by: str) -> Parking:
    """Decide about a parked entry, with effect in this process at once. Blocks.

    Raises:
        NotFound: there is no such parking.
        InvalidInput: the choice lacks its distance, or has what belongs to another.
        Conflict: it was decided already, or the entry is gone.
    """
    _check(wanted)
    parkings, note = services.parkings, wanted.note
    match wanted.choice:
        case Choice.RELEASE:
            hours = wanted.hours or EXEMPT_HOURS
            decided = parkings.release(number, by=by, hours=hours, note=note)
        case Choice.TIGHTEN:
            distance = wanted.distance or 0
            decided = parkings.tighten(number, by=by, distance=distance, note=note)
        case Choice.DISABLE:
            decided = parkings.disable(number, by=by, note=note)
    services.sync.refresh()
    services.quarantine.refresh()
    return decided


def within(number: int) -> int:
    """A number that a database can hold; one that it cannot is none that exists."""
    return number if 0 <= number < GREATEST else GREATEST


def _check(wanted: ParkingDocument) -> None:
    tightens = wanted.choice is Choice.TIGHTEN
    if tightens != (wanted.distance is not None):
        what = "tightening needs a distance" if tightens else "only tightening has a distance"
        raise InvalidInput(what, where="distance")
    if wanted.hours is not None and wanted.choice is not Choice.RELEASE:
        raise InvalidInput("only a release has hours", where="hours")
