"""Words with digits for letters, spelt out: `7h15 ch47` may be meant as `this chat`.

The normaliser puts letters back where nothing else can be meant, and leaves `m8`, `2nite` and
`13yo` as they are. Whoever matches looks at the text with every such digit as a letter, too.
"""

from __future__ import annotations

import re
from array import array

from tutela.detection.text.normalised import Normalised

_LETTERS = str.maketrans("0134578", "oieastb")
_MIXED = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_TOUCHES = re.compile(r"[0134578](?:'?[^\W\d_])|[^\W\d_]'?[0134578]")


def lettered(message: Normalised) -> Normalised | None:
    """A text with letters for the digits in its words; None where it has no such word."""
    if _TOUCHES.search(message.text) is None:
        return None
    text = _MIXED.sub(_spelt, message.text)
    if text == message.text:
        return None
    starts, ends = message.starts, message.ends
    if not starts:
        starts = array("I", range(len(text)))
        ends = array("I", range(1, len(text) + 1))
    changed = sum(map(str.__ne__, text, message.text))
    return Normalised(message.original, text, starts, ends, message.hidden + changed)


def _spelt(word: re.Match[str]) -> str:
    """One word; a number stays one."""
    found = word[0]
    return found if found.replace("'", "").isdigit() else found.translate(_LETTERS)
