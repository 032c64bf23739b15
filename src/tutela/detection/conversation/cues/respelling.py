"""Words that hold digits for letters, as a phrase knows them.

The normaliser cannot know whether `73ll` is a word; here the words of all phrases are known. A word
becomes one of them only where it is none itself and nothing but digits changes: `gr8` stays where
a phrase says `gr8`, and numbers stay numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MIXED = re.compile(r"[^\W\d_]\d|\d[^\W\d_]")
_WORD = re.compile(r"[^\W_]+(?= )")
_SHORTEST = 3
"""Letters of a word that may be meant."""
_LETTERS = tuple(str.maketrans("0134578", f"o{one}eastb") for one in "il")
"""What digits look like; `1` is an i or an l."""


class Respelling:
    """Knows the words of phrases.

    Args:
        phrases: regular expressions in which a space follows each word.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        found = {word for phrase in phrases for word in _WORD.findall(phrase)}
        self._known = frozenset(word for word in found if len(word) >= _SHORTEST)

    def row(self, row: str) -> str:
        """A row of words, as many as before, in which odd ones are those that they stand for."""
        if _MIXED.search(row) is None:
            return row
        return f" {' '.join(map(self._meant, row.split()))} "

    def _meant(self, word: str) -> str:
        if word in self._known or _MIXED.search(word) is None:
            return word
        letters = (word.translate(table) for table in _LETTERS)
        return next((meant for meant in letters if meant in self._known), word)
