from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.errors import InvalidInput
from tutela.model.conversation.rating import Band


@given(more=st.floats(0, 1e9), less=st.floats(0, 1e9))
def test_more_points_never_mean_less(more: float, less: float) -> None:
    low, high = sorted((less, more))
    values = PRIOR.value(low), PRIOR.value(high)
    chances = PRIOR.probability(values[0]), PRIOR.probability(values[1])
    assert 0 <= values[0] <= values[1] <= 10
    assert 0 <= chances[0] <= chances[1] <= 1


@given(value=st.floats(0, 9.9))
def test_points_are_the_value_turned_round(value: float) -> None:
    assert PRIOR.value(PRIOR.points(value)) == pytest.approx(value, abs=0.001)


def test_no_evidence_is_zero_and_fewer_than_none_too() -> None:
    assert PRIOR.value(0) == PRIOR.value(-3) == 0


def test_knots_are_met_and_joined_by_lines() -> None:
    one = Calibration(version="two 1", knots=((0.0, 0.0), (4.0, 0.2), (10.0, 0.8)))
    assert [one.probability(value) for value in (0, 2, 4, 7, 10)] == [0, 0.1, 0.2, 0.5, 0.8]


def test_bands_begin_at_their_bound() -> None:
    values = (0, 2.999, 3, 5.999, 6, 8.499, 8.5, 10)
    low, raised, high, critical = Band
    assert [PRIOR.band(value) for value in values] == [
        low,
        low,
        raised,
        raised,
        high,
        high,
        critical,
        critical,
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"knots": ()},
        {"knots": ((0.0, 0.1),)},
        {"knots": ((1.0, 0.1), (10.0, 0.2))},
        {"knots": ((0.0, 0.1), (9.0, 0.2))},
        {"knots": ((0.0, 0.3), (10.0, 0.2))},
        {"knots": ((0.0, 0.1), (10.0, 1.2))},
        {"bands": (6.0, 3.0, 8.0)},
        {"scale": 0.0},
    ],
)
def test_what_does_not_rise_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"version": "x", "knots": ((0.0, 0.0), (10.0, 1.0))}
    with pytest.raises(InvalidInput):
        Calibration(**{**right, **wrong})  # type: ignore[arg-type]
