from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.cues.respelling import Respelling

KNOWN = Respelling([" are you (?:home |at school )alone ", " to later gr8 "])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4l0n3", "alone"),
        ("a1one", "alone"),
        ("h0m3", "home"),
        ("4re", "are"),
        # None of these stands for another word.
        ("gr8", "gr8"),
        ("13", "13"),
        ("m8", "m8"),
        ("t0", "t0"),
        ("c0me", "c0me"),
    ],
)
def test_words_with_digits_become_those_that_they_stand_for(written: str, meant: str) -> None:
    assert KNOWN.row(f" x {written} y ") == f" x {meant} y "


@given(st.lists(st.text(alphabet="aeho013m ", min_size=1), max_size=8))
def test_words_stay_as_many_and_a_second_time_changes_nothing(texts: list[str]) -> None:
    row = f" {' '.join(' '.join(texts).split())} "
    once = KNOWN.row(row)
    assert len(once.split()) == len(row.split())
    assert KNOWN.row(once) == once
