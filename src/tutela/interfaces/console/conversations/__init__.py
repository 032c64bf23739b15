"""Pages of conversations: how one of a case was rated and what was written in it."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.conversations import talk

HANDLERS: Sequence[ControllerRouterHandler] = (
    talk.show_talk,
    talk.show_messages,
    talk.reveal_message,
)
"""Every page of this package."""
