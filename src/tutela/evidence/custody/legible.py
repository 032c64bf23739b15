"""How names from outside stand on paper: so that none can look like another, or move what is near.

A character is printed as itself where it has a form of its own that nothing around it changes:
ASCII, some signs, and letters of the Latin, Greek and Cyrillic scripts. Everything else stands as
its code point, `<U+202E>`: controls, what turns the direction of writing, what has no width, marks
that sit on other letters, spaces that cannot be seen, emoji, other scripts. A byte that is not
UTF-8 stands as `<0xFF>`, and `<` itself as `<U+003C>`, so that two names are never written alike.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tutela.model.record import Record

LETTERS = (
    *range(0x00C0, 0x01E4),  # Latin
    *range(0x01E6, 0x01F6),
    *range(0x01F8, 0x0222),
    *range(0x0224, 0x0242),
    *range(0x1E00, 0x1E9B),
    *range(0x1EA0, 0x1EFA),
    *range(0x0374, 0x03CF),  # Greek
    *range(0x1F00, 0x2000),
    *range(0x0400, 0x0460),  # Cyrillic
    *range(0x0490, 0x049C),
    *range(0x04A2, 0x04A6),
    *range(0x04AA, 0x04B4),
    *range(0x04BA, 0x04BC),
    *range(0x04C0, 0x04C5),
    *range(0x04CF, 0x04FA),
)
"""What both fonts of the documents have."""
IN_PIECES = "ẢẺỈỎỞỦỶ"
"""Letters that the font puts together, so that whoever copies them from the page gets two."""
SIGNS = "¡¢£¥§©«®°±µ¶·»¿×÷–—‘’“”„†•…€№™"  # noqa: RUF001 - the signs themselves
SCRIPTS = {"LATIN": "Latin", "GREEK": "Greek", "CYRILLIC": "Cyrillic"}

_CASED = ("Lu", "Ll", "Lt")
_BYTES = range(0xDC80, 0xDD00)


class Piece(NamedTuple):
    """A part of a written name: as it was found, or a code in place of what cannot be shown."""

    text: str
    code: bool


class Written(Record, frozen=True, kw_only=True):
    """A name on paper.

    Attributes:
        lines: its pieces, line by line.
        left_out: how many characters are not shown.
        scripts: whose letters it holds, in the order of the alphabet.
        exact: whether every character is shown as itself.
    """

    lines: tuple[tuple[Piece, ...], ...]
    left_out: int = 0
    scripts: tuple[str, ...] = ()
    exact: bool = True


def printable() -> frozenset[str]:
    """Every character that is printed as itself; the font must have them all."""
    ascii_ = (chr(code) for code in range(0x20, 0x7F) if code != ord("<"))
    letters = filter(_is_letter, map(chr, LETTERS))
    return frozenset(itertools.chain(ascii_, letters, SIGNS)) - set(IN_PIECES)


class Legible:
    """Writes names.

    Args:
        width: characters of a line.
        limit: characters of a name that are shown at most; the rest is counted.
    """

    def __init__(self, width: int, limit: int = 1024) -> None:
        self._printable = printable()
        self._width = width
        self._limit = limit

    def name(self, text: str, raw: bytes | None = None) -> Written:
        """A name as it is printed; from its exact bytes where they are not UTF-8."""
        if raw is not None:
            text = raw.decode("utf-8", "surrogateescape")
        shown = text[: self._limit]
        pieces = list(self._pieces(shown))
        return Written(
            lines=tuple(_broken(pieces, self._width)),
            left_out=len(text) - len(shown),
            scripts=_scripts(shown),
            exact=not any(piece.code for piece in pieces),
        )

    def told(self, text: str) -> Written:
        """What somebody wrote, as it is printed: like a name, but lines end at spaces."""
        pieces = list(self._pieces(text[: self._limit]))
        return Written(
            lines=tuple(_wrapped(pieces, self._width)),
            left_out=max(0, len(text) - self._limit),
            exact=not any(piece.code for piece in pieces),
        )

    def line(self, text: str) -> str:
        """Words that come from outside, in one line, with the same codes."""
        return "".join(piece.text for piece in self._pieces(text[: self._limit]))

    def _pieces(self, text: str) -> Iterator[Piece]:
        padded = f" {text} "
        for before, character, after in zip(padded, text, padded[2:], strict=False):
            # A space is seen only between two things that are.
            hidden = character == " " and " " in {before, after}
            plain = character in self._printable and not hidden
            yield Piece(character if plain else code(character), not plain)


def code(character: str) -> str:
    """What stands for a character that is not shown: `<U+202E>`; for a lone byte `<0xFF>`."""
    value = ord(character)
    return f"<0x{value - 0xDC00:02X}>" if value in _BYTES else f"<U+{value:04X}>"


def _is_letter(character: str) -> bool:
    """Whether it is a letter by itself, and not another way to write one or several others."""
    compatible = unicodedata.decomposition(character).startswith("<")
    composed = unicodedata.normalize("NFC", character) == character
    return unicodedata.category(character) in _CASED and composed and not compatible


def _scripts(text: str) -> tuple[str, ...]:
    words = {unicodedata.name(one, "").partition(" ")[0] for one in set(text) if one.isalpha()}
    return tuple(sorted(SCRIPTS[word] for word in words & SCRIPTS.keys()))


def _broken(pieces: Sequence[Piece], width: int) -> Iterator[tuple[Piece, ...]]:
    """Lines of a width; a space at the edge of one is written as its code, to be seen."""
    line: list[Piece] = []
    used = 0
    for piece, after in itertools.zip_longest(pieces, pieces[1:]):
        here = piece
        room = width - used - len(piece.text)
        if piece.text == " " and (not line or (after is not None and len(after.text) > room)):
            here = Piece(code(" "), code=True)
            room = width - used - len(here.text)
        if room < 0 and line:
            yield tuple(_joined(line))
            line, used = [], 0
        line.append(here)
        used += len(here.text)
    if line:
        yield tuple(_joined(line))


def _wrapped(pieces: Sequence[Piece], width: int) -> Iterator[tuple[Piece, ...]]:
    """Lines of a width that end at a space, which is not printed then, where there is one."""
    line: list[Piece] = []
    for piece in pieces:
        line.append(piece)
        while sum(len(one.text) for one in line) > width:
            spaces = [at for at, one in enumerate(line) if one.text == " " and at]
            cut = spaces[-1] if spaces else len(line) - 1
            yield tuple(_joined(line[:cut]))
            line = line[cut + bool(spaces) :]
    if line:
        yield tuple(_joined(line))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for is_code, group in itertools.groupby(pieces, key=lambda piece: piece.code):
        yield Piece("".join(piece.text for piece in group), is_code)
