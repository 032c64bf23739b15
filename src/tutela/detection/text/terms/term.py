"""A term of a list, and where it was found."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tutela.model.record import Record


class TermKind(StrEnum):
    """How a term is looked for."""

    WORDS = "words"
    """Whole words, one after the other, whatever stands between them."""
    PART = "part"
    """These characters, also within a word: for writing without spaces."""
    PATTERN = "pattern"
    """A regular expression of RE2."""


class Term(Record, frozen=True, kw_only=True):
    """One term.

    Attributes:
        id: what is told of it: chosen by its author, or the line on which it stands.
        points: of evidence, where it is found.
        text: what is looked for, normalised; a pattern as it was written.
    """

    id: str
    kind: TermKind
    points: float
    text: str

    def __repr__(self) -> str:
        """Without what is looked for."""
        return f"Term({self.id})"


class TermList(Record, frozen=True, kw_only=True):
    """A list of terms.

    Attributes:
        name: what it is called in answers.
        owner: who keeps it and can be asked.
        version: as its owner counts.
        language: whose terms these are: `en`; empty where they are looked for in all.
        digest: of the file, as a hexadecimal number.
    """

    name: str
    owner: str
    version: str
    language: str = ""
    digest: str = ""
    terms: tuple[Term, ...] = ()

    def __repr__(self) -> str:
        """Without its terms."""
        return f"TermList({self.name} {self.version})"


class TermHit(NamedTuple):
    """A term that was found; `start` and `end` count in the text as written."""

    term_list: str
    version: str
    term: str
    points: float
    start: int
    end: int
