"""A decision that asks for a person opens a case. Review of cases comes with the review console."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tutela.model import ActionKind, Case, Decision, Event, Gap, GapReason, Match, Severity

_GRAVITY = tuple(Severity)
_FOR_A_PERSON = frozenset({ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK})
_TOLD_OF = frozenset({GapReason.NO_CONTENT, GapReason.NOT_PERMITTED})
"""What was not looked at is no obstacle there: the case is about what was told of the event."""


def open_case(
    event: Event, matches: Sequence[Match], gaps: Sequence[Gap], decision: Decision
) -> Case | None:
    """The case that a decision asks for, or None.

    Its id follows from the event id, so that an event that is sent twice can never open two.
    """
    if _FOR_A_PERSON.isdisjoint(decision.actions):
        return None
    principles = {number for reason in decision.reasons for number in reason.principles}
    return Case(
        id="case-" + hashlib.sha256(event.id.encode()).hexdigest()[:20],
        event_id=event.id,
        opened_at=event.received_at,
        drill=event.drill,
        principles=tuple(sorted(principles)),
        summary=_summary(event, matches, gaps, decision),
        severity=max((reason.severity for reason in decision.reasons), key=_GRAVITY.index),
        second_look=ActionKind.SECOND_LOOK in decision.actions,
        imminent=any(reason.imminent for reason in decision.reasons),
    )


def _summary(
    event: Event, matches: Sequence[Match], gaps: Sequence[Gap], decision: Decision
) -> str:
    """One line for a list of cases: what was found, in facts."""
    unseen = {gap.reason for gap in gaps} - _TOLD_OF
    if not matches and unseen:
        return "Not checked: " + ", ".join(sorted(reason.value for reason in unseen))
    if not matches:
        grave = [one.rule for one in decision.reasons if one.severity is not Severity.LOW]
        rules = grave or [one.rule for one in decision.reasons]
        return f"{event.kind.value.capitalize()}, by rule: " + ", ".join(rules)
    best = matches[0]
    how = f"exact ({best.kind})" if best.exact else f"{best.kind} at distance {best.distance}"
    entries = len({match.entry_id for match in matches})
    others = "" if entries == 1 else f", and {entries - 1} more"
    return f"Match in bank {best.bank}: {how}{others}"
