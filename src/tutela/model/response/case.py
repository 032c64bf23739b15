"""A case: something that a person must look at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record
from tutela.model.response.decision import Severity


class CaseState(StrEnum):
    """Where a case stands. Review, and with it closing, is not built yet."""

    OPEN = "open"


class Case(Record, frozen=True, kw_only=True):
    """Opened by a decision, in the same transaction.

    Attributes:
        id: derived from the event id, so that a repeated event can never open a second case.
        principles: the Voluntary Principles that the decision's reasons name.
        summary: one line for the list: what was found, without content.
        severity: the gravest of the decision's reasons.
        second_look: whether a second person must confirm what is decided.
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
