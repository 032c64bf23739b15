"""Outcomes become probabilities: never falling, not beyond what is known, and of their model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.conversations.reviewing import calibrating
from tutela.conversations.reviewing.calibrating import Calibrating, calibration_of, fit
from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.calibration import PRIOR
from tutela.detection.conversation.rater import rate
from tutela.detection.conversation.shipped import shipped_rater
from tutela.errors import Conflict, Unavailable
from tutela.model.conversation.message import Conversation, Message, Participant
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.conversation.calibrations import Calibrations
from tutela.storage.database import Database

DECIDED = [Decided(35, 40, 2), Decided(60, 40, 15), Decided(85, 40, 36)]
RATER = shipped_rater()
TALK = Conversation(
    id="t",
    language="en",
    participants=(Participant(id="kim", age=40), Participant(id="lea", age=12)),
    messages=(
        Message(author="kim", text="delete this chat"),
        Message(author="kim", text="don't tell your parents"),
        Message(author="lea", text="the museum has a model railway"),
    ),
)


@given(
    st.lists(
        st.builds(
            lambda peak, cases, share: Decided(peak, cases, round(cases * share)),
            st.integers(0, 100),
            st.integers(0, 500),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda one: one.peak,
    )
)
def test_a_curve_never_falls_and_is_one_that_raters_take(decided: list[Decided]) -> None:
    cases, right = sum(one.cases for one in decided), sum(one.right for one in decided)
    if not 0 < right < cases:
        with pytest.raises(Conflict):
            fit(decided, enough=1)
        return
    found = fit(decided, enough=1)
    assert (found.cases, found.confirmed) == (cases, right)
    assert (found.curve[0][0], found.curve[-1][0]) == (0.0, 10.0)
    assert all(a <= b for (_, a), (_, b) in pairwise(found.curve))
    lowest = dict(found.curve)[found.lowest]
    assert all(chance <= lowest for value, chance in found.curve if value < found.lowest)


def test_outcomes_move_probabilities_where_people_looked_and_nowhere_else() -> None:
    found = dict(fit(DECIDED).curve)
    assert found[9.0] > 0.8
    assert 0.2 < found[6.0] < 0.55
    assert found[1.0] == PRIOR.probability(1.0)
    assert found[3.0] <= found[3.5] < 0.15


def test_too_few_outcomes_change_nothing() -> None:
    with pytest.raises(Conflict, match="2 of 40"):
        fit([Decided(50, 40, 2)])
    with pytest.raises(Conflict):
        fit([])


def test_a_calibration_counts_at_once_for_its_model_and_for_no_other(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    seconds = [0.0]
    parts = Calibrating(Calibrations(database), lambda: seconds[0])
    before = rate(parts.of(RATER), TALK)
    assert before.calibration == PRIOR.version
    Calibrating(Calibrations(database)).calibrate(DECIDED, "another model", by="cli:root")
    stored = Calibrating(Calibrations(database)).calibrate(DECIDED, RATER.model, by="cli:root")
    assert rate(parts.of(RATER), TALK) == before, "it is asked for anew after a while"
    seconds[0] += calibrating.FRESH_SECONDS
    after = rate(parts.of(RATER), TALK)
    assert after.calibration == f"outcomes {stored.id}"
    assert (after.value, after.band, after.reasons) == (before.value, before.band, before.reasons)
    assert after.probability == calibration_of(stored).probability(after.value)
    assert stored.curve == fit(DECIDED).curve
    told = [one for one in leaves() if one.kind is AuditKind.CONVERSATION]
    assert [one.by for one in told] == ["cli:root"] * 2
    facts = {"method": "platt", "cases": 120, "confirmed": 53, "model": RATER.model}
    assert told[-1].data == {"did": "calibrated", **facts}


def test_what_is_rated_goes_on_from_the_same_state_with_any_calibration(
    database: Database,
) -> None:
    parts = Calibrating(Calibrations(database))
    parts.calibrate(DECIDED, RATER.model)
    running = parts.of(RATER).begin(TALK.id, TALK.participants, "en")
    for message in TALK.messages:
        running.add(message)
    again = RATER.resume(running.dump())
    assert again.value() == running.value()
    assert parts.of(RATER).resume(again.dump()).rating() == running.rating()
    empty = parts.of(RATER).begin("e", (), "en")
    empty.meet(Participant(id="kim", age=40))
    assert empty.rating().probability is None


def test_a_database_that_cannot_be_asked_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, calibrations = [0.0], Calibrations(database)
    parts = Calibrating(calibrations, lambda: seconds[0])
    parts.calibrate(DECIDED, RATER.model)
    known = rate(parts.of(RATER), TALK)

    def down(_: str) -> None:
        raise Unavailable("the database cannot be reached")

    monkeypatch.setattr(calibrations, "latest", down)
    seconds[0] += 2 * calibrating.FRESH_SECONDS
    assert rate(parts.of(RATER), TALK) == known
    assert Calibrating(calibrations).of(RATER) is RATER
