"""Text as it was meant, for matching: never for showing.

In this order: what shows nothing goes, and marks; letters of another script that look like Latin
ones become these, but only in words that mix scripts (Unicode Technical Standard 39 forbids it for
whole texts, and a Russian word is a Russian word); compatibility forms, case and marks are folded
(NFKC); emoji become names; digits that stand for letters become these; three equal characters or
more become two; white space becomes one space; letters set apart are joined.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Mapping
from hashlib import sha256

from tutela.detection.text.characters import EMOJI, GONE, Characters, emoji_name, is_dressed
from tutela.detection.text.draft import Draft, Edit
from tutela.detection.text.lookalikes import OTHER_SCRIPTS
from tutela.detection.text.normalised import Normalised
from tutela.detection.text.spelling import (
    MAY_BE_APART,
    REPEATED,
    SIGNS,
    joined,
    letters_for_digits,
)

NAMED_EMOJI = 1000
"""So many emoji of a message are named; more stay as they are, so that no text grows endless."""

_NOTHING: array[int] = array("I")
_WORD = re.compile(r"[^\W\d_]+")
_EMOJI = re.compile(f"([{EMOJI}])\\1*")
_SPACES = re.compile("  +")
_BEARABLE_MARKS = 2
"""So many marks in a row letters have in some languages; more are heaped up to hide them."""


class Normaliser:
    """Normalises text. Many threads may use one.

    Args:
        codes: emoji that stand for a word among those who write, and the word.

    Attributes:
        name: a digest of the codes; empty where there are none. What is read with other codes may
            be rated otherwise, so that raters name it.
    """

    def __init__(self, codes: Mapping[str, str] | None = None) -> None:
        self._codes = dict(codes or {})
        written = "\n".join(f"{one} {word}" for one, word in sorted(self._codes.items()))
        self.name = f"emoji {sha256(written.encode()).hexdigest()[:12]}" if written else ""
        self._characters = Characters()

    def normalise(self, text: str) -> Normalised:
        """A text in the form in which it is matched.

        Takes any text, in time linear in its length: with halves of surrogate pairs, controls,
        writing from right to left, heaps of marks. The result holds none of these.
        """
        if text.isascii() and text.isprintable():
            lower = text.lower().replace("`", "'")
            if not _wants_more(lower):
                return Normalised(text, lower, _NOTHING, _NOTHING)
        draft = Draft(text)
        if not text.isascii() or not text.isprintable():
            self._characters_in(draft)
        else:
            draft.text = lower
        _spelling_in(draft)
        return draft.finish()

    def fold(self, text: str) -> Normalised:
        """A text with its characters folded, and its spelling as it is: addresses keep digits."""
        draft = Draft(text)
        self._characters_in(draft)
        return draft.finish()

    def _characters_in(self, draft: Draft) -> None:
        """Fold all that is done character by character."""
        draft.hidden += _hidden_between(draft.text)
        draft.replace((found.start(), found.end(), "") for found in GONE.finditer(draft.text))
        present = set(draft.text)
        if not present.isdisjoint(_LOOK_ALIKE):
            edits = list(_look_alikes(draft.text))
            draft.hidden += sum(_changed(draft.text, edit) for edit in edits)
            draft.replace(edits)
        draft.hidden += sum(draft.text.count(one) for one in present if is_dressed(one))
        draft.translate(self._characters)
        if not draft.text.isascii():
            draft.replace(self._emoji(draft.text))

    def _emoji(self, text: str) -> Iterator[Edit]:
        named = 0
        for found in _EMOJI.finditer(text):
            times = min(2, found.end() - found.start())
            named += times
            one = emoji_name(found[1], self._codes) if named <= NAMED_EMOJI else found[1]
            yield found.start(), found.end(), one * times


_LOOK_ALIKE = frozenset(map(chr, OTHER_SCRIPTS))


def _wants_more(text: str) -> bool:
    return bool(
        "  " in text
        or SIGNS.search(text)
        or REPEATED.search(text)
        or MAY_BE_APART.search(f" {text} ")
    )


def _spelling_in(draft: Draft) -> None:
    """Undo spellings that hide words."""
    if SIGNS.search(draft.text):
        edits = list(letters_for_digits(draft.text))
        draft.hidden += sum(_changed(draft.text, edit) for edit in edits)
        draft.replace(edits)
    draft.replace((m.start(), m.end(), m[1] * 2) for m in REPEATED.finditer(draft.text))
    draft.replace((m.start(), m.end(), " ") for m in _SPACES.finditer(draft.text))
    apart = list(joined(draft.text))
    draft.hidden += len(apart)
    draft.replace(apart)


def _look_alikes(text: str) -> Iterator[Edit]:
    """Words of Latin and other letters: the others as the Latin ones that they look like."""
    latin = set(filter(_is_latin, set(text)))
    for found in _WORD.finditer(text):
        word = found[0]
        if not word.isascii() and not latin.isdisjoint(word) and not _LOOK_ALIKE.isdisjoint(word):
            yield found.start(), found.end(), word.translate(OTHER_SCRIPTS)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.normalize("NFKD", letter)[0].isascii()


def _changed(text: str, edit: Edit) -> int:
    start, end, new = edit
    return sum(one != other for one, other in zip(text[start:end], new, strict=True))


def _hidden_between(text: str) -> int:
    """How many runs of what shows nothing stand within plain words, or are heaps of marks."""
    heaps = 0
    for found in GONE.finditer(text):
        start, end = found.span()
        if start and end < len(text) and _plain(text[start - 1]) and _plain(text[end]):
            heaps += not _is_accent(found[0])
        elif end - start > _BEARABLE_MARKS:
            heaps += 1
    return heaps


def _plain(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_accent(run: str) -> bool:
    return len(run) <= _BEARABLE_MARKS and all(map(unicodedata.combining, run))
