"""The actions that a decision may name, and the details that some of them have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record


class ActionKind(StrEnum):
    """What is to be done.

    `allow`, `hold` and `block` are asked of the platform in the answer, one of them in each
    decision. `open_case` and `second_look` are done here. All others are asked of the platform.
    `restore` and `answer` are ordered by people who reviewed a case, and by no rule.
    """

    ALLOW = "allow"
    """Let the content pass."""
    HOLD = "hold"
    """Keep the content back until it is settled."""
    BLOCK = "block"
    """Refuse the content."""
    BLUR = "blur"
    """Show the content covered, to be opened by a choice of the viewer."""
    WARN_SENDER = "warn_sender"
    """Show the sender the words of the rule's notice."""
    WARN_RECEIVER = "warn_receiver"
    """Show the receivers the words of the rule's notice, and where to find help."""
    SLOW = "slow"
    """Let the actor's messages through only after a pause."""
    RESTRICT_CONTACT = "restrict_contact"
    """Keep the actor from reaching people who are not connected with them."""
    STOP_STREAM = "stop_stream"
    """End a livestream."""
    QUARANTINE = "quarantine"
    """Move content that is already there out of everybody's reach, without destroying it."""
    SUSPEND = "suspend"
    """Close the actor's account for a while, or until it is lifted."""
    OPEN_CASE = "open_case"
    """Let a person look."""
    PRESERVE = "preserve"
    """Keep the content and the records around it from being deleted."""
    NOTIFY = "notify"
    """Tell a destination."""
    RESTORE = "restore"
    """Put back what was held, refused, covered or removed, and lift what limits the actor."""
    ANSWER = "answer"
    """Tell whoever contested a decision what came of it."""
    SECOND_LOOK = "second_look"
    """Let a second person confirm what is decided about the case."""


class Order(Record, frozen=True, kw_only=True, omit_defaults=True):
    """An action of a decision that has details.

    Attributes:
        kind: which action.
        seconds: `slow`: pause between messages; `suspend` and `restrict_contact`: for how long.
            None leaves it to the platform, or means until it is lifted.
        to: `notify`: name of the destination.
    """

    kind: ActionKind
    seconds: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None = None
    to: str = ""
