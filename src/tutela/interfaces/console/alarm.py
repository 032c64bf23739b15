"""The alarm on every page, for those who may read actions: what failed or is overdue."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request

from tutela.interfaces.access import Permission, may
from tutela.interfaces.services import services_of
from tutela.interfaces.web.guard import Connection
from tutela.response.alarms import ActionsState, state_of

ALARM = "tutela.alarm"
"""Where the state of the actions stands in the scope."""


async def look(connection: Connection, role: str) -> None:
    """See how the actions stand, if the role may know."""
    if may(role, Permission.ACTIONS_READ):
        counts = await asyncio.to_thread(services_of(connection).deliveries.counts)
        connection.scope[ALARM] = state_of(counts)  # type: ignore[literal-required]


def standing_of(request: Request[Any, Any, Any]) -> ActionsState:
    """How the actions stood when the request came, for a page that needs `actions.read`."""
    state: ActionsState = request.scope[ALARM]  # type: ignore[literal-required]
    return state


def alarm_of(request: Request[Any, Any, Any]) -> ActionsState | None:
    """What there is an alarm about; None where there is none, or none for this reader."""
    state: ActionsState | None = request.scope.get(ALARM)  # type: ignore[assignment]
    return state if state is not None and state.alarms else None
