"""Finds the cues of one language in a message.

All phrases of a file are one automaton of RE2, which reads a message once, in linear time, and
says which families occur. Only of those is then asked where, which few messages need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import re2

from tutela.detection.conversation.cues.cue import CueFamily, Hit
from tutela.detection.conversation.cues.reading import CueFile, Family
from tutela.detection.conversation.cues.respelling import Respelling
from tutela.detection.conversation.cues.words import places_in, row_of
from tutela.detection.text.normalised import Normalised
from tutela.detection.text.stretched import unstretched
from tutela.errors import BadConfiguration

MOST_HITS = 8
"""Finds of one family in one message that are told."""

NEGATION_REACH = 4
"""Words that may stand between a negation and what it negates."""

REPORTED_REACH = 2
"""Words that may stand between what tells of others and what they are said to have said."""

UNLESS_REACH = 8
"""Words that may stand between a find and what makes it none."""

_MOST_NEAR = 64
"""Finds of what negates that are looked at in one message."""

_NEVER = "[^\\x00-\\xff]"
_MEMORY = 64 * 2**20
"""Bytes of states that RE2 may keep to tell which families occur; beyond, it begins anew."""

_MEMORY_EACH = 8 * 2**20
"""Bytes likewise for where one family occurs, which few messages need."""

_OPENING, _CLOSING = '"\u201c\u00ab\u201e', '"\u201d\u00bb\u201c'


class _Found(NamedTuple):
    """Words from `first` to before `last`, counted from 0."""

    first: int
    last: int


class _Searcher:
    """Finds a family in a row of words, once it is known to occur."""

    def __init__(self, family: Family) -> None:
        self.cue = family.cue
        self.negated = family.negated
        self.phrases = _expression(family.phrases, family.place)
        self.unless = _expression(family.unless, family.place) if family.unless else None


class Matcher:
    """The cues of one language, ready to be found. May be used by many threads.

    Args:
        file: the cues.
        row: makes the row of words of a normalised text; a lexicon puts its tokens in.

    Raises:
        BadConfiguration: the phrases of a family are too large together.
    """

    def __init__(self, file: CueFile, row: Callable[[str], str] = row_of) -> None:
        self.families: dict[str, CueFamily] = {one.cue.id: one.cue for one in file.families}
        self._row = row
        self._searchers = [_Searcher(family) for family in file.families]
        before = (file.negations or (_NEVER,), file.reported or (_NEVER,))
        self._negations, self._reported = map(_expression, before)
        phrases = [one.phrases for one in file.families] + list(before)
        self._set = _set_of(phrases)
        self._respelling = Respelling(
            phrase for some in (*phrases, *(one.unless for one in file.families)) for phrase in some
        )

    def find(self, message: Normalised) -> tuple[Hit, ...]:
        """The cues of a message in the order in which they stand in it."""
        hits = self._found(message)
        shorter = unstretched(message)
        if shorter is None:
            return hits
        # `are you hooome` may be `home`, and `goood` is no `god`: each way to read it counts.
        found = {(one.cue.id, one.start): one for one in (*self._found(shorter), *hits)}
        return tuple(sorted(found.values(), key=_by_place))

    def _found(self, message: Normalised) -> tuple[Hit, ...]:
        row = self._respelling.row(self._row(message.text)).encode()
        which = self._set.Match(row)
        return self._hits(message, row, which) if which else ()

    def _hits(self, message: Normalised, row: bytes, which: Sequence[int]) -> tuple[Hit, ...]:
        places = places_in(message.text)
        negations = self._negations_in(message.text, places, row, which)
        hits = [
            Hit(searcher.cue, *message.span(places[one.first][0], places[one.last - 1][1]))
            for searcher in (self._searchers[at] for at in which if at < len(self._searchers))
            for one in _kept(searcher, row, negations)
        ]
        return tuple(sorted(hits, key=_by_place))

    def _negations_in(
        self, text: str, places: Sequence[tuple[int, int]], row: bytes, which: Sequence[int]
    ) -> _Negations | None:
        families = len(self._searchers)
        negations = _all(self._negations, row) if families in which else []
        reported = _all(self._reported, row) if families + 1 in which else []
        return _Negations(text, places, negations, reported) if negations or reported else None


class _Negations(NamedTuple):
    """What in one message negates, or tells of others: it makes what follows no cue."""

    text: str
    places: Sequence[tuple[int, int]]
    negations: Sequence[_Found]
    reported: Sequence[_Found]

    def cover(self, found: _Found) -> bool:
        """Whether it stands after a negation, or is what somebody else is said to have said."""
        return any(0 <= found.first - one.last <= NEGATION_REACH for one in self.negations) or any(
            0 <= found.first - one.last <= REPORTED_REACH
            or (one.last <= found.first and self._quoted(one, found))
            for one in self.reported
        )

    def _quoted(self, reported: _Found, found: _Found) -> bool:
        """Whether a find stands in the quotation that begins after the words that report it."""
        between = self.text[self.places[reported.last - 1][1] : self.places[found.first][0]]
        opened = next((at for at, mark in enumerate(between[:4]) if mark in _OPENING), None)
        return opened is not None and not any(mark in between[opened + 1 :] for mark in _CLOSING)


def _kept(searcher: _Searcher, row: bytes, negations: _Negations | None) -> Iterator[_Found]:
    unless = _all(searcher.unless, row) if searcher.unless else ()
    found = (
        one
        for one in _each(searcher.phrases, row)
        if not any(_near(one, other) for other in unless)
        and not (negations and searcher.negated and negations.cover(one))
    )
    return islice(found, MOST_HITS)


def _each(expression: re2._Regexp, row: bytes) -> Iterator[_Found]:
    """Every find, also where one ends with the space that the next begins with."""
    at, first = 0, 0
    while (found := expression.search(row, at)) is not None:
        start, end = found.span()
        first += row.count(b" ", at, start)
        last = first + row.count(b" ", start, end) - 1
        yield _Found(first, last)
        at, first = end - 1, last


def _all(expression: re2._Regexp, row: bytes) -> list[_Found]:
    return list(islice(_each(expression, row), _MOST_NEAR))


def _near(one: _Found, other: _Found) -> bool:
    return other.first - one.last <= UNLESS_REACH and one.first - other.last <= UNLESS_REACH


def _by_place(hit: Hit) -> tuple[int, int, str]:
    return hit.start, hit.end, hit.cue.id


def _set_of(some: Sequence[Sequence[str]]) -> re2.Set:
    """What tells which of some lists of phrases occur, by their place."""
    found = re2.Set.SearchSet(_options(_MEMORY))
    try:
        for phrases in some:
            found.Add("|".join(phrases).encode())
        found.Compile()
    except re2.error:
        raise BadConfiguration("all phrases of the file together are too large") from None
    return found


def _expression(phrases: Sequence[str], place: str = "") -> re2._Regexp:
    try:
        return re2.compile("|".join(phrases).encode(), _options(_MEMORY_EACH))
    except re2.error:
        raise BadConfiguration("these phrases are too large together", where=place) from None


def _options(memory: int) -> re2.Options:
    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    options.never_capture = True
    # A row is matched byte by byte: its words are found as they were written in UTF-8.
    options.encoding = re2.Options.Encoding.LATIN1
    return options
