"""Words that were stretched: `hooome` is `hoome` once normalised, and may be meant as `home`.

The normaliser leaves two of a letter that stands there three times or more, since `goood` is no
`god`. Whoever matches looks at the text with one of them, too.
"""

from __future__ import annotations

import re
from array import array
from itertools import pairwise

from tutela.detection.text.normalised import Normalised

STRETCHED = 3
"""So many of a letter in a row are no spelling."""

_DOUBLE = re.compile(r"([^\W\d_])\1")


def unstretched(message: Normalised) -> Normalised | None:
    """A text with one of each letter that was stretched; None where none was."""
    starts, ends = message.starts, message.ends
    if not starts:
        return None
    dropped = [
        at
        for at in (found.start() for found in _DOUBLE.finditer(message.text))
        # The name of an emoji comes from one sign as well, and is spelt as it is.
        if starts[at] == starts[at + 1]
        and ends[at] - starts[at] >= STRETCHED
        and message.original[starts[at]].isalpha()
    ]
    if not dropped:
        return None
    return Normalised(
        message.original,
        "".join(_without(message.text, dropped)),
        _places(starts, dropped),
        _places(ends, dropped),
        message.hidden,
    )


def _without(text: str, dropped: list[int]) -> list[str]:
    bounds = [-1, *dropped, len(text)]
    return [text[before + 1 : at] for before, at in pairwise(bounds)]


def _places(places: array[int], dropped: list[int]) -> array[int]:
    kept = array("I")
    bounds = [-1, *dropped, len(places)]
    for before, at in pairwise(bounds):
        kept += places[before + 1 : at]
    return kept
