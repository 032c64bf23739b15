"""A policy's text read into rules, each mistake refused with the place where it stands."""

from __future__ import annotations

import re

from ruamel.yaml.nodes import Node, ScalarNode

from tutela.declarations.source import Keyed, Source
from tutela.declarations.wording import nearest
from tutela.errors import BadConfiguration
from tutela.model import PRINCIPLES, ActionKind, Order, Severity
from tutela.model.record import Record
from tutela.policy.asked import ASKS, FELT, actions_of
from tutela.policy.reviewing.review import SHIPPED, review_of
from tutela.policy.thresholds.threshold import thresholds_of
from tutela.policy.trials.trial import trials_of

LARGEST = 8 * 1024 * 1024
"""Bytes that a policy may have."""

MOST_RULES = 10_000
"""Rules that a policy may have."""

RESERVED = ("guard", "no-rule")
"""Names of the reasons that the engine itself gives."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_POLICY_KEYS = ("policy", "description", "owner", "thresholds", "rules", "tests", "review")
_RULE_KEYS = (
    "name",
    "when",
    "actions",
    "reason",
    "notice",
    "severity",
    "owner",
    "principles",
    "imminent",
)


class Rule(Record, frozen=True, kw_only=True):
    """One rule as written.

    Attributes:
        when: its condition, as text.
        node: where the condition stands.
        actions: what it asks for.
        orders: details of those actions that have some.
        reason: why, in plain words for staff.
        notice: why, in plain words for the user concerned; or empty.
        severity: how grave what it finds is.
        owner: who answers for it.
        principles: numbers of the Voluntary Principles that it serves.
        imminent: whether what it finds says that somebody is in danger now.
    """

    name: str
    when: str
    node: ScalarNode
    actions: tuple[ActionKind, ...]
    reason: str
    orders: tuple[Order, ...] = ()
    notice: str = ""
    severity: Severity = Severity.MEDIUM
    owner: str = ""
    principles: tuple[int, ...] = ()
    imminent: bool = False


class PolicyText:
    """A policy file while it is read.

    Args:
        text: the whole file, lines ending in a single line feed.
        file: what to call it in errors.

    Attributes:
        source: the file, to tell of further mistakes in it.
        name: the policy's name.
        thresholds: by name, those that conditions may compare with.
        rules: its rules in order.
        tests: the tests that it carries.
        review: what follows from what people decide.

    Raises:
        BadConfiguration: with `file:line:column`.
    """

    def __init__(self, text: str, file: str) -> None:
        self.source = source = Source(text, file, "it needs `policy:` and `rules:`")
        top = source.keyed(source.compose(), "a policy", _POLICY_KEYS, required=("policy", "rules"))
        self.name = self._name(top["policy"], "a policy's name")
        if "description" in top:
            source.words(top["description"], "a description")
        self._owner = source.sentence(top["owner"], "an owner") if "owner" in top else ""
        self.thresholds = thresholds_of(source, top["thresholds"]) if "thresholds" in top else {}
        self.rules = self._rules(top["rules"])
        names = {rule.name for rule in self.rules} | set(RESERVED)
        self.tests = trials_of(source, top["tests"], names) if "tests" in top else ()
        self.review = review_of(source, top["review"]) if "review" in top else SHIPPED

    def error(self, what: str, node: Node, remedy: str = "") -> BadConfiguration:
        """An error at the start of a node."""
        return self.source.error(what, node, remedy)

    def _rules(self, node: Node) -> tuple[Rule, ...]:
        items = self.source.items(node, "rules")
        if not items:
            raise self.error("the policy has no rules", node, "without rules it decides nothing")
        if len(items) > MOST_RULES:
            what = f"a policy may have {MOST_RULES:,} rules"
            raise self.error(what, items[MOST_RULES], "draw some of them together")
        rules: dict[str, Rule] = {}
        for item in items:
            keyed = self.source.keyed(item, "a rule", _RULE_KEYS, required=_RULE_KEYS[:4])
            rule = self._rule(item, keyed)
            if rule.name in rules:
                remedy = "each rule needs a name of its own"
                raise self.error(f"there are two rules named {rule.name}", keyed["name"], remedy)
            rules[rule.name] = rule
        return tuple(rules.values())

    def _rule(self, node: Node, keyed: Keyed) -> Rule:
        name = self._name(keyed["name"], "a rule's name")
        when = self._condition(keyed["when"])
        if name in RESERVED:
            raise self.error(
                f"{name} is a name of the program's own", keyed["name"], "choose another"
            )
        asked = actions_of(self.source, keyed["actions"])
        if len([kind for kind in asked.kinds if kind in ASKS]) != 1:
            remedy = f"name one of {', '.join(ASKS)}"
            raise self.error("a rule says one thing to the platform", keyed["actions"], remedy)
        if ActionKind.ANSWER in asked.kinds:
            what = "answer is ordered where an appeal is decided, and by no rule"
            raise self.error(what, keyed["actions"], "remove it")
        if ActionKind.RESTORE in asked.kinds:
            what = "restore is ordered by people who reviewed a case, and by no rule"
            raise self.error(what, keyed["actions"], "ask for it under `review:`")
        felt = next((kind for kind in asked.kinds if kind in FELT), None)
        if felt and "notice" not in keyed:
            what = f"a rule that asks for {felt} needs a notice"
            remedy = "say to the user concerned, in plain words: `notice: ...`"
            raise self.error(what, node, remedy)
        return Rule(
            name=name,
            when=str(when.value),
            node=when,
            actions=asked.kinds,
            orders=asked.orders,
            reason=self.source.sentence(keyed["reason"], "a reason"),
            notice=self.source.sentence(keyed["notice"], "a notice") if "notice" in keyed else "",
            severity=self._severity(keyed["severity"]) if "severity" in keyed else Severity.MEDIUM,
            owner=self._owner_of(node, keyed),
            principles=self._principles(keyed["principles"]) if "principles" in keyed else (),
            imminent="imminent" in keyed and self._imminent(keyed["imminent"]),
        )

    def _owner_of(self, node: Node, keyed: Keyed) -> str:
        if "owner" in keyed:
            return self.source.sentence(keyed["owner"], "an owner")
        if not self._owner:
            remedy = "add `owner:`, here or at the top for all rules: who answers for it"
            raise self.error("a rule needs an owner", node, remedy)
        return self._owner

    def _name(self, node: Node, what: str) -> str:
        name = self.source.words(node, what)
        if not _NAME.fullmatch(name):
            raise self.error(f"{what} has small letters, digits and -, at most 48", node)
        return name

    def _condition(self, node: Node) -> ScalarNode:
        if str(node.tag).startswith("!"):
            remedy = "YAML takes ! for a tag: put the condition in quotes"
            raise self.error("a condition must be text", node, remedy)
        if not isinstance(node, ScalarNode) or not self.source.is_a(node, "str", "bool"):
            raise self.error("a condition must be text", node, "put it in quotes, or after `|`")
        if not node.value.strip():
            raise self.error("the condition is empty", node, "write `when: true` for always")
        return node

    def _severity(self, node: Node) -> Severity:
        known = tuple(severity.value for severity in Severity)
        word = str(node.value) if isinstance(node, ScalarNode) else ""
        if word not in known:
            remedy = nearest(word, known, f"it is one of {', '.join(known)}")
            raise self.error(f"unknown severity {word}".strip(), node, remedy)
        return Severity(word)

    def _imminent(self, node: Node) -> bool:
        if not isinstance(node, ScalarNode) or not self.source.is_a(node, "bool"):
            raise self.error("`imminent` is true or false", node, "leave it out for false")
        return str(node.value).lower() == "true"

    def _principles(self, node: Node) -> tuple[int, ...]:
        numbers = tuple(map(self._principle, self.source.items(node, "principles")))
        if len(set(numbers)) < len(numbers):
            raise self.error("a principle is named twice", node, "remove one of them")
        return numbers

    def _principle(self, node: Node) -> int:
        known = {str(principle.number) for principle in PRINCIPLES}
        if not isinstance(node, ScalarNode) or node.value not in known:
            what = f"principles are numbers from 1 to {len(known)}"
            raise self.error(what, node, "`tutela principles` lists them")
        return int(node.value)
