"""From facts to an outcome, for live events and findings in the past alike."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model import Case, Event, Gap, Match, Outcome, Silenced, Verdict
from tutela.policy.facts import Facts
from tutela.policy.policy import Policy
from tutela.response.cases import open_case


def conclude(
    event: Event,
    matches: tuple[Match, ...],
    gaps: tuple[Gap, ...],
    *,
    policy: Policy,
    list_version: int,
    silenced: tuple[Silenced, ...] = (),
) -> tuple[Outcome, Case | None]:
    """Decide about an event that was compared.

    Args:
        event: the event with its contents.
        matches: those that count as findings, closest first.
        gaps: every part that was not compared.
        policy: what decides.
        list_version: version of the lists that the event was compared with.
        silenced: matches that do not count as findings.
    """
    verdict = verdict_of(matches, gaps)
    decision = policy.decide(Facts.of(event, verdict, matches, gaps, silenced))
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
    )
    return outcome, case


def verdict_of(matches: Sequence[Match], gaps: Sequence[Gap]) -> Verdict:
    """A match outweighs a gap; a gap is never clear."""
    if matches:
        return Verdict.MATCH
    return Verdict.NOT_CHECKED if gaps else Verdict.CLEAR
