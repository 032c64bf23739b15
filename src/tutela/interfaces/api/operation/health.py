"""`/health`: whether the process lives, and whether it is ready to answer for the lists."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, get
from litestar.types import ASGIApp

from tutela.errors import TutelaError
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model.record import Record

OLDEST_SECONDS = 10.0
"""An index that has not agreed with the database for so long is no basis for an answer."""


class Alive(Record, frozen=True, kw_only=True):
    """The process answers."""

    status: str = "alive"


class Ready(Record, frozen=True, kw_only=True):
    """Whether this process can answer for the lists.

    Attributes:
        ready: all that follows is well.
        index_loaded: every list was loaded.
        index_age_seconds: time since the index last agreed with the database; None before that.
        index_mapped: whether the process searches the files that all processes share; it answers
            as well without them, from memory of its own.
        list_version: version of the lists that answers speak for.
        database: whether the database answers.
        decoder: whether a child that decodes files is ready.
        journal_waiting: events that wait to be made durable.
        protections: what protects the system from files that attack the decoder.
        missing_protections: what this system does not give, each with the reason.
    """

    ready: bool
    index_loaded: bool
    index_age_seconds: float | None
    index_mapped: bool
    list_version: int
    database: bool
    decoder: bool
    journal_waiting: int
    protections: tuple[str, ...]
    missing_protections: tuple[str, ...]


@get(
    "/health/live",
    permission=Permission.PUBLIC,
    about=About(summary="Is the process alive?", gives=Alive),
)
async def live(request: Request[Any, Any, Any]) -> ASGIApp:
    """Tell that the process lives. Asks nothing else: a busy database is no reason to restart."""
    del request
    return JsonAnswer(Alive())


@get(
    "/health/ready",
    permission=Permission.PUBLIC,
    about=About(summary="Is the process ready?", gives=Ready),
)
async def ready(request: Request[Any, Any, Any]) -> ASGIApp:
    """Tell whether the process can answer for the lists: 200 if so, else 503 with the same body."""
    state = await asyncio.to_thread(readiness, services_of(request))
    return JsonAnswer(state, status=200 if state.ready else 503)


def readiness(services: Services) -> Ready:
    """Look at every part that an answer needs. Blocks."""
    loaded = services.sync.ready
    age = services.sync.age_seconds
    database = _answers(services)
    # A child tells what protects the system from it before its first job, and never later.
    decoder = bool(services.decoder.protections)
    return Ready(
        ready=loaded and age <= OLDEST_SECONDS and database and decoder,
        index_loaded=loaded,
        index_age_seconds=round(age, 3) if loaded else None,
        index_mapped=services.sync.files.mapped,
        list_version=services.matcher.version,
        database=database,
        decoder=decoder,
        journal_waiting=services.journal.depth,
        protections=services.decoder.protections,
        missing_protections=services.decoder.missing_protections,
    )


def _answers(services: Services) -> bool:
    try:
        services.counts.counts()
    except TutelaError:
        return False
    return True
