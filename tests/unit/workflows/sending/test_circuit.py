from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.workflows.sending.circuit import FAILURES, LONGEST_PAUSE_SECONDS, Circuit, Patience


def broken(at: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(FAILURES):
        circuit.failed(at)
    return circuit


def test_a_few_failures_change_nothing() -> None:
    circuit = Circuit()
    assert [circuit.failed(0.0) for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    circuit = Circuit()
    for _ in range(FAILURES - 1):
        circuit.failed(0.0)
    assert circuit.room(32, 10, 0.0) == 22
    assert not circuit.succeeded()
    assert not circuit.failed(0.0), "only failures in a row count"
    assert circuit.room(32, 40, 0.0) == 0


def test_one_that_does_not_answer_is_tried_with_one_message_at_a_time() -> None:
    circuit = broken(at=100.0)
    assert circuit.room(32, 0, 100.9) == 0
    assert circuit.room(32, 0, 101.0) == 1
    assert circuit.room(32, 1, 101.0) == 0
    assert not circuit.failed(101.0)
    assert circuit.room(32, 0, 102.9) == 0
    assert circuit.room(32, 0, 103.0) == 1


def test_failures_of_what_was_on_its_way_do_not_lengthen_the_pause() -> None:
    circuit = broken(at=100.0)
    for _ in range(27):
        circuit.failed(100.5)
    assert circuit.room(32, 0, 101.0) == 1


def test_the_pause_has_an_end() -> None:
    circuit, at = broken(), 0.0
    for _ in range(100):
        at += LONGEST_PAUSE_SECONDS
        assert circuit.room(32, 0, at) == 1
        circuit.failed(at)


def test_one_success_is_enough() -> None:
    circuit = broken()
    assert circuit.succeeded()
    assert circuit.room(32, 0, 0.0) == 32


def test_pauses_grow_to_about_a_day_in_all() -> None:
    patience = Patience()
    pauses = [patience.pause(attempt, lambda: 0.5) for attempt in range(1, 36)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(pause or 0.0 for pause in pauses) == 3600.0
    assert pauses[-1] is None
    assert None not in pauses[:-1]
    assert sum(pause or 0.0 for pause in pauses) / 3600 == pytest.approx(24, abs=1)


@given(
    attempts=st.integers(1, 999),
    chance=st.floats(0, 1),
    first=st.floats(0.1, 3600),
    longest=st.floats(0.1, 86_400),
)
def test_a_pause_is_near_what_was_set(
    attempts: int, chance: float, first: float, longest: float
) -> None:
    patience = Patience(first=first, longest=longest, attempts=1000)
    pause = patience.pause(attempts, lambda: chance)
    wanted = min(longest, first * 2**attempts / 2)
    assert pause is not None
    assert 0.75 * wanted <= pause <= 1.25 * wanted + 1e-9
