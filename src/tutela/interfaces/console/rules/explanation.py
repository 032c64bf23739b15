"""The page that explains a decision: the facts, each rule, and what became of it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get

from tutela.interfaces.access import Permission
from tutela.interfaces.api.rules.explanation import explained
from tutela.interfaces.console.answers import page
from tutela.interfaces.services import services_of

ITEMS = 10
"""Items of a list of facts that are shown."""


@get("/events/{event_id:str}/explanation", permission=Permission.CASES_READ)
async def show_explanation(request: Request[Any, Any, Any], event_id: str) -> Response[str]:
    """Why the policy that decided about an event did so, or another would."""
    version = request.query_params.get("policy") or None
    found = await asyncio.to_thread(explained, services_of(request), event_id, version)
    return page(
        request,
        "explanation.html",
        found=found,
        facts=[(fact.name, *_shown(fact.value), fact.known) for fact in found.now.facts],
        rules=sorted(found.now.rules, key=lambda rule: rule.became != "held"),
    )


def _shown(value: Any) -> tuple[str, int]:  # noqa: ANN401 - as in JSON
    """A fact as JSON; of a long list the first items, and how many more there are."""
    if not isinstance(value, list) or len(value) <= ITEMS:
        return msgspec.json.encode(value).decode(), 0
    return msgspec.json.encode(value[:ITEMS]).decode(), len(value) - ITEMS
