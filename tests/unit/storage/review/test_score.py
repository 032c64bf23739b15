from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.model import Severity
from tutela.storage.review.score import GRAVITY, graver, score_of

facts = st.tuples(st.booleans(), st.integers(1, 2**40), st.sampled_from(Severity))


@given(facts, facts)
def test_danger_then_reach_then_gravity(
    one: tuple[bool, int, Severity], other: tuple[bool, int, Severity]
) -> None:
    def key(of: tuple[bool, int, Severity]) -> tuple[bool, int, int]:
        return of[0], min(of[1].bit_length(), 31), GRAVITY.index(of[2])

    scores = [score_of(imminent=a, reach=b, severity=c) for a, b, c in (one, other)]
    assert (scores[0] < scores[1]) == (key(one) < key(other))
    assert (scores[0] == scores[1]) == (key(one) == key(other))


def test_the_graver_of_two() -> None:
    assert graver(Severity.LOW, Severity.CRITICAL) is Severity.CRITICAL
    assert graver(Severity.HIGH, Severity.MEDIUM) is Severity.HIGH
