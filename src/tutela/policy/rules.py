"""A policy's text read into rules, each mistake refused with the place where it stands.

Only nodes are composed from the YAML, nothing is constructed: no tag can make an object, and an
alias cannot grow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from tutela.errors import BadConfiguration
from tutela.model import PRINCIPLES, ActionKind
from tutela.model.record import Record
from tutela.policy.position import position_in, position_of
from tutela.policy.wording import nearest

LARGEST = 256 * 1024
"""Bytes that a policy may have."""

MOST_RULES = 500
"""Rules that a policy may have."""

ASKS = (ActionKind.BLOCK, ActionKind.HOLD, ActionKind.ALLOW)
"""What may be asked of the platform, strongest first; each rule says one."""

RESERVED = ("guard", "no-rule")
"""Names of the reasons that the engine itself gives."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_LONGEST_REASON = 500
_POLICY_KEYS = ("policy", "description", "rules")
_RULE_KEYS = ("name", "when", "actions", "reason", "principles")
_TAG = "tag:yaml.org,2002:"

_YAML_MISTAKES = (
    ("\\t", "a tab cannot be used to indent", "use spaces"),
    (
        "mapping values are not allowed",
        "a colon is not allowed here",
        "put the text in quotes, or after `|` on its own lines",
    ),
    ("another document", "a file holds one policy", "remove the line `---`"),
)

Keyed: TypeAlias = dict[str, Node]


class Rule(Record, frozen=True, kw_only=True):
    """One rule as written.

    Attributes:
        when: its condition, as text.
        node: where the condition stands.
        actions: what it asks for.
        reason: why, in plain words for staff.
        principles: numbers of the Voluntary Principles that it serves.
    """

    name: str
    when: str
    node: ScalarNode
    actions: tuple[ActionKind, ...]
    reason: str
    principles: tuple[int, ...]


