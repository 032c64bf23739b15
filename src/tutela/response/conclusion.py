"""From facts to an outcome, for live events and findings in the past alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tutela.model import Case, Delivery, Event, Gap, Match, Outcome, Ruling, Silenced, Verdict
from tutela.model.custody.evidence import NewItem
from tutela.policy.current import InForce
from tutela.policy.facts import Facts
from tutela.response.cases import open_case
from tutela.response.routing import Routes
from tutela.storage.journal import Shadowed
from tutela.storage.review.opening import Contested

NOWHERE = Routes()
"""No destination: what is decided stands in the answer only."""


class Conclusion(NamedTuple):
    """All that came of an event, in the order in which `Journal.record` takes it."""

    event: Event
    outcome: Outcome
    case: Case | None
    sent: tuple[Delivery, ...]
    shadow: Shadowed | None
    items: tuple[NewItem, ...] = ()
    contested: Contested | None = None


def conclude(
    event: Event,
    matches: tuple[Match, ...],
    gaps: tuple[Gap, ...],
    *,
    policy: InForce,
    list_version: int,
    silenced: tuple[Silenced, ...] = (),
    law: Ruling | None = None,
    routes: Routes = NOWHERE,
) -> Conclusion:
    """Decide about an event that was compared.

    Args:
        event: the event with its contents.
        matches: those that count as findings, closest first.
        gaps: every part that was not compared.
        policy: what decides, and what decides in its shadow.
        list_version: version of the lists that the event was compared with.
        silenced: matches that do not count as findings.
        law: what the law of the place says of scanning.
        routes: where actions are sent.
    """
    verdict = verdict_of(matches, gaps)
    facts = Facts.of(event, verdict, matches, gaps, silenced, law)
    decision = policy.live.decide(facts)
    case = open_case(event, matches, gaps, decision)
    outcome = Outcome(
        event_id=event.id,
        verdict=verdict,
        received_at=event.received_at,
        drill=event.drill,
        list_version=list_version,
        matches=matches,
        gaps=gaps,
        decision=decision,
        case_id=case.id if case else None,
        silenced=silenced,
        law=law,
    )
    sent = routes.deliveries(event, decision, case, event.received_at)
    return Conclusion(event, outcome, case, sent, policy.in_shadow(facts, decision))


def verdict_of(matches: Sequence[Match], gaps: Sequence[Gap]) -> Verdict:
    """A match outweighs a gap; a gap is never clear."""
    if matches:
        return Verdict.MATCH
    return Verdict.NOT_CHECKED if gaps else Verdict.CLEAR
