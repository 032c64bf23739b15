"""All term lists of an operator, looked for in one pass over a text."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from tutela.detection.text.normalised import Normalised
from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.pattern import compiled
from tutela.detection.text.terms.reading import LARGEST, read_terms
from tutela.detection.text.terms.row import row_of
from tutela.detection.text.terms.term import Term, TermHit, TermKind, TermList
from tutela.errors import BadConfiguration

MOST_HITS = 256
"""So many finds in one text are told."""

_SUFFIXES = (".yaml", ".yml")


class _Automaton:
    """Many texts looked for at once (Aho and Corasick 1975)."""

    def __init__(self, terms: Sequence[tuple[TermList, Term]]) -> None:
        by_text: defaultdict[str, list[tuple[TermList, Term]]] = defaultdict(list)
        for term_list, term in terms:
            by_text[term.text].append((term_list, term))
        self._terms = list(by_text.values())
        self._automaton = AhoCorasick(list(by_text), store_patterns=False) if by_text else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return self._automaton is None

    def find(self, text: str) -> Iterator[tuple[TermList, Term, int, int]]:
        """Every term, also one that stands over another."""
        if self._automaton is None:
            return
        for which, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            for term_list, term in self._terms[which]:
                yield term_list, term, start, end


class TermLists:
    """Term lists, ready to be looked for. Many threads may use one.

    Attributes:
        lists: by name.
    """

    def __init__(self, lists: Sequence[TermList] = ()) -> None:
        self.lists = {one.name: one for one in lists}
        terms = [(one, term) for one in lists for term in one.terms]
        self._words = _Automaton([it for it in terms if it[1].kind is TermKind.WORDS])
        self._parts = _Automaton([it for it in terms if it[1].kind is TermKind.PART])
        self._patterns = [
            (one, term, compiled(term.text)) for one, term in terms if term.kind is TermKind.PATTERN
        ]

    @classmethod
    def read(cls, folder: Path, normaliser: Normaliser) -> TermLists:
        """All lists of a folder: its files that end in `.yaml` or `.yml`; or the one of a file.

        Raises:
            BadConfiguration: with `file:line:column` of the first mistake.
        """
        lists: dict[str, TermList] = {}
        for file in _files(folder):
            one = read_terms(_content(file), str(file), normaliser)
            if one.name in lists:
                what = f"two term lists are called {one.name}"
                raise BadConfiguration(what, where=str(file), remedy="rename one of them")
            lists[one.name] = one
        return cls(tuple(lists.values()))

    def find(self, text: Normalised, language: str = "") -> tuple[TermHit, ...]:
        """The terms of a text in the order in which they stand, at most `MOST_HITS`.

        Args:
            language: whose lists count, and those of no language; all lists where it is empty.
        """
        hits = (
            TermHit(one.name, one.version, term.id, term.points, *text.span(start, end))
            for one, term, start, end in self._found(text.text)
            if not language or one.language in ("", language)
        )
        kept = islice(hits, MOST_HITS)
        return tuple(sorted(kept, key=lambda hit: (hit.start, hit.end, hit.term_list, hit.term)))

    def _found(self, text: str) -> Iterator[tuple[TermList, Term, int, int]]:
        yield from self._whole_words(text)
        yield from self._parts.find(text)
        for term_list, term, pattern in self._patterns:
            for start, end in pattern.find(text):
                yield term_list, term, start, end

    def _whole_words(self, text: str) -> Iterator[tuple[TermList, Term, int, int]]:
        if self._words.is_empty:
            return
        row, places = row_of(text)
        starts = [start for start, _, _ in places]
        for term_list, term, start, end in self._words.find(row):
            first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1
            yield term_list, term, places[first][1], places[last][2]


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    try:
        return sorted(one for one in folder.iterdir() if one.suffix in _SUFFIXES)
    except OSError as problem:
        what = f"the folder of term lists cannot be read: {problem.strerror}"
        raise BadConfiguration(what, where=str(folder)) from None


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as problem:
        what = f"the term list cannot be read: {problem.strerror}"
        raise BadConfiguration(what, where=str(file)) from None
