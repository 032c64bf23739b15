"""Pages of the law: every pack with its sources, what is overridden, and what was not looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from litestar import Request, Response, get

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.rules.law import RulingQuery, fresh, pack_at, proof, ruled
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.defence import whole
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.sign_in import session_of
from tutela.interfaces.services import services_of
from tutela.model import EventKind
from tutela.policy.law.records import Status
from tutela.policy.law.viewing import LawValue, case_law, summary_of, values_of
from tutela.storage.cases import CaseFile
from tutela.storage.defence.period import MOST_DAYS

LONGEST = 256
"""Characters of a region or surface that is asked about."""
ONLY: Mapping[str, Callable[[LawValue], bool]] = MappingProxyType(
    {
        "read": lambda value: value.status is Status.READ,
        "secondary": lambda value: value.status is Status.SECONDARY,
        "unsettled": lambda value: value.status is Status.UNSETTLED,
        "stale": lambda value: value.stale,
        "overridden": lambda value: bool(value.overrides),
    }
)
"""Which values of a pack a page may be asked for alone: those that a number of the list counts."""
DAYS = 30
"""Days that the proof looks back where nobody asks for others."""


@get("/law", permission=Permission.LAW_READ)
async def list_packs(request: Request[Any, Any, Any]) -> Response[str]:
    """The packs, what the operator changed in them, and the count of what was not looked at."""
    services, status, problem = services_of(request), 200, None
    try:
        days = whole(request.query_params.get("days", str(DAYS)), "number of days", MOST_DAYS)
    except InvalidInput as error:
        days, status, problem = DAYS, 400, Problem(text=error.what)
    query = request.query_params
    asked = RulingQuery(
        region=query.get("region", "").strip()[:LONGEST],
        surface=query.get("surface", "").strip()[:LONGEST],
        kind=next((one for one in EventKind if one == query.get("kind")), EventKind.UPLOAD),
    )
    summaries = [summary_of(pack, fresh(services)) for pack in services.law.packs.values()]
    counts = await asyncio.to_thread(proof, services, max(days, 1))
    return page(
        request,
        "law.html",
        status=status,
        problem=problem,
        summaries=summaries,
        operator=services.law.operator,
        law=services.settings.law,
        days=max(days, 1),
        counts=counts,
        asked=asked,
        answer=ruled(services, asked) if asked.region or asked.surface else None,
        kinds=tuple(one for one in EventKind if one is not EventKind.APPEAL),
        refused=sum(one.refused for one in counts),
        scanned=sum(one.scanned for one in counts),
    )


@get("/law/{pack:str}", permission=Permission.LAW_READ)
async def show_pack(request: Request[Any, Any, Any], pack: str) -> Response[str]:
    """One pack, as it is in force or as it was under a version, with every value's source."""
    services, version = services_of(request), request.query_params.get("version")
    only = next((one for one in ONLY if one == request.query_params.get("only")), "")
    found = await asyncio.to_thread(pack_at, services, pack, version)
    limit = fresh(services)
    return page(
        request,
        "pack.html",
        summary=summary_of(found, limit),
        values=[one for one in values_of(found, limit) if not only or ONLY[only](one)],
        only=only,
        version=version or "",
        versions=await asyncio.to_thread(services.law_versions.list, pack),
        stale_days=limit.days,
    )


def law_of_case(request: Request[Any, Any, Any], file: CaseFile) -> dict[str, Any]:
    """What the panel "Law of the place" shows of a case."""
    services = services_of(request)
    found = case_law(
        services.law, file.event.region, file.outcome.law, file.case.opened_at, fresh(services)
    )
    shown = found if may(session_of(request).role, Permission.LAW_READ) else None
    return {"law": shown, "now": datetime.now(UTC)}
