"""Pages of evidence: what is kept, where it came from, until when, and who touched it.

No bytes of it reach these pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post

from tutela.errors import InvalidInput, TutelaError
from tutela.evidence.custody.wording import BOUNDS, KINDS, MOMENTS, STATES, STEPS, TOUCHES
from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.custody.evidence import custody_of
from tutela.interfaces.console.answers import page, see_other
from tutela.interfaces.console.custody.telling import in_words
from tutela.interfaces.console.pages import Problem
from tutela.interfaces.console.response.actions import problem_of
from tutela.interfaces.console.sign_in import check_csrf, read_fields, session_of
from tutela.interfaces.language import later, translator_of
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.guard import by_of
from tutela.model.custody.evidence import EvidenceKind, Item, ItemState
from tutela.model.record import Record

PER_PAGE = 50
WORDS = 500
"""Letters of a reason, at most."""
NO_REASON = later("a reason has 1 to 500 letters")


class Shown(Record, frozen=True, kw_only=True):
    """Which items a page shows, as its address says; whatever is unknown is not looked at."""

    state: ItemState | None = None
    kind: EvidenceKind | None = None
    event: str | None = None
    held: bool = False

    def address(self, **more: str) -> str:
        """The address of a page that shows these."""
        fields = {
            "state": self.state or "",
            "kind": self.kind or "",
            "event": self.event or "",
            "held": "yes" if self.held else "",
            **more,
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"/console/evidence?{query}" if query else "/console/evidence"


@get("/evidence", permission=Permission.EVIDENCE_READ)
async def list_evidence(request: Request[Any, Any, Any]) -> Response[str]:
    """How the evidence stands, and a list of it, latest first."""
    shown, after = _shown(request.query_params), request.query_params.get("after") or None
    services, now = services_of(request), datetime.now(UTC)
    found = await asyncio.to_thread(_found, services, shown, after)
    standing = await asyncio.to_thread(services.custody.items.standing, now)
    items = found[:PER_PAGE]
    older = items[-1].id if len(found) > PER_PAGE else ""
    return page(
        request,
        "evidence.html",
        items=items,
        older=shown.address(after=older) if older else "",
        latest=shown.address() if after else "",
        shown=shown,
        standing=standing,
        states=tuple(ItemState),
        kinds=tuple(EvidenceKind),
        now=now,
        may_see=may(session_of(request).role, Permission.CASES_READ),
    )


@get("/evidence/{item_id:str}", permission=Permission.EVIDENCE_READ)
async def show_evidence(request: Request[Any, Any, Any], item_id: str) -> Response[str]:
    """The custody of an item: where it came from, until when it is kept, and each touch since."""
    return await _item_page(request, item_id)


@post("/evidence/{item_id:str}/hold", permission=Permission.EVIDENCE_HOLD)
async def place_hold(request: Request[Any, Any, Any], item_id: str) -> Response[str]:
    """Place a legal hold."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        items, reason = services_of(request).custody.items, _reason(fields)
        authority = fields.get("authority", "").strip()[:WORDS]
        await asyncio.to_thread(items.hold, item_id, reason, authority, by_of(request))
    except TutelaError as error:
        return await _item_page(request, item_id, status=400, problem=problem_of(error))
    return see_other(f"/console/evidence/{item_id}#holds")


@post("/evidence/{item_id:str}/release/{hold_id:int}", permission=Permission.EVIDENCE_HOLD)
async def release_hold(
    request: Request[Any, Any, Any], item_id: str, hold_id: int
) -> Response[str]:
    """Lift a legal hold."""
    fields = await read_fields(request)
    check_csrf(request, fields)
    try:
        items, reason = services_of(request).custody.items, _reason(fields)
        await asyncio.to_thread(items.release, hold_id, reason, by_of(request))
    except TutelaError as error:
        return await _item_page(request, item_id, status=400, problem=problem_of(error))
    return see_other(f"/console/evidence/{item_id}#holds")


def _reason(fields: Mapping[str, str]) -> str:
    reason = fields.get("reason", "").strip()
    if not reason or len(reason) > WORDS:
        raise InvalidInput(NO_REASON, where="reason")
    return reason


def _found(services: Services, shown: Shown, after: str | None) -> list[Item]:
    found = services.custody.items.list(
        state=shown.state,
        kind=shown.kind,
        event_id=shown.event,
        held=shown.held or None,
        after=after,
        limit=PER_PAGE + 1,
    )
    return list(found)


async def _item_page(
    request: Request[Any, Any, Any],
    item_id: str,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response[str]:
    custody = await asyncio.to_thread(custody_of, services_of(request), item_id)
    role = session_of(request).role
    return page(
        request,
        "evidence_item.html",
        status=status,
        problem=problem,
        item=custody.item,
        holds=custody.holds,
        leaves=custody.leaves,
        now=datetime.now(UTC),
        kind_words=KINDS,
        state_words=STATES,
        step_words=STEPS,
        bound_words=BOUNDS,
        moment_words=MOMENTS,
        touch_words=TOUCHES,
        in_words=partial(in_words, texts=translator_of(request)),
        may_export=may(role, Permission.EVIDENCE_EXPORT),
        may_hold=may(role, Permission.EVIDENCE_HOLD),
        may_verify=may(role, Permission.AUDIT_READ),
        may_see=may(role, Permission.CASES_READ),
    )


def _shown(query: Mapping[str, str]) -> Shown:
    state, kind = query.get("state", ""), query.get("kind", "")
    return Shown(
        state=ItemState(state) if state in set(ItemState) else None,
        kind=EvidenceKind(kind) if kind in set(EvidenceKind) else None,
        event=query.get("event", "").strip() or None,
        held=bool(query.get("held")),
    )
