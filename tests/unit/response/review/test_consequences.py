"""What follows from an outcome is sent once, for each event, with the words of the reviewer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import structs

from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Decision,
    Destination,
    Event,
    Outcome,
    Reason,
    Verdict,
)
from tutela.model.review.reading import Purpose, Reading, ReviewOutcome
from tutela.model.review.standing import Standing
from tutela.policy.policy import Policy
from tutela.response.review.consequences import consequences
from tutela.response.routing import Routes
from tutela.storage.cases import CaseFile
from tutela.storage.review.readings import Settled

AT = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
C, V, H, U = ReviewOutcome
BLOCK, ALLOW, QUARANTINE, RESTORE, PRESERVE, NOTIFY = (
    ActionKind.BLOCK,
    ActionKind.ALLOW,
    ActionKind.QUARANTINE,
    ActionKind.RESTORE,
    ActionKind.PRESERVE,
    ActionKind.NOTIFY,
)
POLICY = Policy.default()
ROUTES = Routes(
    (Destination(name="platform", url="https://p.example/", actions=(QUARANTINE, RESTORE)),)
)


def file(*actions: ActionKind) -> CaseFile:
    return CaseFile(
        case=Case(id="case-1", event_id="e1", opened_at=AT, principles=(1,)),
        standing=Standing(queue="everything"),
        event=Event(id="e1", digest="0f", received_at=AT, actor=Actor(id="actor-7")),
        outcome=Outcome(
            event_id="e1",
            verdict=Verdict.MATCH,
            received_at=AT,
            drill=True,
            list_version=1,
            matches=(),
            gaps=(),
            decision=Decision(
                policy_version="p", actions=actions, reasons=(Reason(rule="a", text="Why."),)
            ),
        ),
    )


def settled(
    outcome: ReviewOutcome, before: ReviewOutcome | None = None, statement: str = ""
) -> Settled:
    reading = Reading(
        id=7,
        case_id="case-1",
        revision=1,
        account="a",
        pseudonym="Quiet Heron 12",
        purpose=Purpose.FIRST,
        outcome=outcome,
        statement=statement,
        note="for the house only",
        at=AT,
        settles_at=AT,
    )
    return Settled(
        case_id="case-1",
        case_seq=1,
        outcome=outcome,
        category="",
        before=before,
        reading=reading,
        queue="everything",
    )


@pytest.mark.parametrize(
    ("outcome", "done", "before", "expected"),
    [
        (C, BLOCK, None, [QUARANTINE]),
        (V, BLOCK, None, [QUARANTINE]),
        (H, BLOCK, None, [RESTORE]),
        (H, ALLOW, None, []),  # nothing was done, nobody is told
        (H, ALLOW, C, [RESTORE]),  # what an earlier decision did is put back
        (C, ALLOW, H, [QUARANTINE]),
        (C, BLOCK, C, []),  # nothing anew
    ],
)
def test_what_is_sent(
    outcome: ReviewOutcome,
    done: ActionKind,
    before: ReviewOutcome | None,
    expected: list[ActionKind],
) -> None:
    sent = consequences(file(done), settled(outcome, before), POLICY, ROUTES, AT)
    assert [one.message.action for one in sent] == expected


def test_the_reviewers_statement_goes_before_the_policys_notice() -> None:
    (own,) = consequences(file(BLOCK), settled(C, statement="Dear you."), POLICY, ROUTES, AT)
    (policys,) = consequences(file(BLOCK), settled(C), POLICY, ROUTES, AT)
    assert own.message.notices == ("Dear you.",)
    assert policys.message.notices == (POLICY.review.follows(C).notice,)


def test_nothing_of_the_reviewer_leaves() -> None:
    (sent,) = consequences(file(BLOCK), settled(C), POLICY, ROUTES, AT)
    told = repr(sent)
    assert "Heron" not in told
    assert "for the house only" not in told


def test_it_is_another_order_than_that_of_the_rules_and_the_same_each_time() -> None:
    one, again = (consequences(file(BLOCK), settled(C), POLICY, ROUTES, AT)[0] for _ in range(2))
    ruled = Decision(policy_version="p", actions=(QUARANTINE,), reasons=())
    (by_rule,) = ROUTES.deliveries(file(BLOCK).event, ruled, None, AT)
    assert one.id == again.id != by_rule.id


def test_a_destination_that_is_gone_is_told_of() -> None:
    text = (
        "policy: p\nowner: o\nrules:\n"
        "  - {name: one, when: event.drill, actions: [allow], reason: A drill.}\n"
        "review:\n  confirmed: {actions: [{notify: {to: nobody}}]}\n"
    )
    policy = Policy.load(text, "p.yaml")
    (sent,) = consequences(file(BLOCK), settled(C), policy, ROUTES, AT)
    assert (sent.message.action, sent.state.value) == (NOTIFY, "failed")


def test_gathered_events_have_orders_of_their_own() -> None:
    other = file(BLOCK)
    other = structs.replace(other, event=structs.replace(other.event, id="e2"))
    ids = {consequences(one, settled(C), POLICY, ROUTES, AT)[0].id for one in (file(BLOCK), other)}
    assert len(ids) == 2
