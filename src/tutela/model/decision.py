"""A decision: what policy made of the facts, and why."""

from __future__ import annotations

from tutela.model.action import ActionKind
from tutela.model.record import Record


class Reason(Record, frozen=True, kw_only=True):
    """One rule that fired.

    Attributes:
        rule: the rule's name in the policy.
        text: the reason in plain words.
        principles: numbers of the Voluntary Principles that the rule serves.
    """

    rule: str
    text: str
    principles: tuple[int, ...] = ()


class Decision(Record, frozen=True, kw_only=True):
    """What to do about an event.

    Attributes:
        policy_version: digest-based version of the policy that decided.
        actions: what is to be done, strongest first.
        reasons: every rule that fired, in policy order; never empty.
    """

    policy_version: str
    actions: tuple[ActionKind, ...]
    reasons: tuple[Reason, ...]
