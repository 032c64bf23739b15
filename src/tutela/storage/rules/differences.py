"""How two decisions about the same facts differ, and how many events differ in which way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tutela.model import ActionChange, Decision, Order, PolicyReport, RuleChange, Sample
from tutela.model.record import Record

NONE: Mapping[str, int] = MappingProxyType({})


class Difference(Record, frozen=True, kw_only=True):
    """How one decision differs from another about the same facts.

    Attributes:
        then: actions of the first, with their details, as `slow 30 s`.
        now: actions of the second.
        gained: rules that give a reason in the second only, by name.
        lost: rules that give a reason in the first only.
    """

    then: tuple[str, ...]
    now: tuple[str, ...]
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @classmethod
    def of(cls, then: Decision, now: Decision) -> Difference:
        """The difference of two decisions; equal ones have one, too."""
        fired = {reason.rule for reason in then.reasons}
        fires = {reason.rule for reason in now.reasons}
        return cls(
            then=in_words(then),
            now=in_words(now),
            gained=tuple(sorted(fires - fired)),
            lost=tuple(sorted(fired - fires)),
        )


class Differences:
    """Differences counted, to become a report.

    Args:
        report: what was counted before; its counts go on.
    """

    def __init__(self, report: PolicyReport | None = None) -> None:
        known = report or PolicyReport()
        self._actions = Counter({(one.then, one.now): one.events for one in known.actions})
        self._gained = Counter({one.rule: one.gained for one in known.rules})
        self._lost = Counter({one.rule: one.lost for one in known.rules})

    def add(self, difference: Difference, events: int = 1) -> None:
        """Count a difference of so many events."""
        for counter, rules in ((self._gained, difference.gained), (self._lost, difference.lost)):
            for rule in rules:
                counter[rule] += events
        if difference.then != difference.now:
            self._actions[difference.then, difference.now] += events

    def report(
        self,
        samples: Sequence[Sample] = (),
        missing: Mapping[str, int] = NONE,
        undecided: Mapping[str, int] = NONE,
    ) -> PolicyReport:
        """What was counted, most frequent first, with what else a report tells."""
        rules = sorted(set(+self._gained) | set(+self._lost))
        return PolicyReport(
            actions=tuple(
                ActionChange(then=then, now=now, events=count)
                for (then, now), count in self._actions.most_common()
            ),
            rules=tuple(
                RuleChange(rule=rule, gained=self._gained[rule], lost=self._lost[rule])
                for rule in rules
            ),
            missing=dict(sorted(missing.items())),
            undecided=dict(sorted(undecided.items())),
            samples=tuple(samples),
        )


def same(one: Decision, other: Decision) -> bool:
    """Whether two decisions do the same, whatever their reasons."""
    return one.actions == other.actions and one.orders == other.orders


def in_words(decision: Decision) -> tuple[str, ...]:
    """The actions of a decision, each with its details."""
    orders = {order.kind: order for order in decision.orders}
    details = ((kind, orders.get(kind)) for kind in decision.actions)
    return tuple(_in_words(kind.value, order) for kind, order in details)


def _in_words(kind: str, order: Order | None) -> str:
    seconds = f" {order.seconds:,} s" if order and order.seconds is not None else ""
    to = f" {order.to}" if order and order.to else ""
    return kind + seconds + to
