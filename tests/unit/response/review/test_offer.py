"""A case is offered without a look only where nothing at all is open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import structs

from tutela.model import (
    ActionKind,
    Case,
    Decision,
    Event,
    Gap,
    GapReason,
    Match,
    Outcome,
    Reason,
    Verdict,
)
from tutela.model.response.case import CaseKind
from tutela.model.review.standing import CaseContent, Standing
from tutela.response.review.offer import Offer, offer_of
from tutela.storage.cases import CaseFile

AT = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
MATCH = Match(
    bank="hills",
    bank_id=1,
    entry_id=3,
    kind="sha256",
    distance=0,
    exact=True,
    list_version=4,
    trusted=True,
    scheme="us",
    category="A1",
)
NEAR = structs.replace(MATCH, kind="pdq", exact=False, distance=4)
UNTRUSTED = structs.replace(MATCH, bank="lakes", trusted=False)
CONTENT = CaseContent(case_id="case-1", event_id="e1", ordinal=0, grade="us:A1")


def file(
    *matches: Match, gaps: tuple[Gap, ...] = (), kind: CaseKind = CaseKind.FINDING
) -> CaseFile:
    return CaseFile(
        case=Case(id="case-1", event_id="e1", opened_at=AT, kind=kind),
        event=Event(id="e1", digest="0f", received_at=AT),
        standing=Standing(queue="everything"),
        outcome=Outcome(
            event_id="e1",
            verdict=Verdict.MATCH,
            received_at=AT,
            drill=True,
            list_version=1,
            matches=matches,
            gaps=gaps,
            decision=Decision(
                policy_version="p",
                actions=(ActionKind.BLOCK,),
                reasons=(Reason(rule="a", text="Why."),),
            ),
        ),
    )


def test_where_all_lists_agree_it_is_offered() -> None:
    also_near = structs.replace(NEAR, bank="peaks")
    found = offer_of([file(MATCH, also_near)], [CONTENT, CONTENT])
    assert found == Offer(scheme="us", category="A1", banks=("hills", "peaks"), contents=2)


@pytest.mark.parametrize(
    ("what", "grades"),
    [
        (file(NEAR), ["us:A1"]),
        (file(UNTRUSTED), ["us:A1"]),
        (file(MATCH, UNTRUSTED), ["us:A1"]),
        (file(MATCH, structs.replace(NEAR, path=("inner.png",))), ["us:A1"]),
        (file(MATCH, gaps=(Gap(reason=GapReason.TIMED_OUT),)), ["us:A1"]),
        (file(MATCH, kind=CaseKind.APPEAL), ["us:A1"]),
        (file(), ["us:A1"]),
        (file(MATCH), ["us:A1", ""]),
        (file(MATCH), ["us:A1", "us:B1"]),
        (file(MATCH), [""]),
        (file(MATCH), []),
    ],
)
def test_where_anything_is_open_somebody_looks(what: CaseFile, grades: list[str]) -> None:
    contents = [structs.replace(CONTENT, grade=grade) for grade in grades]
    assert offer_of([what], contents) is None


def test_every_event_of_a_case_must_be_certain() -> None:
    assert offer_of([file(MATCH), file(NEAR)], [CONTENT]) is None
    assert offer_of([], [CONTENT]) is None
