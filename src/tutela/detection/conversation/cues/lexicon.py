"""An operator's lexicon of sexual words, each with a severity.

None is shipped, and none ever stands in a test: there are the tokens `<sexual:1>` to `<sexual:3>`
instead, which are found in a text as if they were words. A lexicon puts them in the place of its
words before phrases are matched. Its words are in no error and in no log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick
from ruamel.yaml.nodes import Node, ScalarNode

from tutela.declarations.source import Source
from tutela.detection.conversation.cues.phrase import Fold
from tutela.detection.conversation.cues.words import FILLER, SEXUAL, row_of, words_in
from tutela.errors import BadConfiguration

MOST_TERMS = 100_000
"""Words that a lexicon may have."""

_FORM = "1"
_TOP = ("lexicon", "language", "owner", "version", "sexual")
_SEVERITIES = ("1", "2", "3")


class Term(NamedTuple):
    """A word of a lexicon, or several, as they stand in a row; with `stem` it may go on."""

    row: str
    stem: bool
    token: str


class Lexicon:
    """A lexicon, ready to be used. May be used by many threads.

    Args:
        language: whose words these are: `en`.
        owner: who answers for it.
        version: as its owner counts.
        digest: of the text that declares it, as a hexadecimal number.
        terms: its words.
    """

    def __init__(
        self, language: str, *, owner: str, version: str, digest: str, terms: Iterable[Term]
    ) -> None:
        self.language = language
        self.owner = owner
        self.version = version
        self.digest = digest
        self._terms = tuple(dict.fromkeys(terms))
        self._search = AhoCorasick([one.row for one in self._terms])

    def __len__(self) -> int:
        return len(self._terms)

    def row(self, text: str) -> str:
        """The `row_of` a text with tokens in the place of the lexicon's words."""
        row = row_of(text)
        found = self._search.find_matches_as_indexes(row, overlapping=True)
        return _with_tokens(row, self._longest(row, found)) if found else row

    def _longest(
        self, row: str, found: Iterable[tuple[int, int, int]]
    ) -> Iterator[tuple[int, int, str]]:
        """What is found as whole words, from left to right, the longer before the shorter."""
        whole = (
            (start, row.index(" ", end), self._terms[which].token)
            for which, start, end in found
            if row[end] == " " or self._terms[which].stem
        )
        past = -1
        # Of two that are found at one place, the graver counts.
        for start, end, token in sorted(whole, key=lambda one: (one[0], -one[1], -ord(one[2][-2]))):
            if start >= past:
                yield start, end, token
                past = end


def read_lexicon(data: bytes, file: str, fold: Fold) -> Lexicon:
    """Read a lexicon.

    Args:
        file: what to call it in errors.
        fold: makes of a text what the normaliser makes of it in messages.

    Raises:
        BadConfiguration: with `file:line:column` of the mistake, and none of its words.
    """
    try:
        text = data.decode().replace("\r\n", "\n").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadConfiguration("the file is not UTF-8", where=file, remedy="save it so") from None
    source = Source(text, file, "it needs `lexicon:` and `sexual:`", "lexicon")
    top = source.keyed(source.compose(), "a lexicon", _TOP, _TOP)
    if _text(source, top["lexicon"]) != _FORM:
        raise source.error("this form of lexicons is not known", top["lexicon"], "lexicon: 1")
    terms = list(_terms(source, top["sexual"], fold))
    if not 0 < len(terms) <= MOST_TERMS:
        raise source.error(f"a lexicon has 1 to {MOST_TERMS:,} words", top["sexual"])
    return Lexicon(
        _text(source, top["language"]),
        owner=_text(source, top["owner"]),
        version=_text(source, top["version"]),
        digest=sha256(data).hexdigest(),
        terms=terms,
    )


def _terms(source: Source, node: Node, fold: Fold) -> Iterator[Term]:
    for severity, listed in source.keyed(node, "sexual", _SEVERITIES, ()).items():
        for item in source.items(listed, "a severity"):
            text = _text(source, item)
            words = words_in(fold(text.rstrip("*")))
            if not words:
                raise source.error("a word has no letter or digit", item, "remove it")
            yield Term(f" {' '.join(words)}", text.endswith("*"), SEXUAL[int(severity) - 1])


def _text(source: Source, node: Node) -> str:
    if isinstance(node, ScalarNode) and source.is_a(node, "int"):
        return str(node.value)
    return source.sentence(node, "it")


def _with_tokens(row: str, found: Iterable[tuple[int, int, str]]) -> str:
    """The row with tokens; further words of a find become fillers, so that none is lost."""
    parts, past = [], 0
    for start, end, token in found:
        more = row.count(" ", start + 1, end)
        parts += [row[past:start], " ", token, f" {FILLER}" * more]
        past = end
    return "".join([*parts, row[past:]])
