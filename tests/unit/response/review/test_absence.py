"""Whatever cannot be seen of a case has its reason, and what can be seen has none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.model import (
    ActionKind,
    Case,
    Decision,
    Event,
    Outcome,
    Reason,
    Ruling,
    SurfaceClass,
    Verdict,
)
from tutela.model.custody.evidence import ItemState
from tutela.model.review.standing import CaseContent, Standing
from tutela.response.review.absence import Absence, absences
from tutela.storage.cases import CaseFile

AT = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
FORBIDDEN = Ruling(
    pack="eu",
    version="eu-0",
    surface_class=SurfaceClass.PRIVATE_MESSAGES,
    may_scan=False,
    reason="No.",
    source="An Act",
)


def file(
    name: str = "e1",
    *,
    verdict: Verdict = Verdict.MATCH,
    law: Ruling | None = None,
) -> CaseFile:
    return CaseFile(
        case=Case(id=f"case-{name}", event_id=name, opened_at=AT),
        event=Event(id=name, digest="0f", received_at=AT),
        standing=Standing(queue="everything"),
        outcome=Outcome(
            event_id=name,
            verdict=verdict,
            received_at=AT,
            drill=True,
            list_version=1,
            matches=(),
            gaps=(),
            law=law,
            decision=Decision(
                policy_version="p",
                actions=(ActionKind.HOLD,),
                reasons=(Reason(rule="a", text="Why."),),
            ),
        ),
    )


def content(name: str = "e1", state: str = "") -> CaseContent:
    item = f"item-{name}" if state else ""
    return CaseContent(case_id="case-e1", event_id=name, ordinal=0, item=item, item_state=state)


@pytest.mark.parametrize(
    ("what", "held", "why"),
    [
        (file(), [content(state="kept")], ()),
        (file(), [], (Absence.TOLD,)),
        (file(law=FORBIDDEN), [content()], (Absence.NOT_PERMITTED,)),
        (file(law=FORBIDDEN), [], (Absence.NOT_PERMITTED,)),
        (file(verdict=Verdict.CLEAR), [content()], (Absence.CLEAR,)),
        (file(), [content()], (Absence.NOT_ASKED,)),
        (file(), [content(state="elsewhere")], (Absence.ELSEWHERE,)),
        (file(), [content(state="owed")], (Absence.OWED,)),
        (file(), [content(state="destroyed")], (Absence.DESTROYED,)),
    ],
)
def test_why_something_cannot_be_seen(
    what: CaseFile, held: list[CaseContent], why: tuple[Absence, ...]
) -> None:
    assert absences([what], held) == why


@given(st.lists(st.tuples(st.sampled_from(["", *ItemState]), st.sampled_from(Verdict)), max_size=6))
def test_there_is_a_reason_just_where_something_cannot_be_seen(
    told: list[tuple[str, Verdict]],
) -> None:
    files = [file(f"e{place}", verdict=verdict) for place, (_, verdict) in enumerate(told)]
    held = [content(f"e{place}", state) for place, (state, _) in enumerate(told)]
    found = absences(files, held)
    assert bool(found) == any(one.item_state != ItemState.KEPT for one in held)
    one_by_one = {
        why for one, what in zip(files, held, strict=True) for why in absences([one], [what])
    }
    assert list(found) == [why for why in Absence if why in one_by_one]
