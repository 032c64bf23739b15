"""A text as a row of words: what phrases are matched in.

Letter case, punctuation, emoji and spacing are gone, so that one phrase finds `Don't tell, ok?` and
`dont  tell ok`. An apostrophe within a word is dropped, since many leave it out.
"""

from __future__ import annotations

import re
import unicodedata

SEXUAL = tuple(f"<sexual:{severity}>" for severity in (1, 2, 3))
"""What stands for a sexual word of each severity; the words themselves are the operator's."""

FILLER = "<>"
"""Stands for a further word of what a token stands for."""

_APOSTROPHES = "'\u2019\u02bc"
_WORD = re.compile(rf"<sexual:[123]>|[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*")
_DROPPED = str.maketrans("", "", _APOSTROPHES)
_NAMED = re.compile(r":([a-z][a-z0-9_-]{2,80}):")


def words_in(text: str) -> list[str]:
    """The words of a text that is normalised already."""
    return row_of(text).split()


def row_of(text: str) -> str:
    """The words of a text, a space before and after each: ` how old are you `."""
    row = f" {' '.join(_WORD.findall(_without_emoji(text)))} "
    return row.translate(_DROPPED) if any(mark in row for mark in _APOSTROPHES) else row


def places_in(text: str) -> list[tuple[int, int]]:
    """Where each word of a text starts and ends in it."""
    return [found.span() for found in _WORD.finditer(_without_emoji(text))]


def _without_emoji(text: str) -> str:
    """A text with spaces in the place of the names that the normaliser gives to emoji."""
    return _NAMED.sub(_spaces_for_emoji, text) if ":" in text else text


def _spaces_for_emoji(found: re.Match[str]) -> str:
    """Spaces for the name of a sign; what somebody put between colons stays."""
    try:
        sign = unicodedata.lookup(found[1].replace("_", " "))
    except KeyError:
        return found[0]
    return " " * len(found[0]) if unicodedata.category(sign).startswith("S") else found[0]
