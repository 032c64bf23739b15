"""What is wrong with rules that compile: found when a policy is loaded, and refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tutela.errors import BadConfiguration
from tutela.model import ActionKind
from tutela.policy.asked import OF_PEOPLE, STRONGEST_FIRST
from tutela.policy.engine.compiled import CompiledRule
from tutela.policy.engine.invariants import possible
from tutela.policy.engine.syntax import Node, renamed
from tutela.policy.expression import Bound, ConditionFailed, Language
from tutela.policy.facts import MACHINE, Facts
from tutela.policy.guard import PUNISHING
from tutela.policy.rules import PolicyText


def check(
    rules: Sequence[CompiledRule],
    text: PolicyText,
    language: Language,
    probes: Mapping[str, Facts],
) -> None:
    """Refuse what can be told to be a mistake.

    Args:
        rules: in the order of the policy.
        text: to tell the places.
        language: what they are compiled in.
        probes: ordinary facts, by what they stand for, for which every condition has an answer.

    Raises:
        BadConfiguration: the first mistake, with its place and what to do.
    """
    bound = {name: language.bind(facts) for name, facts in probes.items()}
    seen: dict[tuple[Node, frozenset[ActionKind], object], CompiledRule] = {}
    for rule in rules:
        _machine_does_not_punish(rule, text)
        _can_hold(rule, text)
        for name, facts in bound.items():
            _has_an_answer(rule, text, name, facts)
        says = (renamed(rule.condition.tree), rule.actions, rule.rule.orders)
        if says in seen:
            raise _twice(rule, seen[says], text)
        seen[says] = rule
    _thresholds_are_read(rules, text)


def _machine_does_not_punish(rule: CompiledRule, text: PolicyText) -> None:
    machine = sorted({path.partition(".")[0] for path in rule.condition.reads} & MACHINE)
    punishing = [kind for kind in rule.rule.actions if kind in PUNISHING]
    if not machine:
        return
    if punishing:
        what = (
            f"a rule that reads {' and '.join(machine)} cannot ask for {punishing[0]}: "
            "what a machine thinks never punishes"
        )
        never = {*PUNISHING, *OF_PEOPLE}
        allowed = ", ".join(kind for kind in STRONGEST_FIRST if kind not in never)
        raise text.error(what, rule.rule.node, f"it may ask for {allowed}")
    if ActionKind.HOLD in rule.actions and ActionKind.OPEN_CASE not in rule.actions:
        what = (
            f"a rule that reads {' and '.join(machine)} and holds must open a case, too: what is "
            "held for ever is blocked"
        )
        raise text.error(what, rule.rule.node, "add open_case: a person settles it")


def _can_hold(rule: CompiledRule, text: PolicyText) -> None:
    if possible(rule.needs):
        return
    read = ", ".join(path for path in sorted(rule.condition.reads) if not path.endswith(".*"))
    if read:
        what = f"this rule can never hold: no event has facts like these ({read})"
        remedy = "look for two conditions that exclude each other"
    else:
        what, remedy = "this rule can never hold", "remove it, or ask for something that may be so"
    raise text.error(what, rule.rule.node, remedy)


def _has_an_answer(rule: CompiledRule, text: PolicyText, probe: str, bound: Bound) -> None:
    """Refuse a condition that fails for facts as ordinary as a clear upload."""
    try:
        rule.condition.holds(bound)
    except ConditionFailed as problem:
        what = f"this condition fails for {probe}: {problem}"
        raise text.error(what, rule.rule.node, "use exists, or look at size first") from None


def _thresholds_are_read(rules: Sequence[CompiledRule], text: PolicyText) -> None:
    """Refuse a threshold that nothing compares with: whoever moved it would change nothing."""
    read = frozenset[str]().union(*(rule.condition.thresholds for rule in rules))
    for name, threshold in text.thresholds.items():
        if name not in read:
            remedy = f"compare with thresholds.{name} in a rule, or remove it"
            raise text.error(f"no rule reads the threshold {name}", threshold.node, remedy)


def _twice(rule: CompiledRule, earlier: CompiledRule, text: PolicyText) -> BadConfiguration:
    what = f"this rule asks what rule {earlier.rule.name} asks, and for the same actions"
    return text.error(what, rule.rule.node, "remove one of them")
