"""Finds the rules that hold: those that the index names are evaluated, all others are false."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tutela.policy.engine.boxes import Path
from tutela.policy.engine.compiled import CompiledRule
from tutela.policy.engine.index import Index
from tutela.policy.expression import Bind, Bound, ConditionFailed, Language
from tutela.policy.facts import Facts

_MOST_PLANS = 4096


class Fired(NamedTuple):
    """A rule that holds, or that has no answer; then `problem` says why."""

    rule: CompiledRule
    problem: ConditionFailed | None


class Seen(NamedTuple):
    """What became of one rule.

    Attributes:
        rule: the rule.
        held: whether its condition was true.
        problem: why there was no answer.
        ruled_out_by: the facts by which it was known to be false without being evaluated.
    """

    rule: CompiledRule
    held: bool
    problem: ConditionFailed | None
    ruled_out_by: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is done for one set of candidates: the rules, and how facts are handed to them."""

    rules: tuple[CompiledRule, ...]
    bind: Bind


class Evaluator:
    """Rules and the index over them. Thread-safe.

    Args:
        rules: in the order of the policy.
        language: what they are compiled in.
    """

    def __init__(self, rules: Sequence[CompiledRule], language: Language) -> None:
        self.rules = tuple(rules)
        self._language = language
        self._index = Index([rule.needed(language) for rule in rules], language.shape)
        self._all = self._plan(self.rules)
        self._plans: dict[int, _Plan] = {}

    def fired(self, facts: Facts) -> list[Fired]:
        """Every rule that holds or has no answer, in the order of the policy."""
        mask = self._index.candidates(facts)
        plan = self._plans.get(mask)
        if plan is None:
            plan = self._new_plan(mask)
        return _fired(plan, facts)

    def fired_of_all(self, facts: Facts) -> list[Fired]:
        """The same, every rule evaluated; for measurements and tests."""
        return _fired(self._all, facts)

    def look(self, facts: Facts) -> tuple[Seen, ...]:
        """What becomes of each rule, in the order of the policy."""
        candidates = set(self._index.rules(self._index.candidates(facts)))
        bound = self._all.bind(facts)
        return tuple(
            self._look_at(number, rule, bound, facts, evaluated=number in candidates)
            for number, rule in enumerate(self.rules)
        )

    def _look_at(
        self, number: int, rule: CompiledRule, bound: Bound, facts: Facts, *, evaluated: bool
    ) -> Seen:
        if not evaluated:
            return Seen(rule, held=False, problem=None, ruled_out_by=self._ruled_out(number, facts))
        try:
            return Seen(rule, rule.condition.holds(bound), problem=None, ruled_out_by=())
        except ConditionFailed as problem:
            return Seen(rule, held=False, problem=problem, ruled_out_by=())

    def _ruled_out(self, number: int, facts: Facts) -> tuple[Path, ...]:
        return self._index.ruled_out_by(number, facts)

    def _new_plan(self, mask: int) -> _Plan:
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = self._plans[mask] = self._plan(self.rules[n] for n in self._index.rules(mask))
        return plan

    def _plan(self, rules: Iterable[CompiledRule]) -> _Plan:
        chosen = tuple(rules)
        reads = frozenset[str]().union(*(rule.condition.reads for rule in chosen))
        return _Plan(chosen, self._language.binding(reads))


def _fired(plan: _Plan, facts: Facts) -> list[Fired]:
    if not plan.rules:
        return []
    bound = plan.bind(facts)
    found = []
    for rule in plan.rules:
        try:
            if rule.condition.holds(bound):
                found.append(Fired(rule, None))
        except ConditionFailed as problem:
            found.append(Fired(rule, problem))
    return found
