"""What is kept of a case's event, for its page."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request

from tutela.evidence.custody.wording import STEPS
from tutela.interfaces.access import Permission, may
from tutela.interfaces.console.sign_in import session_of
from tutela.interfaces.services import services_of


async def evidence_of(request: Request[Any, Any, Any], event_id: str) -> dict[str, Any]:
    """What the template `evidence_panel.html` needs; nothing for who may not read evidence."""
    if not may(session_of(request).role, Permission.EVIDENCE_READ):
        return {"kept": None, "step_words": STEPS}
    items = services_of(request).custody.items
    return {"kept": await asyncio.to_thread(items.of_event, event_id), "step_words": STEPS}
