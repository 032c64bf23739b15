"""What follows from what people decided about an appeal.

Granted, what was done is undone; upheld, nothing changes. Either way everybody who appealed is told
by an `answer`, which the platform gets by its destinations as it gets every action.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tutela.model import ActionKind, Decision, Delivery, Reason
from tutela.model.review.appeal import AppealOutcome
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.asked import FELT, STRONGEST_FIRST
from tutela.policy.policy import Policy
from tutela.response.review.appealing import NAME
from tutela.response.review.consequences import consequences
from tutela.response.review.settling import Following, Sent
from tutela.response.review.statement import answered
from tutela.response.routing import Routes
from tutela.storage.cases import CaseFile
from tutela.storage.review.opening import Contested
from tutela.storage.review.readings import Settled


def appeal_outcome(outcome: ReviewOutcome) -> AppealOutcome | None:
    """What comes of an appeal that is read so; None where the reader cannot tell."""
    if outcome is ReviewOutcome.UNSURE:
        return None
    harmless = outcome is ReviewOutcome.HARMLESS
    return AppealOutcome.GRANTED if harmless else AppealOutcome.UPHELD


def _outcome_of(settled: Settled) -> AppealOutcome:
    return appeal_outcome(settled.outcome) or AppealOutcome.UPHELD


def following(
    policy: Callable[[], Policy],
    routes: Callable[[], Routes],
    contested: Callable[[str], Contested],
) -> Following:
    """What follows from decisions, as things stand when they count.

    Args:
        policy: gives the policy in force.
        routes: gives where actions are sent.
        contested: gives what the appeal of a case contests.
    """
    return Following(
        case=lambda file, settled, at: consequences(file, settled, policy(), routes(), at),
        appeal=lambda files, settled, at: answers(
            files, contested(settled.case_id), settled, policy(), routes(), at
        ),
    )


def answers(
    files: Sequence[CaseFile],
    contested: Contested,
    settled: Settled,
    policy: Policy,
    routes: Routes,
    at: datetime,
) -> Sent:
    """What follows from an appeal. What a case that waits is about stays there to be seen.

    Args:
        files: the appeals of the case; several people may contest the same.
        contested: what they contest.
        settled: what people decided, and what had been carried out before.
        policy: the policy in force; its part on review counts.
        routes: where actions are sent.
        at: when.
    """
    about = contested.event.id
    waits = contested.settled is None and contested.outcome.case_id is not None
    ordered: dict[str, Sequence[Delivery]] = {}
    if settled.before is not settled.outcome:
        parts = (settled, policy, routes, at)
        ordered = {file.event.id: _answer(file, *parts) for file in files}
        ordered[about] = _undoing(files[0], contested, *parts)
    return Sent(ordered, () if waits else (about,))


def _answer(
    file: CaseFile, settled: Settled, policy: Policy, routes: Routes, at: datetime
) -> tuple[Delivery, ...]:
    """The person who appealed is told."""
    outcome = _outcome_of(settled)
    notice = settled.reading.statement or answered(outcome, language=file.event.language)
    decision = _decision(policy, file, (ActionKind.ANSWER,), outcome, notice)
    again = f"reading {settled.reading.id}"
    said = {"contests": file.event.appeal.of if file.event.appeal else "", "answer": outcome}
    return tuple(
        msgspec.structs.replace(one, message=msgspec.structs.replace(one.message, **said))
        for one in routes.deliveries(file.event, decision, file.case, at, again=again)
    )


def _undoing(
    file: CaseFile,
    contested: Contested,
    settled: Settled,
    policy: Policy,
    routes: Routes,
    at: datetime,
) -> tuple[Delivery, ...]:
    """What is put right about the event that was contested; nothing where the decision stands.

    Where an appeal was granted and a later reading says otherwise, what was put back is dealt with
    as the policy says of that outcome.
    """
    outcome = _outcome_of(settled)
    if outcome is AppealOutcome.UPHELD and settled.before is not ReviewOutcome.HARMLESS:
        return ()
    follows = policy.review.follows(settled.outcome)
    ordered = set(follows.actions)
    if not _was_felt(contested):
        ordered.discard(ActionKind.RESTORE)
    kinds = tuple(kind for kind in STRONGEST_FIRST if kind in ordered)
    notice = settled.reading.statement or follows.notice
    decision = msgspec.structs.replace(
        _decision(policy, file, kinds, outcome, notice),
        orders=tuple(order for order in follows.orders if order.kind in ordered),
    )
    again = f"reading {settled.reading.id}"
    return routes.deliveries(contested.event, decision, file.case, at, again=again)


def _was_felt(contested: Contested) -> bool:
    by_people = contested.settled in (ReviewOutcome.CONFIRMED, ReviewOutcome.VIOLATION)
    return by_people or not set(FELT).isdisjoint(contested.outcome.decision.actions)


def _decision(
    policy: Policy,
    file: CaseFile,
    kinds: tuple[ActionKind, ...],
    outcome: AppealOutcome,
    notice: str,
) -> Decision:
    reason = Reason(
        rule=NAME,
        text=f"An appeal was {outcome}.",
        principles=file.case.principles,
        notice=notice,
        severity=file.case.severity,
    )
    return Decision(policy_version=policy.version, actions=kinds, reasons=(reason,))
