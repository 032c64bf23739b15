"""Terms of the law: numbers have a due time, words have none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.policy.law.terms import NOT_STATED, WORDS, due, is_span

BEGIN = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("within", "then"),
    [
        ("24 hours", datetime(2026, 11, 23, 10, 30, tzinfo=UTC)),
        ("1 hour", datetime(2026, 11, 22, 11, 30, tzinfo=UTC)),
        ("2 weeks", datetime(2026, 12, 6, 10, 30, tzinfo=UTC)),
        ("21 days", datetime(2026, 12, 13, 10, 30, tzinfo=UTC)),
        ("2 months", datetime(2027, 1, 22, 10, 30, tzinfo=UTC)),
        ("12 months", datetime(2027, 11, 22, 10, 30, tzinfo=UTC)),
        ("5 years", datetime(2031, 11, 22, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_number_has_a_due_time(within: str, then: datetime) -> None:
    assert is_span(within)
    assert due(within, BEGIN) == then


def test_a_month_ends_with_a_shorter_month() -> None:
    assert due("1 month", datetime(2027, 1, 31, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)
    assert due("1 year", datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2029, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("word", [*WORDS, NOT_STATED, "0 days", "soon", "100000 days", "1 day ago"])
def test_a_word_has_none(word: str) -> None:
    assert not is_span(word)
    assert due(word, BEGIN) is None


@given(st.integers(1, 999), st.sampled_from(["hour", "day", "week", "month", "year"]))
def test_a_longer_term_is_never_due_earlier(number: int, unit: str) -> None:
    sooner, later = due(f"{number} {unit}s", BEGIN), due(f"{number + 1} {unit}s", BEGIN)
    if number < 999:
        assert sooner is not None
        assert later is not None
        assert timedelta(0) < later - sooner < timedelta(days=367)
