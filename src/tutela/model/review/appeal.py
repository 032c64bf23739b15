"""Appeals: somebody contests what was decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record


class AppealKind(StrEnum):
    """What is contested."""

    APPEAL = "appeal"
    """A decision that a person made or confirmed."""
    COMPLAINT = "complaint"
    """A decision that a machine made by itself, or that it was made by a machine at all."""


class AppealOutcome(StrEnum):
    """What came of an appeal."""

    GRANTED = "granted"
    """What was done is undone."""
    UPHELD = "upheld"
    """The decision stands."""


class Appeal(Record, frozen=True, kw_only=True):
    """Somebody contests what was decided about an event.

    Attributes:
        of: the platform's id of the event that was decided about.
        kind: what is contested.
        text: what the person says, in the person's own words.
    """

    of: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$(?!\n)")]
    kind: AppealKind = AppealKind.APPEAL
    text: str = ""


class AppealState(StrEnum):
    """How far an appeal has come."""

    WAITING = "waiting"
    """Nobody has decided about it yet, or what was decided can still be undone."""
    ANSWERED = "answered"
    """It is decided, and what follows is on its way."""


class AppealFile(Record, frozen=True, kw_only=True):
    """An appeal as the platform may know it: no names, and nothing of who read it.

    Attributes:
        id: of the appeal's own event.
        contests: the platform's id of the event that was decided about.
        kind: whether a person or a machine decided what is contested.
        state: how far it has come.
        case_id: the case that it is read as; with another appeal about the same, that one's.
        received_at: when it came in.
        outcome: what came of it; None before.
        statement: what the person concerned is told of that; empty before.
        answered_at: when; None before.
        drill: harmless test material.
    """

    id: str
    contests: str
    kind: AppealKind
    state: AppealState
    case_id: str
    received_at: datetime
    outcome: AppealOutcome | None = None
    statement: str = ""
    answered_at: datetime | None = None
    drill: bool = False
