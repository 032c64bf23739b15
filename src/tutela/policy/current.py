"""The policy in force, and the one that decides in its shadow."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.model import Decision
from tutela.policy.facts import Facts
from tutela.policy.policy import Policy
from tutela.storage.journal import Shadowed


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides at one moment; an event is decided by one of these from start to end.

    Attributes:
        live: what counts.
        shadow: a candidate that decides beside it, without effect.
    """

    live: Policy
    shadow: Policy | None = None

    def in_shadow(self, facts: Facts, decision: Decision) -> Shadowed | None:
        """What the candidate makes of facts that `live` has decided about."""
        if self.shadow is None:
            return None
        other = self.shadow.decide(facts)
        same = other.actions == decision.actions and other.orders == decision.orders
        return Shadowed(version=self.shadow.version, otherwise=None if same else other)
