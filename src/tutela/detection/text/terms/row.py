"""A text as a row of words, each with a space on either side: whole words are found in it."""

from __future__ import annotations

import re
from itertools import accumulate

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def row_of(text: str) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    """The words of a normalised text, and where they are.

    Each word stands with its own space before and after it, so that two phrases that follow one
    another share nothing. Apostrophes within are dropped: many leave them out.

    Returns:
        The row: ` free  gems `; and for each word where it starts in the row, and where it starts
        and ends in the text.
    """
    found = list(_WORD.finditer(text))
    words = [f" {one[0].replace(chr(39), '')} " for one in found]
    starts = accumulate(map(len, words), initial=0)
    places = tuple((start, *one.span()) for start, one in zip(starts, found, strict=False))
    return "".join(words), places
