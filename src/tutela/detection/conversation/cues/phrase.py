"""The notation in which cue files say what people write, and its way into a regular expression.

A phrase is words, matched whole and one after the other:

- `(mum|dad|big sister)`: one of these;
- `<parents>`: one of a list that the file names under `words`;
- `ok?`, `(so|but)?`, `<please>?`: may be left out;
- `_`: any one word, `...`: up to three words;
- `secret*`: a word that begins so;
- `^` at the start and `$` at the end: the message begins, or ends, there;
- `<sexual:2>`: a word of this severity of the operator's lexicon.

What comes out is matched by RE2 in a `row_of` words, in time linear in its length whatever the
phrase is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tutela.detection.conversation.cues.words import FILLER, SEXUAL, words_in
from tutela.errors import InvalidInput

_PIECE = re.compile(r"\s*(?:<[^<>\s]*>|\.\.\.|[()|?^$]|[^()|?^$<>\s]+)")
_VOWELS = "aeiouyh"
_SHORTEST_ELIDED = 4
"""Letters of a word that may be run together: `d` and `es` would be `des`."""
_DEEPEST = 8
_ANY = "[^ ]+ "
_EMPTY = {"...": f"(?:{_ANY}){{0,3}}", "$": "$"}

LONGEST_PHRASE = 20_000
"""Characters of a phrase, or of a list of words, with all that it stands for."""

LARGEST_FILE = 1_000_000
"""Characters of all phrases of a file, with all that they stand for."""

Fold = Callable[[str], str]


class Notation:
    """Reads phrases of one file.

    Args:
        fold: makes of a text what the normaliser makes of it in messages.
        spellings: other ways to write a word; they count wherever a phrase has the word.
        elisions: what a word that begins with a vowel may be run together with: `l` in `l'argent`.
    """

    def __init__(
        self, fold: Fold, spellings: Mapping[str, Sequence[str]], elisions: Sequence[str] = ()
    ) -> None:
        self._fold = fold
        self._elision = f"(?:{'|'.join(elisions)})?" if elisions else ""
        self._spellings = {
            self._one_word(word): [self._words(other) for other in others]
            for word, others in spellings.items()
        }
        self._sets = {name: f"(?:{name} (?:{FILLER} )*)" for name in SEXUAL}
        self._left = LARGEST_FILE

    def name(self, name: str, expressions: Sequence[str]) -> None:
        """Let `<name>` stand for one of these, which `expression` made without anchors.

        Raises:
            InvalidInput: they are too large together.
        """
        self._sets[f"<{name}>"] = _bounded(_one_of(expressions))

    def expression(self, phrase: str, *, anchored: bool = True) -> str:
        """A regular expression for the words of a phrase; with `anchored`, for a `row_of` words.

        Raises:
            InvalidInput: the phrase cannot be read, or is too large with all that it stands for.
        """
        read = _Reading(phrase, self._sets, self._alternatives).whole(anchored=anchored)
        self._left -= len(read)
        if self._left < 0:
            raise InvalidInput("all phrases up to here are too large together")
        return read

    def _alternatives(self, word: str) -> str:
        stem = word.endswith("*")
        words = self._words(word.rstrip("*"))
        if not words:
            raise InvalidInput(f"{word} has no letter or digit")
        if stem:
            return "".join(f"{one} " for one in words[:-1]) + f"{words[-1]}[^ ]* "
        return "".join(self._spelt(one) for one in words)

    def _spelt(self, word: str) -> str:
        ways = [[word], *self._spellings.get(word, [])]
        return _one_of([self._run_together(way[0]) + " ".join(way) + " " for way in ways])

    def _run_together(self, word: str) -> str:
        return self._elision if len(word) >= _SHORTEST_ELIDED and word[0] in _VOWELS else ""

    def _words(self, text: str) -> list[str]:
        return words_in(self._fold(text))

    def _one_word(self, word: str) -> str:
        words = self._words(word)
        if len(words) != 1:
            raise InvalidInput(f"{word} is not one word")
        return words[0]


class _Reading:
    """One phrase while it is read."""

    def __init__(self, phrase: str, sets: Mapping[str, str], word: Callable[[str], str]) -> None:
        self._pieces = _pieces_of(phrase)
        self._sets = sets
        self._word = word
        self._at = 0
        self._depth = 0

    def whole(self, *, anchored: bool) -> str:
        starts = self._take("^")
        body, may_be_empty = self._row()
        if self._at < len(self._pieces):
            raise InvalidInput(f"{self._pieces[self._at]} cannot stand here")
        if may_be_empty:
            raise InvalidInput("the phrase has no word that must be there")
        if anchored:
            return ("^ " if starts else " ") + body
        if starts or "$" in self._pieces:
            raise InvalidInput("^ and $ cannot stand in a list of words")
        return body

    def _row(self) -> tuple[str, bool]:
        """Items one after the other, and whether all of them may be left out."""
        parts, may_be_empty = [], True
        while self._at < len(self._pieces) and self._pieces[self._at] not in {")", "|"}:
            part, optional = self._item()
            parts.append(_bounded(part))
            may_be_empty = may_be_empty and optional
        if not parts:
            raise InvalidInput("there is nothing between the signs")
        return _bounded("".join(parts)), may_be_empty

    def _item(self) -> tuple[str, bool]:
        piece = self._pieces[self._at]
        self._at += 1
        if piece in {"?", "^"}:
            raise InvalidInput(f"{piece} cannot stand here")
        if piece in _EMPTY:
            return _EMPTY[piece], True
        part, optional = self._group() if piece == "(" else (self._single(piece), piece == "_")
        if self._take("?"):
            return f"(?:{part})?", True
        return part, optional

    def _single(self, piece: str) -> str:
        if piece == "_":
            return _ANY
        if not piece.startswith("<"):
            return self._word(piece)
        if piece not in self._sets:
            raise InvalidInput(f"there are no words named {piece}")
        return self._sets[piece]

    def _group(self) -> tuple[str, bool]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidInput("brackets are nested too deeply")
        rows = [self._row()]
        while self._take("|"):
            rows.append(self._row())
        if not self._take(")"):
            raise InvalidInput("a bracket is not closed")
        self._depth -= 1
        return _one_of([row for row, _ in rows]), any(empty for _, empty in rows)

    def _take(self, piece: str) -> bool:
        found = self._pieces[self._at : self._at + 1] == [piece]
        self._at += found
        return found


def _pieces_of(phrase: str) -> list[str]:
    pieces: list[str] = []
    at, phrase = 0, phrase.rstrip()
    while at < len(phrase):
        found = _PIECE.match(phrase, at)
        if found is None:
            raise InvalidInput(f"{phrase[at:].strip()[0]} cannot stand in a phrase")
        pieces.append(found[0].strip())
        at = found.end()
    return pieces


def _bounded(expression: str) -> str:
    """An expression that is no larger than it may be: lists of lists grow fast."""
    if len(expression) > LONGEST_PHRASE:
        raise InvalidInput("it is too large with all that it stands for", remedy="split it")
    return expression


def _one_of(parts: Sequence[str]) -> str:
    return f"(?:{'|'.join(parts)})" if len(parts) > 1 else parts[0]
