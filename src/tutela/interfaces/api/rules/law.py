"""`/v1/law`: jurisdiction packs, rulings, and the count of what was not looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import NotFound
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model import EventKind, Ruling, SurfaceClass
from tutela.model.record import Record
from tutela.policy.law.records import Pack, kept_pack
from tutela.policy.law.viewing import (
    Freshness,
    LawValue,
    PackSummary,
    pack_named,
    summary_of,
    values_of,
)
from tutela.storage.law import LawCount

Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
Named = Annotated[str, msgspec.Meta(max_length=256)]


class LawAnswer(Record, frozen=True, kw_only=True):
    """The law as it holds for this service.

    Attributes:
        packs: every pack, with what the operator changed in it.
        surfaces: what the operator says that surfaces of the platform are.
        other_surfaces: what any other surface counts as; None where the operator does not say.
        home: region of events that name none; empty for none.
        without_pack: what is done where no pack covers the place: `scan` or `refuse`.
        stale_days: age after which a value is one to check again.
    """

    packs: Sequence[PackSummary]
    surfaces: Mapping[str, SurfaceClass]
    other_surfaces: SurfaceClass | None
    home: str
    without_pack: str
    stale_days: int


class PackQuery(Record, frozen=True, kw_only=True):
    """Which state of the pack: the one in force, or a `version` that an outcome names."""

    version: Annotated[str, msgspec.Meta(max_length=128)] | None = None


class PackAnswer(Record, frozen=True, kw_only=True):
    """A pack with every value, its source, the day it was checked, and how sure it is."""

    summary: PackSummary
    values: Sequence[LawValue]


class RulingQuery(Record, frozen=True, kw_only=True):
    """An event's region, surface and kind, as it would be handed in."""

    region: Named = ""
    surface: Named = ""
    kind: EventKind = EventKind.UPLOAD


class RulingAnswer(Record, frozen=True, kw_only=True):
    """What holds for content of a region and surface.

    Attributes:
        surface_class: what the surface counts as.
        named: whether the operator's file, or the name itself, says so; else it counts as every
            surface that nobody has named.
        may_scan: whether its content would be looked at.
        ruling: what an outcome would carry; None where no pack covers the place.
    """

    surface_class: SurfaceClass
    named: bool
    may_scan: bool
    ruling: Ruling | None


class ProofQuery(Record, frozen=True, kw_only=True):
    """How many days to look back, today included."""

    days: Days = 30


class ProofAnswer(Record, frozen=True, kw_only=True):
    """Events by day (UTC), pack and class of surface, latest day first."""

    counts: Sequence[LawCount]


@get(
    "/v1/law",
    permission=Permission.LAW_READ,
    about=About(summary="List the jurisdiction packs", gives=LawAnswer),
)
async def read_law(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read which packs there are, what is overridden in them, and what surfaces count as."""
    services = services_of(request)
    operator = services.law.operator
    return JsonAnswer(
        LawAnswer(
            packs=[summary_of(pack, fresh(services)) for pack in services.law.packs.values()],
            surfaces=operator.surfaces,
            other_surfaces=operator.other_surfaces,
            home=operator.home,
            without_pack=services.settings.law.without_pack,
            stale_days=services.settings.law.stale_days,
        )
    )


@get(
    "/v1/law/ruling",
    permission=Permission.LAW_READ,
    about=About(summary="Ask what may be scanned", query=RulingQuery, gives=RulingAnswer),
)
async def read_ruling(request: Request[Any, Any, Any]) -> ASGIApp:
    """Ask whether content of a region and a surface would be looked at, and why."""
    return JsonAnswer(ruled(services_of(request), read_query(request, RulingQuery)))


@get(
    "/v1/law/proof",
    permission=Permission.LAW_READ,
    about=About(summary="Count what was not looked at", query=ProofQuery, gives=ProofAnswer),
)
async def read_proof(request: Request[Any, Any, Any]) -> ASGIApp:
    """Count the events whose content was looked at, and those where the law said no.

    Events without content count in neither.
    """
    services = services_of(request)
    days = read_query(request, ProofQuery).days
    return JsonAnswer(ProofAnswer(counts=await asyncio.to_thread(proof, services, days)))


@get(
    "/v1/law/{pack:str}",
    permission=Permission.LAW_READ,
    about=About(summary="Read one jurisdiction pack", query=PackQuery, gives=PackAnswer),
)
async def read_pack(request: Request[Any, Any, Any], pack: FromPath[str]) -> ASGIApp:
    """Read every value of a pack, as it is in force or as it was under a version."""
    services = services_of(request)
    version = read_query(request, PackQuery).version
    found = await asyncio.to_thread(pack_at, services, pack, version)
    limit = fresh(services)
    return JsonAnswer(PackAnswer(summary=summary_of(found, limit), values=values_of(found, limit)))


def pack_at(services: Services, name: str, version: str | None) -> Pack:
    """A pack in force, or as it was under a version. Blocks; errors as for `kept_pack`.

    Raises:
        NotFound: there is no such pack or version.
    """
    if version is None:
        return pack_named(services.law, name)
    kept = services.law_versions.get(version)
    if kept.pack != name:
        raise NotFound("this version is of another pack", where="version")
    return kept_pack(version, kept.text)


def ruled(services: Services, asked: RulingQuery) -> RulingAnswer:
    """What holds for content of a region and surface."""
    ruling = services.law.ruling(asked.region, asked.surface, asked.kind)
    return RulingAnswer(
        surface_class=services.law.class_of(asked.surface, asked.kind),
        named=services.law.named(asked.surface),
        may_scan=ruling is None or ruling.may_scan,
        ruling=ruling,
    )


def proof(services: Services, days: int) -> Sequence[LawCount]:
    """The counts of some days, today included. Blocks."""
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    return services.law_proof.counts(since)


def fresh(services: Services) -> Freshness:
    """Which values count as stale today."""
    return Freshness(today=datetime.now(UTC).date(), days=services.settings.law.stale_days)
