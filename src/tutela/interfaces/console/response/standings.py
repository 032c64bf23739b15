"""Where the actions of a decision stand, for the pages of events and cases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request

from tutela.interfaces.access import Permission, may
from tutela.interfaces.console.response.actions import will_change
from tutela.interfaces.console.sign_in import session_of
from tutela.interfaces.services import services_of
from tutela.model import Outcome
from tutela.response.standing import standing


async def standings(request: Request[Any, Any, Any], outcome: Outcome) -> dict[str, Any]:
    """What the template `standing.html` needs; it shows nothing to who may not read actions."""
    now = datetime.now(UTC)
    if not may(session_of(request).role, Permission.ACTIONS_READ):
        return {"standings": None, "going_on": False, "now": now}
    deliveries = services_of(request).deliveries
    sent = await asyncio.to_thread(deliveries.of_event, outcome.event_id)
    return {
        "standings": standing(outcome.decision, sent),
        "going_on": any(will_change(one, now) for one in sent),
        "now": now,
    }
