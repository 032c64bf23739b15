"""Appeals: somebody contests what was decided."""

from __future__ import annotations

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


class Appeal(Record, frozen=True, kw_only=True):
    """Somebody contests what was decided about an event.

    Attributes:
        of: id of the event that was decided about.
        kind: what is contested.
        text: what the person says, in the person's own words.
    """

    of: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$(?!\n)")]
    kind: AppealKind = AppealKind.APPEAL
    text: Annotated[str, msgspec.Meta(max_length=10_000)] = ""
