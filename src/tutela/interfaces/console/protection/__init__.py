"""Pages of what protects people: one's own, and the team's."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.protection import own, team

HANDLERS: Sequence[ControllerRouterHandler] = (
    own.show_protection,
    own.choose_protection,
    own.set_recusals,
    own.show_ledger,
    team.show_team,
    team.lift,
    team.set_floor,
    team.show_ledger,
)
"""Every page of this package."""
