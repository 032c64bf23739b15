"""Why a rating is as it is, in the words of whoever reads."""

from __future__ import annotations

from tutela.detection.conversation.explaining import CUES, SPECIAL
from tutela.interfaces.language import Translator

CUE = "cue"
"""Context in the catalogs of what cues mean."""


def cue_words(texts: Translator, cue: str) -> str:
    """What a cue, or several that came together, mean; an operator's own cue shows its id.

    Args:
        texts: the reader's language.
        cue: such as `secrecy`, or `secrecy+image_request`.
    """
    parts = cue.split("+")
    plain = [_said(texts, CUES.get(part, part)) for part in parts if part not in SPECIAL]
    special = [_said(texts, SPECIAL[part]) for part in parts if part in SPECIAL]
    both = texts.gettext("%(one)s, and %(other)s")
    said = plain[0] if plain else cue
    for other in plain[1:]:
        said = both % {"one": said, "other": other}
    return " ".join([said, *special])


def _said(texts: Translator, text: str) -> str:
    return texts.word(text, CUE)
