"""Pages of the actions on their way, and of the destinations that they are sent to."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.response import actions, destinations

HANDLERS: Sequence[ControllerRouterHandler] = (
    actions.list_actions,
    actions.retry_failed,
    actions.show_action,
    actions.retry_action,
    destinations.list_destinations,
    destinations.create_destination,
    destinations.show_destination,
    destinations.change_destination,
    destinations.rotate_destination,
    destinations.try_destination,
    destinations.enable_destination,
    destinations.disable_destination,
    destinations.delete_destination,
)
"""Every page of this package."""
