from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.lettered import lettered
from tutela.detection.text.normaliser import Normaliser

normalise = Normaliser().normalise


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("d3l373 7h15 ch47", "delete this chat"),
        ("d0n'7 73ll 4ny0n3", "don't tell anyone"),
        ("1'm 13", "i'm 13"),
        ("l37'5 m337 at 4", "let's meet at 4"),
    ],
)
def test_digits_in_words_are_spelt_out(written: str, text: str) -> None:
    spelt = lettered(normalise(written))
    assert spelt is not None
    assert spelt.text == text
    assert spelt.hidden > 0


@pytest.mark.parametrize("written", ["13", "room 7, at 10:30", "2026", "", "m6", "2nd", "the year"])
def test_numbers_stay(written: str) -> None:
    assert lettered(normalise(written)) is None


@given(st.text(alphabet="ab017 8'\u200b\u0430e", max_size=40))
def test_places_lead_back_to_what_was_written(written: str) -> None:
    message = normalise(written)
    spelt = lettered(message)
    if spelt is None:
        return
    assert len(spelt.text) == len(message.text)
    for at in range(len(spelt.text)):
        assert spelt.span(at, at + 1) == message.span(at, at + 1)
