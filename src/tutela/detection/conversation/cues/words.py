"""A text as a row of words: what phrases are matched in.

Letter case, punctuation and spacing are gone, so that one phrase finds `Don't tell, ok?` and
`dont  tell ok`. An apostrophe within a word is dropped, since many leave it out.
"""

from __future__ import annotations

import re

SEXUAL = tuple(f"<sexual:{severity}>" for severity in (1, 2, 3))
"""What stands for a sexual word of each severity; the words themselves are the operator's."""

FILLER = "<>"
"""Stands for a further word of what a token stands for."""

_APOSTROPHES = "'\u2019\u02bc"
_WORD = re.compile(rf"<sexual:[123]>|[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*")
_DROPPED = str.maketrans("", "", _APOSTROPHES)


def words_in(text: str) -> list[str]:
    """The words of a text that is normalised already."""
    found = _WORD.findall(text)
    return [word.translate(_DROPPED) for word in found] if _may_have(text) else found


def row_of(text: str) -> str:
    """The words of a text, a space before and after each: ` how old are you `."""
    row = f" {' '.join(_WORD.findall(text))} "
    return row.translate(_DROPPED) if _may_have(text) else row


def places_in(text: str) -> list[tuple[int, int]]:
    """Where each word of a text starts and ends in it."""
    return [found.span() for found in _WORD.finditer(text)]


def _may_have(text: str) -> bool:
    return any(mark in text for mark in _APOSTROPHES)
