"""A rule, compiled, with what it reads and needs."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.model import ActionKind, Reason
from tutela.policy.engine.boxes import Boxes
from tutela.policy.engine.index import Needed
from tutela.policy.engine.needs import Needs
from tutela.policy.engine.reads import lists_gone_through, longest_lists
from tutela.policy.expression import Condition, Language, WrongExpression
from tutela.policy.rules import PolicyText, Rule


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready to be evaluated.

    Attributes:
        rule: as written.
        reason: what it gives where it holds.
        actions: what it asks for.
        condition: its condition.
        needs: what the facts must be for the condition to be other than false.
    """

    rule: Rule
    reason: Reason
    actions: frozenset[ActionKind]
    condition: Condition
    needs: Boxes

    def needed(self, language: Language) -> Needed:
        """What an index must know of it."""
        return Needed(
            boxes=self.needs,
            longest=longest_lists(self.condition.tree),
            lists=lists_gone_through(self.condition.reads, language.shape),
        )


def compiled(rule: Rule, text: PolicyText, language: Language) -> CompiledRule:
    """Compile a rule.

    Raises:
        BadConfiguration: its condition is wrong; with the place.
    """
    try:
        condition = language.compile(rule.when)
    except WrongExpression as problem:
        wrong = problem.complaint
        raise text.source.error_in(
            wrong.what, rule.node, line=wrong.line, column=wrong.column, remedy=wrong.remedy
        ) from None
    return CompiledRule(
        rule=rule,
        reason=_reason(rule),
        actions=frozenset(rule.actions),
        condition=condition,
        needs=Needs(language.shape).of(condition.tree),
    )


def _reason(rule: Rule) -> Reason:
    return Reason(
        rule=rule.name,
        text=rule.reason,
        principles=rule.principles,
        notice=rule.notice,
        severity=rule.severity,
        imminent=rule.imminent,
        owner=rule.owner,
        actions=rule.actions,
    )
