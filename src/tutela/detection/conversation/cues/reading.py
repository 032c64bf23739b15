"""A cue file read, each mistake refused with the place where it stands.

docs/reference/cues.md describes the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TypeVar

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tutela.declarations.source import Keyed, Source
from tutela.declarations.wording import nearest
from tutela.detection.conversation.cues.cue import BookedTo, CueFamily, Gate
from tutela.detection.conversation.cues.phrase import Fold, Notation
from tutela.errors import BadConfiguration, InvalidInput
from tutela.model.conversation.rating import Stage
from tutela.model.record import Record

LARGEST = 2 * 1024 * 1024
"""Bytes that a cue file may have."""

MOST_FAMILIES = 200
"""Families that a cue file may have."""

FEWEST_LINES = 5
"""Example lines of each sort that a family has at least."""

_FORMAT = "1"
_SHIPPED = "shipped"
_TOP = (
    "cues",
    "language",
    "version",
    "extends",
    "elisions",
    "spellings",
    "words",
    "negations",
    "reported",
    "families",
    "harmless",
)
_REQUIRED = ("cues", "language", "version", "families")
_FAMILY = (
    "id",
    "title",
    "stage",
    "booked_to",
    "gate",
    "points",
    "cap",
    "half_life_messages",
    "half_life_days",
    "negated",
    "phrases",
    "unless",
    "fires",
    "quiet",
)
_FAMILY_REQUIRED = ("id", "title", "points", "cap", "phrases", "fires", "quiet")
_HALF_LIFE_MESSAGES = 60.0
_HALF_LIFE_DAYS = 14.0

_ID = re.compile(r"[a-z][a-z0-9_]{0,47}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ELISION = re.compile(r"[a-z]{1,3}")
_SET = re.compile(r"[a-z][a-z0-9_]{0,47}")

_Choice = TypeVar("_Choice", bound=StrEnum)


class Line(Record, frozen=True, kw_only=True):
    """An example line and where it stands in the file."""

    text: str
    place: str


class Family(Record, frozen=True, kw_only=True):
    """A family as its file declares it.

    Attributes:
        cue: what raters read of it.
        phrases: what finds it, as regular expressions for rows of words.
        unless: what near a find makes it none, likewise.
        negated: whether negations and reported speech make it none.
        fires: lines in which it must be found.
        quiet: lines in which it must not.
        place: where it stands in the file.
    """

    cue: CueFamily
    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()
    negated: bool = True
    fires: tuple[Line, ...] = ()
    quiet: tuple[Line, ...] = ()
    place: str = ""


class Stratum(Record, frozen=True, kw_only=True):
    """Lines of one kind of harmless conversation: `family logistics`, `coach`."""

    name: str
    lines: tuple[Line, ...]


class CueFile(Record, frozen=True, kw_only=True):
    """A cue file.

    Attributes:
        language: whose cues these are: `en`.
        version: as its author counts.
        negations: what before a find makes it none, as regular expressions: `i would never`.
        reported: likewise, for speech of others that is told again: `my mum asked`.
        harmless: lines in which no cue may be found that counts whatever the ages are.
        extends: whether it adds to the shipped cues of its language; else it is all there is.
    """

    language: str
    version: str
    families: tuple[Family, ...]
    negations: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    harmless: tuple[Stratum, ...] = ()
    extends: bool = False


def read_cues(data: bytes, file: str, fold: Fold) -> CueFile:
    """Read a cue file.

    Args:
        file: what to call it in errors.
        fold: makes of a text what the normaliser makes of it in messages.

    Raises:
        BadConfiguration: with `file:line:column` of the mistake.
    """
    if len(data) > LARGEST:
        raise BadConfiguration(f"a cue file may have {LARGEST:,} bytes", where=file)
    try:
        text = data.decode().replace("\r\n", "\n").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadConfiguration("the file is not UTF-8", where=file, remedy="save it so") from None
    return _Reading(Source(text, file, "it needs `cues:` and `families:`", "cue file"), fold).file()


class _Reading:
    """A cue file while it is read."""

    def __init__(self, source: Source, fold: Fold) -> None:
        self._source = source
        self._fold = fold

    def file(self) -> CueFile:
        top = self._source.keyed(self._source.compose(), "a cue file", _TOP, _REQUIRED)
        if self._text(top["cues"], "cues") != _FORMAT:
            raise self._source.error("this form of cue files is not known", top["cues"], "cues: 1")
        if "extends" in top and self._text(top["extends"], "extends") != _SHIPPED:
            raise self._source.error("only shipped cues can be added to", top["extends"], _SHIPPED)
        self._notation = self._notation_of(top)
        return CueFile(
            language=self._matching(top["language"], "language", _LANGUAGE, "a tag such as en"),
            version=self._text(top["version"], "a version"),
            negations=self._phrases(top, "negations"),
            reported=self._phrases(top, "reported"),
            families=self._families(top["families"]),
            harmless=tuple(
                Stratum(name=key.value, lines=self._lines(value, key.value))
                for key, value in self._mapping(top, "harmless")
            ),
            extends="extends" in top,
        )

    def _notation_of(self, top: Keyed) -> Notation:
        spellings = {
            key.value: [self._text(one, "a spelling") for one in self._source.items(value, "it")]
            for key, value in self._mapping(top, "spellings")
        }
        elisions = [
            self._matching(one, "an elision", _ELISION, "one to three letters: l, d, qu")
            for one in (self._source.items(top["elisions"], "it") if "elisions" in top else ())
        ]
        with_place = top.get("spellings", top["cues"])
        notation = self._explained(lambda: Notation(self._fold, spellings, elisions), with_place)
        for key, value in self._mapping(top, "words"):
            name = self._matching(key, "a name of words", _SET, "small letters and _")
            words = [self._word(one, notation) for one in self._source.items(value, name)]
            self._explained(partial(notation.name, name, words), value)
        return notation

    def _word(self, node: Node, notation: Notation) -> str:
        word = self._text(node, "a word")
        return self._explained(lambda: notation.expression(word, anchored=False), node)

    def _families(self, node: Node) -> tuple[Family, ...]:
        items = self._source.items(node, "families")
        if not items:
            raise self._source.error("the file has no families", node)
        if len(items) > MOST_FAMILIES:
            what = f"a cue file may have {MOST_FAMILIES} families"
            raise self._source.error(what, items[MOST_FAMILIES])
        families: dict[str, Family] = {}
        for item in items:
            family = self._family(item)
            if family.cue.id in families:
                raise self._source.error(f"there are two families {family.cue.id}", item)
            families[family.cue.id] = family
        return tuple(families.values())

    def _family(self, node: Node) -> Family:
        keyed = self._source.keyed(node, "a family", _FAMILY, _FAMILY_REQUIRED)
        return Family(
            cue=self._cue(keyed),
            phrases=self._phrases(keyed, "phrases"),
            unless=self._phrases(keyed, "unless"),
            negated=self._switch(keyed, "negated"),
            fires=self._lines(keyed["fires"], "fires"),
            quiet=self._lines(keyed["quiet"], "quiet"),
            place=self._source.place(node),
        )

    def _cue(self, keyed: Keyed) -> CueFamily:
        return CueFamily(
            id=self._matching(keyed["id"], "an id", _ID, "small letters, digits and _"),
            title=self._source.sentence(keyed["title"], "a title"),
            stage=self._choice(keyed, "stage", Stage, None),
            booked_to=self._choice(keyed, "booked_to", BookedTo, BookedTo.AUTHOR),
            gate=self._choice(keyed, "gate", Gate, Gate.ANY),
            points=self._number(keyed, "points", -10, 10, 0),
            cap=self._number(keyed, "cap", 0, 100, 0),
            half_life_messages=self._number(
                keyed, "half_life_messages", 1, 1e6, _HALF_LIFE_MESSAGES
            ),
            half_life_days=self._number(keyed, "half_life_days", 0.01, 1e4, _HALF_LIFE_DAYS),
        )

    def _phrases(self, keyed: Keyed, key: str) -> tuple[str, ...]:
        if key not in keyed:
            return ()
        items = self._source.items(keyed[key], key)
        if not items:
            raise self._source.error(f"{key} is empty", keyed[key], "remove it, or write some")
        return tuple(self._phrase(item) for item in items)

    def _phrase(self, node: Node) -> str:
        phrase = self._text(node, "a phrase")
        return self._explained(lambda: self._notation.expression(phrase), node)

    def _lines(self, node: Node, key: str) -> tuple[Line, ...]:
        items = self._source.items(node, key)
        if len(items) < FEWEST_LINES:
            what = f"a family has {FEWEST_LINES} lines under {key} at least"
            raise self._source.error(what, node, "write harmless lines of your own")
        return tuple(
            Line(text=self._text(one, "a line"), place=self._source.place(one)) for one in items
        )

    def _mapping(self, top: Keyed, key: str) -> list[tuple[ScalarNode, Node]]:
        """Pairs of a mapping whose keys are the author's own, none twice."""
        node = top.get(key)
        if node is None:
            return []
        if not isinstance(node, MappingNode):
            raise self._source.error(f"{key} is written as keys and values", node)
        names = [one.value for one, _ in node.value if isinstance(one, ScalarNode)]
        return list(self._source.pairs(node, key, names or ["a name"]).values())

    def _choice(
        self, keyed: Keyed, key: str, kind: type[_Choice], default: _Choice | None
    ) -> _Choice:
        if key not in keyed:
            return default  # type: ignore[return-value] # None only where the caller gave it
        value = self._text(keyed[key], key)
        names = [str(one) for one in kind]
        if value not in names:
            remedy = nearest(value, names, f"one of {', '.join(names)}")
            raise self._source.error(f"{key} cannot be {value}", keyed[key], remedy)
        return kind(value)

    def _number(self, keyed: Keyed, key: str, low: float, high: float, default: float) -> float:
        if key not in keyed:
            return default
        node = keyed[key]
        if self._source.is_a(node, "int", "float"):
            try:
                value = float(node.value)
            except ValueError:
                value = float("nan")
            if low <= value <= high:
                return value
        raise self._source.error(f"{key} must be a number from {low:g} to {high:g}", node)

    def _switch(self, keyed: Keyed, key: str) -> bool:
        if key not in keyed:
            return True
        if not self._source.is_a(keyed[key], "bool"):
            raise self._source.error(f"{key} must be true or false", keyed[key])
        return str(keyed[key].value).lower() == "true"

    def _matching(self, node: Node, what: str, form: re.Pattern[str], words: str) -> str:
        text = self._text(node, what)
        if not form.fullmatch(text):
            raise self._source.error(f"{what} cannot be {text[:48]}", node, words)
        return text

    def _text(self, node: Node, what: str) -> str:
        """A text; numbers too, since `13` and `2` are written by people."""
        if self._source.is_a(node, "int"):
            return str(node.value)
        return self._source.words(node, what)

    def _explained(self, read: Callable[[], _Made], node: Node) -> _Made:
        """What `read` makes, its complaint told with the place of a node."""
        try:
            return read()
        except InvalidInput as problem:
            raise self._source.error(problem.what, node, problem.remedy) from None


_Made = TypeVar("_Made")
