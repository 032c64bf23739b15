"""What single characters stand for when text is matched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from tutela.detection.text.lookalikes import LATIN

IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U0001f3fb-\U0001f3ff"
)
"""Ranges of characters that show nothing by themselves: Unicode's default ignorables, and the tones
of skin of emoji."""

MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u0640\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Ranges of marks above and below letters. Vowel signs of other scripts are letters and stay."""

EMOJI = "\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Ranges of the characters that emoji are, and signs like them."""

_CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"

GONE = re.compile(f"[{IGNORED}{MARKS}{_CONTROLS}]+")
"""Runs of characters that are left out."""

_PLAIN = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u02bc": "'",
    "\u00b4": "'",
    "`": "'",
    "\u2032": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2033": '"',
    "\u0153": "oe",
    "\u0152": "oe",
    "\u00e6": "ae",
    "\u00c6": "ae",
    "\u2800": " ",
}
_LETTERS_IN_BOXES = ((0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))
"""Where white letters on black, and the letters that flags are made of, begin."""

_AS_THEY_ARE = ((0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x2F7FF))
"""Ideographs and syllables: so many that each is not looked at."""

_NAMED = re.compile(r"LATIN (?:CAPITAL|SMALL)? ?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .+)?")
_DRESSED = ("<font>", "<circle>", "<square>", "<super>", "<sub>", "<compat>")
_REMEMBERED = 65536


class Characters(dict[int, str]):
    """Code point of a character: what it is matched as, in lower case without marks.

    Compatibility forms (NFKC) become what they stand for, letters with marks and letters that look
    like Latin ones become plain, white space becomes a space, and half of a surrogate pair becomes
    U+FFFD, so that the result can always be encoded. What it has worked out it remembers; a
    character means the same wherever it stands, so that `str.translate` takes one of these.
    """

    def __missing__(self, point: int) -> str:
        """What a character that did not come up yet is matched as."""
        meant = _meant(chr(point))
        if len(self) < _REMEMBERED:
            self[point] = meant
        return meant


def is_dressed(character: str) -> bool:
    """Whether a character is a plain letter in a costume: in a circle, or in mathematical bold."""
    if _boxed(ord(character)):
        return True
    form = unicodedata.decomposition(character)
    if not form.startswith(_DRESSED):
        return False
    plain = unicodedata.normalize("NFKD", character)
    return len(plain) == 1 and plain.isascii() and plain.isalpha()


def emoji_name(character: str, codes: Mapping[str, str]) -> str:
    """An emoji in words: what the codes say, or its name as `:ghost:`; itself where it has none."""
    if character in codes:
        return f" {codes[character]} "
    name = unicodedata.name(character, "")
    return f":{name.lower().replace(' ', '_')}:" if name else character


def _meant(character: str) -> str:
    point = ord(character)
    if unicodedata.category(character) == "Cs":
        return "\ufffd"
    if any(first <= point <= last for first, last in _AS_THEY_ARE):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isspace():
        return " "
    if unicodedata.category(character) == "Pd":
        return "-"
    return _boxed(point) or "".join(map(_plain, _without_marks(character)))


def _without_marks(character: str) -> str:
    """The character decomposed, folded, without its marks, and composed again where it can be."""
    folded = unicodedata.normalize("NFKD", character).casefold()
    bare = GONE.sub("", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFKC", bare)


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character.isspace():
        return " "
    if character in LATIN:
        return LATIN[character]
    if character in _PLAIN:
        return _PLAIN[character]
    named = _NAMED.fullmatch(unicodedata.name(character, ""))
    return named[1].lower() if named else character


def _boxed(point: int) -> str:
    for first, count in _LETTERS_IN_BOXES:
        if first <= point < first + count:
            return chr(ord("a") + point - first)
    return ""
