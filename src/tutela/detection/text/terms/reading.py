"""A term list read, each mistake refused with the place where it stands, and without the term.

docs/reference/term-lists.md describes the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tutela.declarations.position import position_of
from tutela.declarations.source import Source
from tutela.declarations.wording import nearest
from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.pattern import compiled
from tutela.detection.text.terms.row import row_of
from tutela.detection.text.terms.term import Term, TermKind, TermList
from tutela.errors import BadConfiguration, InvalidInput

LARGEST = 4 * 1024 * 1024
"""Bytes that a term list may have."""

MOST_TERMS = 20_000
"""Terms that a list may have."""

MOST_PATTERNS = 500
"""Patterns that a list may have among them: each of them reads every text once more."""

_FORMAT = "1"
_TOP = ("terms", "name", "owner", "version", "language", "points", "entries")
_REQUIRED = ("terms", "name", "owner", "version", "entries")
_ENTRY = ("id", "phrase", "part", "pattern", "points")
_KEY_OF = {"phrase": TermKind.WORDS, "part": TermKind.PART, "pattern": TermKind.PATTERN}
_MOST_POINTS = 10.0
_POINTS = 1.0

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


def read_terms(data: bytes, file: str, normaliser: Normaliser) -> TermList:
    """Read a term list.

    Args:
        file: what to call it in errors.
        normaliser: makes of terms what it makes of texts.

    Raises:
        BadConfiguration: with `file:line:column` of the mistake, and never with a term.
    """
    if len(data) > LARGEST:
        raise BadConfiguration(f"a term list may have {LARGEST:,} bytes", where=file)
    try:
        text = data.decode().replace("\r\n", "\n").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadConfiguration("the file is not UTF-8", where=file, remedy="save it so") from None
    source = Source(text, file, "it needs `terms:` and `entries:`", "term list")
    return _Reading(source, text, normaliser).term_list(sha256(data).hexdigest())


class _Reading:
    """A term list while it is read. Its errors quote nothing of the file but keys that we know."""

    def __init__(self, source: Source, text: str, normaliser: Normaliser) -> None:
        self._source = source
        self._text = text
        self._normaliser = normaliser

    def term_list(self, digest: str) -> TermList:
        top = self._keyed(self._source.compose(), "a term list", _TOP, _REQUIRED)
        if self._plain(top["terms"], "terms") != _FORMAT:
            raise self._source.error(
                "this form of term lists is not known", top["terms"], "terms: 1"
            )
        return TermList(
            name=self._matching(top["name"], "a name", _NAME, "small letters, digits and -"),
            owner=self._plain(top["owner"], "an owner"),
            version=self._plain(top["version"], "a version"),
            language=self._language(top),
            digest=digest,
            terms=self._terms(top["entries"], self._points(top, _POINTS)),
        )

    def _language(self, top: dict[str, Node]) -> str:
        if "language" not in top:
            return ""
        return self._matching(top["language"], "a language", _LANGUAGE, "a tag such as en")

    def _terms(self, node: Node, points: float) -> tuple[Term, ...]:
        items = self._source.items(node, "entries")
        if not items:
            raise self._source.error("the list has no entries", node)
        if len(items) > MOST_TERMS:
            what = f"a term list may have {MOST_TERMS:,} entries"
            raise self._source.error(what, items[MOST_TERMS], "make it several lists")
        terms: dict[str, Term] = {}
        patterns = 0
        for item in items:
            term = self._term(item, points)
            patterns += term.kind is TermKind.PATTERN
            if term.id in terms:
                raise self._source.error("two entries have this id", item, "change one of them")
            if patterns > MOST_PATTERNS:
                what = f"a term list may have {MOST_PATTERNS} patterns"
                raise self._source.error(what, item, "write phrases where that will do")
            terms[term.id] = term
        return tuple(terms.values())

    def _term(self, node: Node, points: float) -> Term:
        line = str(position_of(self._text, node.start_mark.index).line)
        if isinstance(node, ScalarNode):
            return Term(id=line, kind=TermKind.WORDS, points=points, text=self._words(node))
        entry = self._keyed(node, "an entry", _ENTRY, ())
        ways = [key for key in _KEY_OF if key in entry]
        if len(ways) != 1:
            what = "an entry has one of phrase, part, pattern"
            raise self._source.error(what, node, "write an entry for each")
        kind = _KEY_OF[ways[0]]
        return Term(
            id=self._id(entry["id"]) if "id" in entry else line,
            kind=kind,
            points=self._points(entry, points),
            text=self._looked_for(kind, entry[ways[0]]),
        )

    def _looked_for(self, kind: TermKind, node: Node) -> str:
        if kind is TermKind.WORDS:
            return self._words(node)
        if kind is TermKind.PART:
            part = self._normaliser.normalise(self._plain(node, "an entry")).text.strip()
            if not any(map(str.isalnum, part)):
                raise self._source.error("nothing of this entry can be looked for", node)
            return part
        pattern = self._plain(node, "a pattern")
        try:
            compiled(pattern)
        except InvalidInput as problem:
            raise self._source.error(problem.what, node, problem.remedy) from None
        return pattern

    def _words(self, node: Node) -> str:
        row, _ = row_of(self._normaliser.normalise(self._plain(node, "an entry")).text)
        if not row:
            what = "nothing of this entry can be looked for"
            raise self._source.error(what, node, "write letters or digits")
        return row

    def _id(self, node: Node) -> str:
        return self._matching(node, "an id", _ID, "letters, digits, dots, - and _")

    def _points(self, keyed: dict[str, Node], default: float) -> float:
        if "points" not in keyed:
            return default
        node = keyed["points"]
        if self._source.is_a(node, "int", "float"):
            try:
                value = float(node.value)
            except ValueError:
                value = -1.0
            if 0 <= value <= _MOST_POINTS:
                return value
        raise self._source.error(f"points must be a number from 0 to {_MOST_POINTS:g}", node)

    def _matching(self, node: Node, what: str, form: re.Pattern[str], words: str) -> str:
        text = self._plain(node, what)
        if not form.fullmatch(text):
            raise self._source.error(f"{what} cannot be written so", node, words)
        return text

    def _plain(self, node: Node, what: str) -> str:
        """A text, also what YAML reads as a number or a switch: people mean what they wrote."""
        if isinstance(node, ScalarNode) and not self._source.is_a(node, "str"):
            if node.value:
                return str(node.value)
            raise self._source.error(f"{what} is empty", node)
        return self._source.words(node, what)

    def _keyed(
        self, node: Node, what: str, known: Sequence[str], required: Sequence[str]
    ) -> dict[str, Node]:
        """The values of a mapping by key. A wrong key is not told: it may be a term."""
        if not isinstance(node, MappingNode):
            raise self._source.error(f"{what} is written as keys and values", node)
        keyed: dict[str, Node] = {}
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else ""
            if key not in known:
                remedy = nearest(
                    key, known, f"{what} has {', '.join(known)}; quote a phrase with :"
                )
                raise self._source.error("this key is not known", key_node, remedy)
            if key in keyed:
                raise self._source.error(f"{key} is given twice", key_node, "remove one of them")
            keyed[key] = value
        for key in required:
            if key not in keyed:
                raise self._source.error(f"{what} lacks {key}", node, f"add `{key}:`")
        return keyed
