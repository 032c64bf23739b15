from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.workflows.pace import BEHIND, LONGEST_REST, Pace, step_back

SECONDS = st.floats(0.001, 100)


@given(share=st.floats(0.01, 0.99), wall=SECONDS)
def test_the_share_of_a_core_is_kept(share: float, wall: float) -> None:
    rest = Pace(share).rest(wall, wall)
    assert rest == pytest.approx(min(wall / share - wall, LONGEST_REST))


@given(wall=SECONDS, processor=SECONDS)
def test_a_busy_machine_makes_it_rest_longer_and_never_for_ever(
    wall: float, processor: float
) -> None:
    pace = Pace(0.5)
    rest = pace.rest(wall, processor)
    assert min(wall, LONGEST_REST) <= rest <= LONGEST_REST
    assert rest >= pace.rest(wall, wall)


def test_a_whole_core_never_rests() -> None:
    assert Pace(1.0).rest(3.0, 0.1) == 0


def test_pieces_become_as_long_as_they_are_to_be() -> None:
    pace, size = Pace(1.0, piece_seconds=1.0), 100
    for _ in range(20):
        size = pace.resized(size, size / 5000, 10, 100_000)
    assert size == pytest.approx(5000, rel=0.01)
    assert pace.resized(100, 1e9, 10, 1000) == 50
    assert pace.resized(12, 1e9, 10, 1000) == 10
    assert pace.resized(900, 0.0, 10, 1000) == 1000


def test_only_the_thread_that_says_so_steps_back() -> None:
    found: list[int] = []

    def work() -> None:
        step_back()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [BEHIND]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