class PolicyText:
    """A policy file while it is read.

    Args:
        text: the whole file, lines ending in a single line feed.
        file: what to call it in errors.

    Attributes:
        name: the policy's name.
        rules: its rules in order.

    Raises:
        BadConfiguration: with `file:line:column`.
    """

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        top = self._keyed(self._compose(), "a policy", _POLICY_KEYS, required=("policy", "rules"))
        self.name = self._name(top["policy"], "a policy's name")
        if "description" in top:
            self._words(top["description"], "a description")
        self.rules = self._rules(top["rules"])

    def error(self, what: str, node: Node, remedy: str = "") -> BadConfiguration:
        """An error at the start of a node."""
        return self._error_at(what, node.start_mark.index, remedy)

    def error_in(
        self, what: str, node: ScalarNode, *, line: int, column: int, remedy: str
    ) -> BadConfiguration:
        """An error at a position within a scalar's text, line and column from 1."""
        place = position_in(node, self._text, line, column)
        return BadConfiguration(what, where=place.in_file(self._file), remedy=remedy)

    def _error_at(self, what: str, index: int, remedy: str) -> BadConfiguration:
        place = position_of(self._text, index)
        return BadConfiguration(what, where=place.in_file(self._file), remedy=remedy)

    def _compose(self) -> Node:
        try:
            top: Node | None = YAML(typ="safe", pure=True).compose(self._text)
        except MarkedYAMLError as problem:
            what, remedy, mark = _yaml_in_words(problem)
            raise self._error_at(what, mark.index if mark else 0, remedy) from None
        except ReaderError as problem:
            what = "this character cannot stand in a text file"
            raise self._error_at(what, int(problem.position), "remove it") from None
        except (YAMLError, RecursionError, ValueError) as problem:
            deep = "it is nested too deeply" if isinstance(problem, RecursionError) else "not YAML"
            raise self._error_at(f"this is not a policy: {deep}", 0, "") from None
        if top is None:
            raise self._error_at("the policy is empty", 0, "it needs `policy:` and `rules:`")
        return top

    def _keyed(self, node: Node, what: str, known: Sequence[str], required: Sequence[str]) -> Keyed:
        """The values of a mapping by key: each known, none twice, none missing."""
        if not isinstance(node, MappingNode):
            raise self.error(f"{what} is written as keys and values", node, f"it has {known[0]}:")
        keyed: Keyed = {}
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else ""
            if key not in known:
                remedy = nearest(key, known, f"{what} has {', '.join(known)}")
                raise self.error(f"unknown key {key}".strip(), key_node, remedy)
            if key in keyed:
                raise self.error(f"{key} is given twice", key_node, "remove one of them")
            keyed[key] = value
        missing = next((key for key in required if key not in keyed), None)
        if missing:
            raise self.error(f"{what} lacks {missing}", node, f"add `{missing}:`")
        return keyed

    def _rules(self, node: Node) -> tuple[Rule, ...]:
        items = self._items(node, "rules")
        if not items:
            raise self.error("the policy has no rules", node, "without rules it decides nothing")
        if len(items) > MOST_RULES:
            raise self.error(f"a policy may have {MOST_RULES} rules", items[MOST_RULES])
        rules: dict[str, Rule] = {}
        for item in items:
            keyed = self._keyed(item, "a rule", _RULE_KEYS, required=_RULE_KEYS[:4])
            rule = self._rule(keyed)
            if rule.name in rules:
                remedy = "each rule needs a name of its own"
                raise self.error(f"there are two rules named {rule.name}", keyed["name"], remedy)
            rules[rule.name] = rule
        return tuple(rules.values())

    def _rule(self, keyed: Keyed) -> Rule:
        name = self._name(keyed["name"], "a rule's name")
        when = self._condition(keyed["when"])
        if name in RESERVED:
            raise self.error(
                f"{name} is a name of the program's own", keyed["name"], "choose another"
            )
        return Rule(
            name=name,
            when=str(when.value),
            node=when,
            actions=self._actions(keyed["actions"]),
            reason=" ".join(self._words(keyed["reason"], "a reason").split()),
            principles=self._principles(keyed["principles"]) if "principles" in keyed else (),
        )

    def _name(self, node: Node, what: str) -> str:
        name = self._words(node, what)
        if not _NAME.fullmatch(name):
            raise self.error(f"{what} has small letters, digits and -, at most 48", node)
        return name

    def _words(self, node: Node, what: str) -> str:
        """A text that says something."""
        if not isinstance(node, ScalarNode) or node.tag != _TAG + "str":
            raise self.error(f"{what} must be text", node, "put it in quotes")
        if not node.value.strip():
            raise self.error(f"{what} is empty", node, "say it in plain words")
        if len(node.value) > _LONGEST_REASON:
            raise self.error(f"{what} may have {_LONGEST_REASON} characters", node)
        return str(node.value)

    def _condition(self, node: Node) -> ScalarNode:
        if str(node.tag).startswith("!"):
            remedy = "YAML takes ! for a tag: put the condition in quotes"
            raise self.error("a condition must be text", node, remedy)
        if not isinstance(node, ScalarNode) or node.tag not in (_TAG + "str", _TAG + "bool"):
            raise self.error("a condition must be text", node, "put it in quotes, or after `|`")
        if not node.value.strip():
            raise self.error("the condition is empty", node, "write `when: true` for always")
        return node

    def _items(self, node: Node, what: str) -> list[Node]:
        if not isinstance(node, SequenceNode):
            raise self.error(f"{what} must be a list", node, "write [one, two] or lines with -")
        return list(node.value)

    def _actions(self, node: Node) -> tuple[ActionKind, ...]:
        actions = tuple(self._action(item) for item in self._items(node, "actions"))
        asks = ", ".join(ASKS)
        if len([action for action in actions if action in ASKS]) != 1:
            raise self.error("a rule says one thing to the platform", node, f"name one of {asks}")
        if len(set(actions)) < len(actions):
            raise self.error("an action is named twice", node, "remove one of them")
        return actions

    def _action(self, node: Node) -> ActionKind:
        known = tuple(action.value for action in ActionKind)
        name = str(node.value) if isinstance(node, ScalarNode) else ""
        if name not in known:
            remedy = nearest(name, known, f"actions are {', '.join(known)}")
            raise self.error(f"unknown action {name}".strip(), node, remedy)
        return ActionKind(name)

    def _principles(self, node: Node) -> tuple[int, ...]:
        numbers = tuple(self._principle(item) for item in self._items(node, "principles"))
        if len(set(numbers)) < len(numbers):
            raise self.error("a principle is named twice", node, "remove one of them")
        return numbers

    def _principle(self, node: Node) -> int:
        known = {str(principle.number) for principle in PRINCIPLES}
        if not isinstance(node, ScalarNode) or node.value not in known:
            what = f"principles are numbers from 1 to {len(known)}"
            raise self.error(what, node, "`tutela principles` lists them")
        return int(node.value)


def _yaml_in_words(error: MarkedYAMLError) -> tuple[str, str, StringMark | None]:
    """What is wrong, the remedy, and where the mistake was made rather than noticed."""
    problem = str(error.problem)
    for sign, what, remedy in _YAML_MISTAKES:
        if sign in problem:
            return what, remedy, error.problem_mark
    if "end of stream" in problem and error.context_mark:
        return "a quoted text is not closed", "add the quotation mark", error.context_mark
    words = f"this is not YAML: {problem}"
    return words, "check indentation, quotes and brackets", error.problem_mark
