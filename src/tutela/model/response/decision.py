"""A decision: what policy made of the facts, and why."""

from __future__ import annotations

from enum import StrEnum

from tutela.model.record import Record
from tutela.model.response.action import ActionKind, Order


class Severity(StrEnum):
    """How grave a rule's finding is, as its author says; orders queues, decides nothing."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Reason(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One rule that fired.

    Attributes:
        rule: the rule's name in the policy.
        text: the reason in plain words, for staff.
        principles: numbers of the Voluntary Principles that the rule serves.
        notice: the reason in plain words, for the user concerned; empty where none is to be told.
        severity: as the rule's author says.
        owner: who answers for the rule.
        imminent: whether the rule's author says that somebody is in danger now; orders queues.
        actions: what the rule asked for, so that its notice goes with that and with nothing else;
            empty for reasons that the program gave, and that an older version stored.
    """

    rule: str
    text: str
    principles: tuple[int, ...] = ()
    notice: str = ""
    severity: Severity = Severity.MEDIUM
    owner: str = ""
    imminent: bool = False
    actions: tuple[ActionKind, ...] = ()


class Decision(Record, frozen=True, kw_only=True):
    """What to do about an event.

    Attributes:
        policy_version: digest-based version of the policy that decided.
        actions: what is to be done, strongest first.
        reasons: every rule that fired, in policy order; never empty.
        orders: those of the actions that have details; `notify` may stand here several times.
    """

    policy_version: str
    actions: tuple[ActionKind, ...]
    reasons: tuple[Reason, ...]
    orders: tuple[Order, ...] = ()
