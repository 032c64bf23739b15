"""`/v1/actors`: what is counted of an actor's account, without any words of theirs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model.actor import AccountSignals
from tutela.model.record import Record


class ActorQuery(Record, frozen=True, kw_only=True):
    """Whether drills are counted, and nothing else; or everything but drills."""

    drill: bool = False


class ActorSignals(Record, frozen=True, kw_only=True):
    """What is counted of an actor's account. It proves nothing of a person.

    Attributes:
        actor: the platform's id of the actor.
        drill: whether drills were counted.
        known: whether anything was ever told of the actor, and is not forgotten yet.
        at: the moment that the days are counted back from.
        signals: what the counters come to. Nothing is known of how old the account is.
    """

    actor: str
    drill: bool
    known: bool
    at: datetime
    signals: AccountSignals


@get(
    "/v1/actors/{actor_id:str}/signals",
    permission=Permission.EVENTS_READ,
    about=About(summary="Read what is counted of an account", query=ActorQuery, gives=ActorSignals),
)
async def read_signals(request: Request[Any, Any, Any], actor_id: FromPath[str]) -> ASGIApp:
    """Read whom an account writes to first and who answers, from the messages that were told.

    These counters need no text and work where messages are encrypted end to end. An actor of whom
    nothing was told has `known` false, and no numbers to draw anything from.
    """
    query, book = read_query(request, ActorQuery), services_of(request).conversations.book
    at = datetime.now(UTC)

    def read() -> ActorSignals:
        known, signals = book.signals(actor_id, drill=query.drill, at=at)
        return ActorSignals(actor=actor_id, drill=query.drill, known=known, at=at, signals=signals)

    return JsonAnswer(await asyncio.to_thread(read))
