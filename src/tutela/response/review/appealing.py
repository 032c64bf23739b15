"""Somebody contests a decision: the event and the case that this becomes.

No rule decides about an appeal: whatever it says, a person reads it. So it is written by the
journal as any other event, and its decision says no more than that a case is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from tutela.errors import Conflict, InvalidInput, NotAllowed
from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Decision,
    Event,
    EventKind,
    Gap,
    GapReason,
    Outcome,
    Reason,
    Severity,
    Verdict,
)
from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.appeal import Appeal, AppealKind
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.asked import FELT
from tutela.response.conclusion import Conclusion
from tutela.storage.review.opening import Contested

NOTHING = Gap(reason=GapReason.NO_CONTENT, detail="an appeal is words only")
NAME = "appeal"
"""Name of the reason that an appeal's decision gives."""
LONGEST = 10_000
"""Characters that an appeal may have."""

_GRAVITY = tuple(Severity)


class AlreadyAnswered(Conflict):
    """An appeal against the same decision was decided before."""

    code = "already-answered"


class NothingToContest(Conflict):
    """Nothing was decided that touches anybody, or it was undone already."""

    code = "nothing-to-contest"


class NotTheirs(NotAllowed):
    """The decision is about somebody else."""

    code = "not-theirs"


class NewAppeal(Record, frozen=True, kw_only=True):
    """What was handed in.

    Attributes:
        event_id, digest: of the appeal itself, as of any event.
        actor: who contests.
        text: what the person says.
        language: of that, as a tag.
        policy_version: of the policy in force.
        list_version: of the lists as they are; nothing is compared.
    """

    event_id: str
    digest: str
    actor: Actor | None
    text: str
    language: str
    policy_version: str
    list_version: int


def check_text(text: str) -> None:
    """Refuse a text that is too long, or none.

    Raises:
        InvalidInput: nothing of it is stored.
    """
    if len(text) > LONGEST:
        raise InvalidInput(
            f"it has {len(text):,} characters; {LONGEST:,} are the most",
            where="text",
            remedy="ask for a shorter text; nothing was stored",
        )
    if not text.strip():
        raise InvalidInput("an appeal says something", where="text")


def chosen(found: Sequence[Contested], actor: Actor | None) -> Contested:
    """What is contested, of all that was decided about an event: the latest that can be.

    Args:
        found: all that was decided about it, latest first.
        actor: who contests.

    Raises:
        InvalidInput: the event is an appeal itself.
        NotTheirs: the event is about somebody else.
        NothingToContest: nothing was decided about it that touches anybody.
    """
    if found[-1].event.appeal is not None:
        raise InvalidInput(
            "this event is an appeal itself", where="event_id", remedy="name what it was about"
        )
    concerned = _concerned(found[-1].event)
    if actor is not None and concerned and actor.id not in concerned:
        raise NotTheirs(
            "this event is about somebody else",
            where="actor",
            remedy="only who sent or received it may contest what was decided",
        )
    for one in found:
        if can_be_contested(one):
            return one
    raise NothingToContest(
        "nothing stands about this event that touches anybody: it passed, or it was put back",
        where="event_id",
    )


def can_be_contested(one: Contested) -> bool:
    """Whether a decision touches anybody, and has not been undone by people."""
    if one.settled is not None:
        return one.settled in (ReviewOutcome.CONFIRMED, ReviewOutcome.VIOLATION)
    return not set(FELT).isdisjoint(one.outcome.decision.actions)


def appeal(new: NewAppeal, contested: Contested, at: datetime) -> Conclusion:
    """All that an appeal becomes, in the order in which `Journal.record` takes it.

    It is in the region of what it contests, and as grave as that; a drill where that is one.
    """
    about, decision = contested.event, contested.outcome.decision
    event = Event(
        id=new.event_id,
        digest=new.digest,
        received_at=at,
        kind=EventKind.APPEAL,
        surface=about.surface,
        region=about.region,
        actor=new.actor,
        drill=about.drill,
        language=new.language or about.language,
        appeal=Appeal(
            of=about.origin.event_id if about.origin else about.id,
            kind=AppealKind.COMPLAINT if contested.settled is None else AppealKind.APPEAL,
            text=new.text,
        ),
    )
    principles = tuple(sorted({n for reason in decision.reasons for n in reason.principles}))
    severity = max((one.severity for one in decision.reasons), key=_GRAVITY.index)
    case = Case(
        id="case-" + hashlib.sha256(event.id.encode()).hexdigest()[:20],
        event_id=event.id,
        opened_at=at,
        drill=event.drill,
        principles=principles,
        summary=_summary(contested),
        severity=severity,
        kind=CaseKind.APPEAL,
    )
    outcome = Outcome(
        event_id=event.id,
        verdict=Verdict.NOT_CHECKED,
        received_at=at,
        drill=event.drill,
        list_version=new.list_version,
        matches=(),
        gaps=(NOTHING,),
        decision=_decision(new.policy_version, principles, severity),
        case_id=case.id,
    )
    return Conclusion(event, outcome, case, (), None, (), contested)


def _decision(policy_version: str, principles: tuple[int, ...], severity: Severity) -> Decision:
    reason = Reason(
        rule=NAME,
        text="Somebody contests a decision: somebody else looks at it.",
        principles=principles,
        severity=severity,
        actions=(ActionKind.OPEN_CASE, ActionKind.ALLOW),
    )
    return Decision(
        policy_version=policy_version,
        actions=(ActionKind.OPEN_CASE, ActionKind.ALLOW),
        reasons=(reason,),
    )


def _summary(contested: Contested) -> str:
    """One line for a list of cases; of the person's own words nothing."""
    whose = "a machine" if contested.settled is None else "a person"
    felt = [kind for kind in contested.outcome.decision.actions if kind in FELT]
    done = ", ".join(kind.value.replace("_", " ") for kind in felt)
    return f"Appeal against what {whose} decided" + (f": {done}" if done else "")


def _concerned(event: Event) -> frozenset[str]:
    """Who an event is about; empty where nobody is named."""
    people = (*((event.actor,) if event.actor else ()), *event.receivers)
    return frozenset(one.id for one in people)
