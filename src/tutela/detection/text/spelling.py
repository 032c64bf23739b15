"""Spellings that hide a word: digits for letters, letters set apart, letters many times over.

Digits that mean what they say stay: ages (`13`, `im14f`, `13yo`, `u11s`), ordinals, times, and the
short forms that sound like words (`m8`, `gr8`, `2nite`, `b4`). Only digits *between* letters are
read as letters, those at the edge of a word that has such a digit within, and one 0 at an edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutela.detection.text.draft import Edit

SIGNS = re.compile(r"[0-9@$|]")
"""What may stand for a letter; a text without any is left as it is."""

REPEATED = re.compile(r"([^0-9])\1\1+")
"""One character three times or more. Digits are left alone: a number is what it is."""

APART = re.compile(
    r"(?<![^\W_])(?:[^\W\d_](?: [^\W\d_]){3,}"
    r"|[^\W\d_](?:([._*~/|-])[^\W\d_])(?:\1[^\W\d_])+)(?![^\W_])"
)
"""Single letters set apart: four with spaces between (`r u a` has three), three with a sign."""

MAY_BE_APART = re.compile(r" [^\W\d_] [^\W\d_] |[._*~/|-][^\W\d_][._*~/|-]")
"""What stands in every run of letters set apart that is long enough; quick to look for."""

_TOKEN = re.compile(r"[a-z0-9@$|]+")
_LETTER = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "|": "l"}
_WITHIN = re.compile(r"(?<=[a-z])[013457@$|]{1,3}(?=[a-z])")
_EDGE = re.compile(r"^[013457$](?=[a-z])|(?<=[a-z])[01345$]$")
_AGE = re.compile(
    r"(?:im?|ima|am|age|aged|was|turning|u|f|m|g|b|jai|ai)?[1-9][0-9]?"
    r"(?:s|y|yo|yrs?|years?|old|ans?|st|nd|rd|th|er|ere|e|eme|am|pm|h)?[fmghb]?"
)
_ONE_NOUGHT = re.compile(r"[a-z]+0|0[a-z]{2,}")
_SOUND = re.compile(r"[a-z]4[a-z]|mp[34]s?|ps[0-9]s?")
_TWICE = {"00", "33", "44", "55", "77"}
_MOST_DIGITS = 4


def letters_for_digits(text: str) -> Iterator[Edit]:
    """Where digits and signs stand for letters, and for which; each piece keeps its length."""
    for found in _TOKEN.finditer(text):
        token = found[0]
        if SIGNS.search(token) and not token.isdigit() and not _is_address(found):
            read = _read(token)
            if read != token:
                yield found.start(), found.end(), read


def joined(text: str) -> Iterator[Edit]:
    """What stands between letters that were set apart, to be left out."""
    for found in APART.finditer(text):
        for place in range(found.start() + 1, found.end(), 2):
            yield place, place + 1, ""


def _is_address(found: re.Match[str]) -> bool:
    """Whether it is the first part of an e-mail address: `name@example` before a dot."""
    return "@" in found[0] and found.string.startswith(".", found.end())


def _read(token: str) -> str:
    if sum(map(str.isdigit, token)) > min(_MOST_DIGITS, sum(map(str.isalpha, token))):
        return token  # it is an id or a number
    if _AGE.fullmatch(token) or _SOUND.fullmatch(token):
        return token
    if _ONE_NOUGHT.fullmatch(token):
        return token.replace("0", "o")
    read = _WITHIN.sub(_run, token)
    return token if read == token else _EDGE.sub(_run, read)


def _run(found: re.Match[str]) -> str:
    run = found[0]
    if run == "11" and len(found.string) > len("u11s"):
        return "ll"
    if run.isdigit() and len(run) > 1 and run not in _TWICE:
        return run
    return "".join(_LETTER[one] for one in run)
