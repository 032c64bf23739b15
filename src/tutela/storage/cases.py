"""Cases: what a person must look at, with the event and the decision behind it."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model import Case, CaseState, Event, Outcome
from tutela.model.record import Record
from tutela.storage.database import Database


class CaseFile(Record, frozen=True, kw_only=True):
    """A case with the event that led to it (without its signals) and that event's outcome."""

    case: Case
    event: Event
    outcome: Outcome


def case_id(event_id: str) -> str:
    """The id of the case that an event may open: the same for ever, so it opens no second one."""
    raise NotImplementedError


class Cases:
    """The cases in a database. The journal opens them, with their event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, case_id: str) -> CaseFile:
        """One case; raises `NotFound`."""
        raise NotImplementedError

    def list(
        self, *, after: str | None = None, limit: int = 50, state: CaseState | None = None
    ) -> Sequence[CaseFile]:
        """Up to `limit` cases, latest first; `after` is the id of the last case of a page."""
        raise NotImplementedError
