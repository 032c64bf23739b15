"""Where a case stands after its readings, against rules that are written down another way."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from tutela.model import CaseState
from tutela.model.review.reading import Purpose, ReviewOutcome
from tutela.model.review.settlement import Given, standing_of

C, V, H, U = ReviewOutcome
VOTES = (Purpose.FIRST, Purpose.SECOND, Purpose.THIRD)


def expected(votes: Sequence[ReviewOutcome], wanted: int) -> tuple[CaseState, object, object]:
    """The rules, spelt out for each number of readings."""
    dispute = (CaseState.DISPUTED, None, Purpose.SENIOR)
    if not votes:
        return (CaseState.OPEN, None, Purpose.FIRST)
    if U in votes:
        return dispute
    if wanted == 1 or (len(votes) >= 2 and votes[0] == votes[1]):
        return (CaseState.DECIDED, votes[0], None)
    if len(votes) == 3 and votes[2] in votes[:2]:
        return (CaseState.DECIDED, votes[2], None)
    if len(votes) == wanted:
        return dispute
    return (CaseState.SECOND, None, VOTES[len(votes)])


@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_every_sequence_of_votes(wanted: int) -> None:
    seen = set()
    for count in range(wanted + 1):
        for votes in itertools.product(ReviewOutcome, repeat=count):
            if count > 1 and expected(votes[:-1], wanted)[0] not in {
                CaseState.OPEN,
                CaseState.SECOND,
            }:
                continue  # it was settled before: nobody votes again
            given = [
                Given(purpose=purpose, outcome=vote)
                for purpose, vote in zip(VOTES, votes, strict=False)
            ]
            stands = standing_of(given, wanted)
            assert (stands.state, stands.outcome, stands.wants) == expected(votes, wanted), votes
            seen.add(stands.state)
    assert CaseState.DECIDED in seen
    assert (CaseState.SECOND in seen) == (wanted > 1)


def test_categories_must_agree_as_well() -> None:
    first = Given(purpose=Purpose.FIRST, outcome=C, category="A")
    other = Given(purpose=Purpose.SECOND, outcome=C, category="B")
    assert standing_of([first, other], 2).state is CaseState.DISPUTED
    same = Given(purpose=Purpose.SECOND, outcome=C, category="A")
    stands = standing_of([first, same], 2)
    assert (stands.outcome, stands.category) == (C, "A")


@pytest.mark.parametrize("outcome", [C, V, H])
def test_a_senior_settles_whatever_was_said(outcome: ReviewOutcome) -> None:
    given = [
        Given(purpose=Purpose.FIRST, outcome=C),
        Given(purpose=Purpose.SECOND, outcome=H),
        Given(purpose=Purpose.SENIOR, outcome=outcome, category="x"),
    ]
    stands = standing_of(given, 2)
    assert (stands.state, stands.outcome, stands.category) == (CaseState.DECIDED, outcome, "x")


def test_a_senior_who_cannot_tell_leaves_it_to_another() -> None:
    given = [
        Given(purpose=Purpose.FIRST, outcome=U),
        Given(purpose=Purpose.SENIOR, outcome=U),
    ]
    assert standing_of(given, 1).state is CaseState.DISPUTED
    again = [*given, Given(purpose=Purpose.SENIOR, outcome=H)]
    assert standing_of(again, 1).outcome is H


@pytest.mark.parametrize(
    ("sample", "state"), [(C, CaseState.DECIDED), (H, CaseState.DISPUTED), (U, CaseState.DISPUTED)]
)
def test_a_sample_that_disagrees_goes_to_a_senior(sample: ReviewOutcome, state: CaseState) -> None:
    given = [
        Given(purpose=Purpose.FIRST, outcome=C),
        Given(purpose=Purpose.SAMPLE, outcome=sample),
    ]
    assert standing_of(given, 1).state is state
    settled = [*given, Given(purpose=Purpose.SENIOR, outcome=H)]
    assert standing_of(settled, 1).outcome is H
