"""A YAML text while it is read: its nodes, and each mistake with the place where it stands.

Only nodes are composed from the YAML, nothing is constructed: no tag can make an object. An alias
is refused, so that no text stands for more than it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from tutela.declarations.position import position_in, position_of
from tutela.declarations.wording import nearest
from tutela.errors import BadConfiguration

LONGEST_WORDS = 500
"""Characters that a reason or a notice may have."""

_TAG = "tag:yaml.org,2002:"
_ALIAS = "an alias (*) cannot stand here"

_YAML_MISTAKES = (
    ("\\t", "a tab cannot be used to indent", "use spaces"),
    (
        "mapping values are not allowed",
        "a colon is not allowed here",
        "put the text in quotes, or after `|` on its own lines",
    ),
    ("another document", "a file holds one {kind}", "remove the line `---`"),
    (_ALIAS, _ALIAS, "write out what it stands for"),
)

Keyed: TypeAlias = dict[str, Node]


class Source:
    """A YAML text and its nodes.

    Args:
        text: the whole file, lines ending in a single line feed.
        file: what to call it in errors.
        needs: what to say where there is nothing in it.
        what: what such a file is, for people.
    """

    def __init__(self, text: str, file: str, needs: str, what: str = "policy") -> None:
        self._text = text
        self._file = file
        self._needs = needs
        self._what = what

    def error(self, what: str, node: Node, remedy: str = "") -> BadConfiguration:
        """An error at the start of a node."""
        return self._error_at(what, node.start_mark.index, remedy)

    def error_in(
        self, what: str, node: ScalarNode, *, line: int, column: int, remedy: str
    ) -> BadConfiguration:
        """An error at a position within a scalar's text, line and column from 1."""
        place = position_in(node, self._text, line, column)
        return BadConfiguration(what, where=place.in_file(self._file), remedy=remedy)

    def place(self, node: Node) -> str:
        """`file:line:column` of the start of a node."""
        return position_of(self._text, node.start_mark.index).in_file(self._file)

    def compose(self) -> Node:
        """The top node.

        Raises:
            BadConfiguration: it is not YAML.
        """
        try:
            yaml = YAML(typ="safe", pure=True)
            yaml.Composer = _WithoutAliases
            top: Node | None = yaml.compose(self._text)
        except MarkedYAMLError as problem:
            what, remedy, mark = _yaml_in_words(problem, self._what)
            raise self._error_at(what, mark.index if mark else 0, remedy) from None
        except ReaderError as problem:
            what = "this character cannot stand in a text file"
            raise self._error_at(what, int(problem.position), "remove it") from None
        except (YAMLError, RecursionError, ValueError) as problem:
            deep = "it is nested too deeply" if isinstance(problem, RecursionError) else "not YAML"
            raise self._error_at(f"this is not a {self._what}: {deep}", 0, "") from None
        if top is None:
            raise self._error_at(f"the {self._what} is empty", 0, self._needs)
        return top

    def keyed(self, node: Node, what: str, known: Sequence[str], required: Sequence[str]) -> Keyed:
        """The values of a mapping by key: each known, none twice, none missing."""
        keyed = {key: value for key, (_, value) in self.pairs(node, what, known).items()}
        missing = next((key for key in required if key not in keyed), None)
        if missing:
            raise self.error(f"{what} lacks {missing}", node, f"add `{missing}:`")
        return keyed

    def pairs(
        self, node: Node, what: str, known: Sequence[str]
    ) -> dict[str, tuple[ScalarNode, Node]]:
        """The nodes of keys and values of a mapping by key: each known, none twice."""
        if not isinstance(node, MappingNode):
            raise self.error(f"{what} is written as keys and values", node, f"it has {known[0]}:")
        keyed: dict[str, tuple[ScalarNode, Node]] = {}
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else ""
            if key not in known:
                remedy = nearest(key, known, f"{what} has {', '.join(known)}")
                raise self.error(f"unknown key {key}".strip(), key_node, remedy)
            if key in keyed:
                raise self.error(f"{key} is given twice", key_node, "remove one of them")
            keyed[key] = (key_node, value)
        return keyed

    def words(self, node: Node, what: str) -> str:
        """A text that says something."""
        if not isinstance(node, ScalarNode) or node.tag != _TAG + "str":
            raise self.error(f"{what} must be text", node, "put it in quotes")
        if not node.value.strip():
            raise self.error(f"{what} is empty", node, "say it in plain words")
        if len(node.value) > LONGEST_WORDS:
            raise self.error(f"{what} may have {LONGEST_WORDS} characters", node)
        return str(node.value)

    def sentence(self, node: Node, what: str) -> str:
        """A text that says something, in one line."""
        return " ".join(self.words(node, what).split())

    def items(self, node: Node, what: str) -> list[Node]:
        """The items of a list."""
        if not isinstance(node, SequenceNode):
            raise self.error(f"{what} must be a list", node, "write [one, two] or lines with -")
        return list(node.value)

    def is_a(self, node: Node, *kinds: str) -> bool:
        """Whether a node is a scalar of one of these kinds: `str`, `bool`, `int`, `float`."""
        return isinstance(node, ScalarNode) and str(node.tag).removeprefix(_TAG) in kinds

    def _error_at(self, what: str, index: int, remedy: str) -> BadConfiguration:
        place = position_of(self._text, index)
        return BadConfiguration(what, where=place.in_file(self._file), remedy=remedy)


class _WithoutAliases(Composer):
    def compose_node(self, parent: object, index: object) -> object:
        if self.parser.check_event(AliasEvent):
            raise ComposerError(None, None, _ALIAS, self.parser.peek_event().start_mark)
        return super().compose_node(parent, index)


def _yaml_in_words(error: MarkedYAMLError, kind: str) -> tuple[str, str, StringMark | None]:
    """What is wrong, the remedy, and where the mistake was made rather than noticed."""
    problem = str(error.problem)
    for sign, what, remedy in _YAML_MISTAKES:
        if sign in problem:
            return what.format(kind=kind), remedy, error.problem_mark
    if "end of stream" in problem and error.context_mark:
        return "a quoted text is not closed", "add the quotation mark", error.context_mark
    words = f"this is not YAML: {problem}"
    return words, "check indentation, quotes and brackets", error.problem_mark
