from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.stretched import unstretched

normalise = Normaliser().normalise


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("are you hooome alooone", "are you home alone"),
        ("Goooood book", "god book"),
        ("bookkkk", "book"),
        ("mooommmm", "mom"),
        ("\uff48ooome", "home"),
    ],
)
def test_one_of_a_stretched_letter_is_left(written: str, text: str) -> None:
    shorter = unstretched(normalise(written))
    assert shorter is not None
    assert shorter.text == text


@pytest.mark.parametrize(
    "written", ["book", "balloon", "1000", "", "a\u200bb", "...", "\U0001f600" * 4]
)
def test_what_is_spelt_so_stays(written: str) -> None:
    assert unstretched(normalise(written)) is None


@given(st.lists(st.sampled_from(["a", "b", "oo", "lll", "EEEE", " ", "\u200b", "!!!", "\u0430"])))
def test_places_lead_back_to_what_was_written(pieces: list[str]) -> None:
    message = normalise("".join(pieces))
    shorter = unstretched(message)
    if shorter is None:
        return
    assert len(shorter.text) == len(shorter.starts) == len(shorter.ends)
    assert list(shorter.starts) == sorted(shorter.starts)
    assert list(shorter.ends) == sorted(shorter.ends)
    # The same places are told of as before, and nothing that was written is left out.
    spans = dict.fromkeys(zip(message.starts, message.ends, strict=True))
    assert dict.fromkeys(zip(shorter.starts, shorter.ends, strict=True)) == spans
