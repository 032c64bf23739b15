"""How actions come in: a signed webhook, carried out once, and answered with a receipt."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from litestar import Request, Response, post

from meadow.asking import Platform
from meadow.database import Connection
from meadow.duties import Asked, carry_out
from tutela.client.webhooks import NotGenuine, verify
from tutela.model import ActionMessage, Receipt


@post("/tutela", status_code=200)
async def receive(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Take one action. What is not signed by our Tutela is refused, whatever it says."""
    body = await request.body()
    try:
        message = verify(request.app.state.secrets, dict(request.headers), body)
    except NotGenuine as problem:
        return Response(str(problem).encode(), status_code=400, media_type="text/plain")
    # The receipt leaves after the transaction: "done" is never said of what a crash could undo.
    receipt = await asyncio.to_thread(take, request.app.state.platform, message)
    return Response(msgspec.json.encode(receipt), media_type="application/json")


def take(platform: Platform, message: ActionMessage) -> Receipt:
    """Carry an action out, unless that was done before; either way the receipt is the same."""
    with platform.database.begin() as connection:
        connection.execute("BEGIN IMMEDIATE")
        known = connection.execute(
            "UPDATE actions SET times = times + 1 WHERE id = ? RETURNING number, note",
            (message.id,),
        ).fetchone()
        if known is None:
            known = _carry_out(connection, message)
        return Receipt(
            id=message.id, done=True, reference=f"meadow-{known['number']}", note=known["note"]
        )


def _carry_out(connection: Connection, message: ActionMessage) -> Any:  # noqa: ANN401 - a row
    done = carry_out(
        connection,
        Asked(
            kind=message.action,
            event_id=message.event_id,
            actor=message.actor,
            receivers=message.receivers,
            seconds=message.seconds,
            notices=message.notices,
            answer=message.answer or "",
        ),
    )
    return connection.execute(
        "INSERT INTO actions (id, action, event_id, account, asked_at, done_at, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING number, note",
        (
            message.id,
            message.action,
            message.event_id,
            message.actor,
            message.decided_at.isoformat(),
            time.time(),
            done,
        ),
    ).fetchone()
