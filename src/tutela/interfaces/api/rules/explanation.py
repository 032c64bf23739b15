"""`/v1/events/{id}/explanation`: why a policy decides as it does about a stored event."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import BadConfiguration
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.problems import Unprocessable
from tutela.model import Decision
from tutela.model.record import Record
from tutela.policy.current import facts_needed
from tutela.policy.explaining.explanation import Explanation
from tutela.policy.facts import Facts
from tutela.storage.past.origins import Past


class ExplanationQuery(Record, frozen=True, kw_only=True):
    """Which policy is to explain itself: a version that is kept, else the one that decided."""

    policy: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None


class ExplanationDocument(Record, frozen=True, kw_only=True):
    """Why a policy decides as it does about an event.

    Attributes:
        event_id: the event.
        then: what was decided when it came in.
        now: each rule of the policy, and what became of it.
    """

    event_id: str
    then: Decision
    now: Explanation


@get(
    "/v1/events/{event_id:str}/explanation",
    permission=Permission.CASES_READ,
    about=About(summary="Explain a decision", query=ExplanationQuery, gives=ExplanationDocument),
)
async def read_explanation(request: Request[Any, Any, Any], event_id: FromPath[str]) -> ASGIApp:
    """Read why the policy decided as it did: the facts, every rule, what the guard changed.

    Facts that were not stored with the event are named, and nothing is guessed in their place.
    """
    query = read_query(request, ExplanationQuery)
    services = services_of(request)
    return JsonAnswer(await asyncio.to_thread(explained, services, event_id, query.policy))


def explained(services: Services, event_id: str, version: str | None) -> ExplanationDocument:
    """Why a policy decides as it does about an event. Blocks.

    Raises:
        NotFound: there is no such event, or the version is not kept.
        Unprocessable: it is an appeal, or this release of the program cannot load the version.
    """
    decided = Past(services.database).decided_one(event_id)
    event, then = decided.file.event, decided.file.outcome
    if event.appeal is not None:
        raise Unprocessable("no rule decides about an appeal: people do", where="event")
    try:
        policy = services.versions.load(version or then.decision.policy_version)
    except BadConfiguration as problem:
        raise Unprocessable(
            f"this release of the program cannot load that policy: {problem.what}",
            where=problem.where,
            remedy="name another version",
        ) from None
    facts = Facts.of(event, then.verdict, then.matches, then.gaps, then.silenced, then.law)
    unknown = decided.unknown(facts_needed(policy))
    return ExplanationDocument(
        event_id=event_id, then=then.decision, now=policy.explain(facts, unknown)
    )
