"""Patterns of staff are bounded, and what RE2 quotes of them is not told."""

from __future__ import annotations

import pytest

from tutela.detection.text.terms.pattern import LONGEST, compiled
from tutela.errors import InvalidInput


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a" * (LONGEST + 1), "a pattern may have 500 characters"),
        ("hush(", "this is no pattern of RE2: missing )"),
        (r"(hush)\1", "this is no pattern of RE2: invalid escape sequence"),
        ("(?<=hush)a", "this is no pattern of RE2: invalid"),
        ("((hush{50}){50}){50}", "this is no pattern of RE2"),
        ("hush|", "the pattern matches a text in which nothing stands"),
    ],
)
def test_what_is_refused(pattern: str, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInput) as raised:
        compiled(pattern)
    assert raised.value.what.startswith(told)
    assert "hush" not in str(raised.value)
    assert "hush" not in "".join(capfd.readouterr())


def test_where_a_pattern_stands() -> None:
    assert list(compiled("B+").find("\u00e9abb b")) == [(2, 4), (5, 6)]
    assert list(compiled(r"x*y|\b").find("a xy")) == [(2, 4)]
    assert len(list(compiled("a").find("a" * 1000))) == 16
