"""How two policies differ: rules added, removed and changed, field by field."""

from __future__ import annotations

from collections.abc import Iterator

from tutela.model import ActionKind, Order
from tutela.model.record import Record
from tutela.policy.policy import Policy
from tutela.policy.rules import Rule


class FieldChange(Record, frozen=True, kw_only=True):
    """One field of a rule, or a threshold, that differs, in words."""

    field: str
    before: str
    after: str


class RuleChange(Record, frozen=True, kw_only=True):
    """A rule that both policies have, and that is not the same."""

    rule: str
    fields: tuple[FieldChange, ...]


class PolicyDiff(Record, frozen=True, kw_only=True):
    """How one policy differs from another.

    Attributes:
        before, after: their versions.
        added, removed: names of rules that only one of them has, in its order.
        changed: rules of the same name.
        same: how many rules are the same.
        thresholds: those that differ; empty before or after where only one policy has it.
        moved: whether the rules that both have stand in another order, which changes no action.
    """

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[RuleChange, ...]
    same: int
    moved: bool = False
    thresholds: tuple[FieldChange, ...] = ()


def differences(before: Policy, after: Policy) -> PolicyDiff:
    """How `after` differs from `before`."""
    old = {rule.name: rule for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    shared = [name for name in old if name in new]
    changes = [
        RuleChange(rule=name, fields=tuple(_changes(old[name], new[name]))) for name in shared
    ]
    changed = tuple(change for change in changes if change.fields)
    return PolicyDiff(
        before=before.version,
        after=after.version,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=changed,
        same=len(shared) - len(changed),
        moved=shared != [name for name in new if name in old],
        thresholds=tuple(_thresholds(before, after)),
    )


def described(rule: Rule) -> dict[str, str]:
    """The fields of a rule in words, in the order in which they are written."""
    return {
        "when": " ".join(rule.when.split()),
        "actions": ", ".join(_action(kind, rule.orders) for kind in rule.actions),
        "reason": rule.reason,
        "notice": rule.notice,
        "severity": rule.severity.value,
        "owner": rule.owner,
        "principles": ", ".join(map(str, rule.principles)),
    }


def _changes(before: Rule, after: Rule) -> Iterator[FieldChange]:
    new = described(after)
    for field, old in described(before).items():
        if old != new[field]:
            yield FieldChange(field=field, before=old, after=new[field])


def _thresholds(before: Policy, after: Policy) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before.thresholds, *after.thresholds)):
        old, new = (
            "" if number is None else str(number)
            for number in (before.thresholds.get(name), after.thresholds.get(name))
        )
        if old != new:
            yield FieldChange(field=name, before=old, after=new)


def _action(kind: ActionKind, orders: tuple[Order, ...]) -> str:
    details = [
        f"to {order.to}" if order.to else f"{order.seconds:,} seconds"
        for order in orders
        if order.kind is kind
    ]
    return f"{kind} ({', '.join(details)})" if details else str(kind)
