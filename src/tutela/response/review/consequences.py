"""What follows from what people decided about a case: the actions that are sent for its events."""

from __future__ import annotations

from datetime import datetime

from tutela.model import ActionKind, Decision, Delivery, Reason
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.asked import FELT, STRONGEST_FIRST
from tutela.policy.policy import Policy
from tutela.response.routing import Routes
from tutela.storage.cases import CaseFile
from tutela.storage.review.readings import Settled

NAME = "review"
"""Name of the reason that the consequences of a review give."""


def consequences(
    file: CaseFile, settled: Settled, policy: Policy, routes: Routes, at: datetime
) -> tuple[Delivery, ...]:
    """What is sent for one event of a case.

    A second decision of the same outcome orders nothing anew. Nothing is put back where nothing was
    done that a user feels: nobody is told of a suspicion that never touched them.

    Args:
        file: the event, with the decision that opened its case.
        settled: what people decided, and what had been carried out before.
        policy: the policy in force; its part on review counts.
        routes: where actions are sent.
        at: when.
    """
    follows = policy.review.follows(settled.outcome)
    ordered = set(follows.actions)
    if settled.before is settled.outcome:
        return ()
    if not _was_felt(file, settled):
        ordered.discard(ActionKind.RESTORE)
    decision = Decision(
        policy_version=policy.version,
        actions=tuple(kind for kind in STRONGEST_FIRST if kind in ordered),
        reasons=(
            Reason(
                rule=NAME,
                text=f"A person decided: {settled.outcome}.",
                principles=file.case.principles,
                notice=settled.reading.statement or follows.notice,
                severity=file.case.severity,
            ),
        ),
        orders=tuple(order for order in follows.orders if order.kind in ordered),
    )
    again = f"reading {settled.reading.id}"
    return routes.deliveries(file.event, decision, file.case, at, again=again)


def _was_felt(file: CaseFile, settled: Settled) -> bool:
    """Whether anything was done to the user concerned, by a rule or after an earlier decision."""
    overturned = settled.before in (ReviewOutcome.CONFIRMED, ReviewOutcome.VIOLATION)
    return overturned or not set(FELT).isdisjoint(file.outcome.decision.actions)
