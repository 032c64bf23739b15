"""A case: something that a person must look at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record
from tutela.model.response.decision import Severity


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """It waits for its first reading."""
    SECOND = "second"
    """It waits for a reading by somebody else."""
    DISPUTED = "disputed"
    """Its readers disagree, or could not tell: a senior reviewer settles it."""
    DECIDED = "decided"
    """It is decided, and the decision can still be undone for a moment."""
    CLOSED = "closed"
    """What was decided has been carried out, or is on its way."""
    GATHERED = "gathered"
    """It stands in another case, and is decided with that."""


class CaseKind(StrEnum):
    """Why there is a case."""

    FINDING = "finding"
    """Something was found."""
    APPEAL = "appeal"
    """Somebody contests what was decided."""


class Case(Record, frozen=True, kw_only=True):
    """Opened by a decision, in the same transaction.

    Attributes:
        id: derived from the event id, so that a repeated event can never open a second case.
        principles: the Voluntary Principles that the decision's reasons name.
        summary: one line for the list: what was found, without content.
        severity: the gravest of the decision's reasons.
        second_look: whether a second person must confirm what is decided.
        kind: why there is a case.
        imminent: whether a reason says that a danger is imminent.
    """

    id: str
    event_id: str
    opened_at: datetime
    state: CaseState = CaseState.OPEN
    drill: bool = False
    principles: tuple[int, ...] = ()
    summary: str = ""
    severity: Severity = Severity.MEDIUM
    second_look: bool = False
    kind: CaseKind = CaseKind.FINDING
    imminent: bool = False
