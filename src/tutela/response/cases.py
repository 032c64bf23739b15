"""A decision that asks for a person opens a case. Review of cases comes with the review console."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tutela.model import ActionKind, Case, Decision, Event, Gap, Match, Severity

_GRAVITY = tuple(Severity)


def open_case(
    event: Event, matches: Sequence[Match], gaps: Sequence[Gap], decision: Decision
) -> Case | None:
    """The case that a decision asks for, or None.

    Its id follows from the event id, so that an event that is sent twice can never open two.
    """
    if ActionKind.OPEN_CASE not in decision.actions:
        return None
    principles = {number for reason in decision.reasons for number in reason.principles}
    return Case(
        id="case-" + hashlib.sha256(event.id.encode()).hexdigest()[:20],
        event_id=event.id,
        opened_at=event.received_at,
        drill=event.drill,
        principles=tuple(sorted(principles)),
        summary=_summary(matches, gaps),
        severity=max((reason.severity for reason in decision.reasons), key=_GRAVITY.index),
        second_look=ActionKind.SECOND_LOOK in decision.actions,
    )


def _summary(matches: Sequence[Match], gaps: Sequence[Gap]) -> str:
    """One line for a list of cases: what was found, in facts."""
    if not matches:
        return "Not checked: " + ", ".join(sorted({gap.reason.value for gap in gaps}))
    best = matches[0]
    how = f"exact ({best.kind})" if best.exact else f"{best.kind} at distance {best.distance}"
    entries = len({match.entry_id for match in matches})
    others = "" if entries == 1 else f", and {entries - 1} more"
    return f"Match in bank {best.bank}: {how}{others}"
