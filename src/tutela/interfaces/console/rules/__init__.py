"""Pages of the rules: the policy in force, its versions, a candidate, and where the bar stands."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.rules import bar, comparison, explanation, policy

HANDLERS: Sequence[ControllerRouterHandler] = (
    policy.show_policy,
    policy.show_version,
    policy.check_text,
    policy.propose_policy,
    policy.activate_policy,
    policy.shadow_policy,
    policy.roll_back_policy,
    comparison.show_comparison,
    explanation.show_explanation,
    bar.show_bar,
    bar.propose_bar,
)
"""Every page of this package."""
