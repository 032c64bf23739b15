"""Why a policy decides as it does about some facts: each rule, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from tutela.model import ActionKind, Decision, Order, Reason, Severity
from tutela.model.record import Record
from tutela.policy.engine.boxes import SIZE, Path
from tutela.policy.engine.evaluator import Seen
from tutela.policy.facts import Facts


class Became(StrEnum):
    """What became of a rule."""

    HELD = "held"
    """Its condition was true."""
    FALSE = "false"
    """Its condition was evaluated, and was false."""
    RULED_OUT = "ruled_out"
    """A fact that it tests leaves no way for it to be true; it was not evaluated."""
    FAILED = "failed"
    """Its condition has no answer; it counts as a rule that holds back and opens a case."""
    UNKNOWN = "unknown"
    """It reads a fact that was not stored with the event."""


class FactSeen(Record, frozen=True, kw_only=True):
    """One fact that a rule of the policy reads.

    Attributes:
        name: dotted path: `event.surface`.
        value: as in JSON; of a list, of each item what is read of it. None where it is not known.
        known: whether it was stored with the event.
    """

    name: str
    value: Any
    known: bool = True


class RuleSeen(Record, frozen=True, kw_only=True):
    """One rule, and what became of it.

    Attributes:
        rule: its name.
        when: its condition.
        became: what became of it.
        by: names of the facts by which it was ruled out, or that are not known.
        problem: why it has no answer.
        actions, orders: what it asks for where it holds.
        reason, notice, severity, owner: as the policy says.
    """

    rule: str
    when: str
    became: Became
    actions: tuple[ActionKind, ...]
    reason: str
    owner: str
    severity: Severity
    by: tuple[str, ...] = ()
    problem: str = ""
    orders: tuple[Order, ...] = ()
    notice: str = ""


class Explanation(Record, frozen=True, kw_only=True):
    """Why a policy decides as it does.

    Attributes:
        policy_version: the policy.
        facts: those that count, by name.
        rules: every rule, in the order of the policy.
        asked: the actions that the rules ask for together, strongest first.
        changes: what was changed after that, by the guard, or because no rule held; with why.
        decision: what is decided; None where that cannot be told.
        unknown: facts that were not stored with the event and without which it cannot be told.
    """

    policy_version: str
    facts: tuple[FactSeen, ...]
    rules: tuple[RuleSeen, ...]
    asked: tuple[ActionKind, ...]
    changes: tuple[Reason, ...]
    decision: Decision | None
    unknown: tuple[str, ...] = ()


def rules_seen(seen: Sequence[Seen], unknown: frozenset[str]) -> tuple[RuleSeen, ...]:
    """Each rule for people.

    Args:
        seen: what became of each.
        unknown: facts that are not known.
    """
    return tuple(_rule_seen(one, unknown) for one in seen)


def facts_seen(facts: Facts, reads: Iterable[str], unknown: frozenset[str]) -> tuple[FactSeen, ...]:
    """The facts that are read, with their values.

    Args:
        facts: all facts.
        reads: dotted paths of those that count; `path.*` for a record as a whole.
        unknown: those of them that are not known.
    """
    whole = msgspec.to_builtins(facts)
    found: dict[str, FactSeen] = {}
    paths = sorted(reads)
    told = [path for path in paths if path not in unknown]
    for path in paths:
        name, value = _found(whole, path, told)
        known = path not in unknown and name not in unknown
        if name not in found:
            found[name] = FactSeen(name=name, value=value if known else None, known=known)
        elif not known:
            found[name] = FactSeen(name=name, value=found[name].value, known=False)
    return tuple(found.values())


def _found(whole: dict[str, Any], path: str, reads: Sequence[str]) -> tuple[str, Any]:
    """The name under which a path is shown, and the value: items stand with their list."""
    value: Any = whole
    names = path.removesuffix(".*").split(".")
    for depth, name in enumerate(names, start=1):
        value = value[name]
        if isinstance(value, list | tuple):
            over = ".".join(names[:depth])
            return over, [_item(item, over, reads) for item in value]
    return ".".join(names), value


def _item(item: Any, over: str, reads: Sequence[str]) -> Any:  # noqa: ANN401 - as in JSON
    if not isinstance(item, dict) or f"{over}.*" in reads:
        return item
    return {name: value for name, value in item.items() if f"{over}.{name}" in reads}


def _rule_seen(one: Seen, unknown: frozenset[str]) -> RuleSeen:
    became, by = _became(one, unknown)
    rule = one.rule.rule
    return RuleSeen(
        rule=rule.name,
        when=" ".join(rule.when.split()),
        became=became,
        by=by,
        problem=str(one.problem) if became is Became.FAILED else "",
        actions=rule.actions,
        orders=rule.orders,
        reason=rule.reason,
        notice=rule.notice,
        severity=rule.severity,
        owner=rule.owner,
    )


def _became(one: Seen, unknown: frozenset[str]) -> tuple[Became, tuple[str, ...]]:
    by = tuple(dict.fromkeys(_named(path) for path in one.ruled_out_by))
    lost = tuple(sorted(one.rule.condition.reads & unknown))
    if lost and (not by or _touched(by, lost)):
        return Became.UNKNOWN, lost
    if by:
        return Became.RULED_OUT, by
    if one.problem:
        return Became.FAILED, ()
    return (Became.HELD if one.held else Became.FALSE), ()


def _touched(by: Iterable[str], lost: Iterable[str]) -> bool:
    """Whether a fact that ruled a rule out is one that is not known, or has one in it."""
    lists = set(lost) | {path.partition(".")[0] for path in lost}
    return bool(set(by) & lists)


def _named(path: Path) -> str:
    return ".".join(name for name in path if name != SIZE)
