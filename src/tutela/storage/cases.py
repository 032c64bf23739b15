"""Cases: what a person must look at, with the event and the decision behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Select, select

from tutela.errors import NotFound
from tutela.model import Case, CaseState, Event, Outcome, Severity
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.events import file_of, select_files
from tutela.storage.tables import cases, events


class CaseFile(Record, frozen=True, kw_only=True):
    """A case with the event that led to it (without its signals) and that event's outcome."""

    case: Case
    event: Event
    outcome: Outcome


class Cases:
    """The cases in a database. The journal opens them, with their event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, case_id: str) -> CaseFile:
        """One case; raises `NotFound`."""
        with self._database.read() as connection:
            statement = _select_cases().where(cases.c.id == case_id)
            row = connection.execute(statement).mappings().one_or_none()
        if row is None:
            raise NotFound("no case has this id", where="case")
        return _file(row)

    def list(
        self, *, after: str | None = None, limit: int = 50, state: CaseState | None = None
    ) -> Sequence[CaseFile]:
        """Up to `limit` cases, latest first; `after` is the id of the last case of a page.

        Raises:
            NotFound: there is no case `after`.
        """
        statement = _select_cases().order_by(cases.c.event_seq.desc()).limit(limit)
        if state is not None:
            statement = statement.where(cases.c.state == state.value)
        with self._database.read() as connection:
            if after is not None:
                number = connection.scalar(select(cases.c.event_seq).where(cases.c.id == after))
                if number is None:
                    raise NotFound("no case has this id", where="after")
                statement = statement.where(cases.c.event_seq < number)
            return [_file(row) for row in connection.execute(statement).mappings()]


def _select_cases() -> Select[Any]:
    own = (
        cases.c.id.label("case_id"),
        cases.c.opened_at,
        cases.c.state,
        cases.c.principles,
        cases.c.summary,
        cases.c.severity,
        cases.c.second_look,
    )
    return select_files(*own).join(cases, cases.c.event_seq == events.c.seq)


def _file(row: RowMapping) -> CaseFile:
    found = file_of(row)
    case = Case(
        id=row["case_id"],
        event_id=row["id"],
        opened_at=row["opened_at"],
        state=CaseState(row["state"]),
        drill=row["drill"],
        principles=msgspec.json.decode(row["principles"], type=tuple[int, ...]),
        summary=row["summary"],
        severity=Severity(row["severity"]),
        second_look=row["second_look"],
    )
    return CaseFile(case=case, event=found.event, outcome=found.outcome)
