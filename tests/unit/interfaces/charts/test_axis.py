from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.interfaces.charts.axis import Axis


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(-3e6, 3e6))
def test_places_lie_between_the_ends_and_rise(low: float, width: float, value: float) -> None:
    axis = Axis("messages", low, low + width)
    assert 0 <= axis.place(value) <= 1
    assert axis.place(value) <= axis.place(value + 1)
    assert axis.place(low) == 0


@given(st.floats(-1e5, 1e5), st.floats(1e-2, 1e5))
def test_ticks_are_few_and_within_the_ends(low: float, width: float) -> None:
    axis = Axis("messages", low, low + width)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 7
    assert all(low - width / 1e6 <= tick <= low + width * (1 + 1e-6) for tick in ticks)


def test_powers_of_ten_lie_evenly() -> None:
    axis = Axis("share", 0.001, 1, logarithmic=True, percent=True)
    assert [axis.text(tick) for tick in axis.ticks()] == ["0.1 %", "1 %", "10 %", "100 %"]
    assert axis.place(0.01) == pytest.approx(1 / 3)
    assert axis.place(0) == 0


def test_an_axis_without_width_still_has_a_number() -> None:
    assert Axis("messages", 5, 5).ticks() == [5]
    assert Axis("messages", 5, 5).place(7) == 0
