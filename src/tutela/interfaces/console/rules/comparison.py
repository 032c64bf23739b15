"""The page that compares a policy in shadow with the one in force."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get

from tutela.interfaces.access import Permission, may
from tutela.interfaces.api.rules.policy import ComparisonQuery, compared
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.sign_in import session_of
from tutela.interfaces.services import services_of


@get("/policy/comparison", permission=Permission.POLICY_READ)
async def show_comparison(request: Request[Any, Any, Any]) -> Response[str]:
    """How often a policy in shadow decided otherwise than the one in force, what, and where."""
    services, role = services_of(request), session_of(request).role
    query = request.query_params
    wanted = ComparisonQuery(policy=query.get("policy") or None, live=query.get("live") or None)
    found = await asyncio.to_thread(compared, services, wanted)
    return page(
        request,
        "comparison.html",
        found=found,
        live=wanted.live or "",
        share=found.differed / found.decided if found.decided else 0.0,
        may_see=may(role, Permission.CASES_READ),
    )
