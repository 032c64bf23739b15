"""A test that a policy carries, as written, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ruamel.yaml.nodes import Node

from tutela.declarations.source import Keyed, Source
from tutela.declarations.wording import nearest
from tutela.errors import BadConfiguration
from tutela.model import ActionKind, Decision
from tutela.model.record import Record
from tutela.policy.asked import STRONGEST_FIRST, Asked, actions_of
from tutela.policy.facts import Facts
from tutela.policy.trials.given import facts_given

MOST_TESTS = 10_000
"""Tests that a policy may carry."""

_KEYS = ("name", "facts", "actions", "rules", "not_rules")


class Trial(Record, frozen=True, kw_only=True):
    """One test.

    Attributes:
        name: what it shows, in a sentence.
        facts: what is decided about.
        asked: the actions that must come of it, these and no others; None where none are named.
        rules: rules that must fire; others may, too.
        not_rules: rules that must not.
        nodes: where it is said, by key.
    """

    name: str
    facts: Facts
    nodes: Keyed
    asked: Asked | None = None
    rules: tuple[str, ...] = ()
    not_rules: tuple[str, ...] = ()


class TrialResult(Record, frozen=True, kw_only=True):
    """What became of a test.

    Attributes:
        name: its name.
        where: `file:line:column` of what it expects.
        passed: whether all is as expected.
        expected, got: the first thing that is not, in words; empty where it passed.
    """

    name: str
    where: str
    passed: bool
    expected: str = ""
    got: str = ""


def trials_of(source: Source, node: Node, rules: Collection[str]) -> tuple[Trial, ...]:
    """Read the tests of a policy.

    Args:
        source: the file.
        node: the list of tests.
        rules: every name that a reason may have.

    Raises:
        BadConfiguration: with the place.
    """
    items = source.items(node, "tests")
    if len(items) > MOST_TESTS:
        raise source.error(f"a policy may have {MOST_TESTS:,} tests", items[MOST_TESTS])
    trials: dict[str, Trial] = {}
    for item in items:
        trial = _trial(source, item, rules)
        if trial.name in trials:
            remedy = "each test needs a name of its own"
            raise source.error("there are two tests of this name", trial.nodes["name"], remedy)
        trials[trial.name] = trial
    return tuple(trials.values())


def _trial(source: Source, node: Node, rules: Collection[str]) -> Trial:
    keyed = source.keyed(node, "a test", _KEYS, required=_KEYS[:2])
    if not keyed.keys() & set(_KEYS[2:]):
        remedy = "add `actions:`, `rules:` or `not_rules:`"
        raise source.error("the test expects nothing", keyed["name"], remedy)
    return Trial(
        name=source.sentence(keyed["name"], "a test's name"),
        facts=facts_given(source, keyed["facts"]),
        nodes=keyed,
        asked=actions_of(source, keyed["actions"]) if "actions" in keyed else None,
        rules=_names(source, keyed, "rules", rules),
        not_rules=_names(source, keyed, "not_rules", rules),
    )


def _names(source: Source, keyed: Keyed, key: str, rules: Collection[str]) -> tuple[str, ...]:
    if key not in keyed:
        return ()
    names = []
    for item in source.items(keyed[key], key):
        name = source.words(item, "a rule's name")
        if name not in rules:
            raise source.error(f"there is no rule named {name}", item, nearest(name, rules))
        names.append(name)
    return tuple(names)


def result(trial: Trial, decision: Decision, source: Source) -> TrialResult:
    """What became of a test."""
    for key, expected, got in _differences(trial, decision):
        where = source.place(trial.nodes[key])
        return TrialResult(name=trial.name, where=where, passed=False, expected=expected, got=got)
    return TrialResult(name=trial.name, where=source.place(trial.nodes["name"]), passed=True)


def refused(failed: TrialResult) -> BadConfiguration:
    """The error of a test that did not pass."""
    what = f'the test "{failed.name}" expects {failed.expected}, but gets {failed.got}'
    return BadConfiguration(what, where=failed.where, remedy="change the rules, or the test")


def _differences(trial: Trial, decision: Decision) -> Sequence[tuple[str, str, str]]:
    """What is not as expected: key of the expectation, what is expected, what came."""
    found = []
    fired = list(dict.fromkeys(reason.rule for reason in decision.reasons))
    by = f"by {', '.join(fired)}"
    if trial.asked and not _as_asked(trial.asked, decision):
        wanted = sorted(trial.asked.kinds, key=STRONGEST_FIRST.index)
        expected = _listed(wanted, trial.asked)
        told = Asked(kinds=decision.actions, orders=decision.orders)
        found.append(("actions", expected, f"{_listed(decision.actions, told)}, {by}"))
    silent = [name for name in trial.rules if name not in fired]
    if silent:
        found.append(("rules", f"rule {silent[0]}", f"only {', '.join(fired)}"))
    loud = [name for name in trial.not_rules if name in fired]
    if loud:
        found.append(("not_rules", f"no rule {loud[0]}", ", ".join(fired)))
    return found


def _as_asked(asked: Asked, decision: Decision) -> bool:
    told = set(asked.orders) <= set(decision.orders)
    return set(asked.kinds) == set(decision.actions) and told


def _listed(kinds: Sequence[ActionKind], asked: Asked) -> str:
    return ", ".join(_with_details(kind, asked) for kind in kinds)


def _with_details(kind: ActionKind, asked: Asked) -> str:
    details = [
        f"to {order.to}" if order.to else f"{order.seconds:,} s"
        for order in asked.orders
        if order.kind is kind
    ]
    return f"{kind} ({', '.join(details)})" if details else str(kind)
