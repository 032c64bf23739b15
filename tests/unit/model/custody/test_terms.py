from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tutela.model.custody.terms import due, is_span, since

AT = datetime(2028, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "end"),
    [
        ("1 hour", AT + timedelta(hours=1)),
        ("21 days", AT + timedelta(days=21)),
        ("2 weeks", AT + timedelta(weeks=2)),
        ("1 month", datetime(2028, 3, 29, 12, tzinfo=UTC)),
        ("1 year", datetime(2029, 2, 28, 12, tzinfo=UTC)),
        ("36500 days", AT + timedelta(days=36_500)),
    ],
)
def test_a_term_ends_where_the_calendar_says(span: str, end: datetime) -> None:
    assert is_span(span)
    assert due(span, AT) == end


def test_a_window_goes_back() -> None:
    assert since("2 weeks", AT) == AT - timedelta(weeks=2)
    assert since("", AT) is None


@pytest.mark.parametrize(
    "word", ["not stated", "at once", "0 days", "1000 years", "1 day s", "-1 day"]
)
def test_words_are_no_numbers(word: str) -> None:
    assert not is_span(word)
    assert due(word, AT) is None
