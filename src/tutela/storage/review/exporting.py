"""Cases as they leave: with what people made of them, and no name of anybody who works here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, select

from tutela.model import Case, Event, Outcome
from tutela.model.record import Record
from tutela.model.review.reading import Purpose, ReviewOutcome
from tutela.model.review.standing import Standing
from tutela.storage.access.tables import accounts
from tutela.storage.review.rows import files_of
from tutela.storage.review.tables import readings
from tutela.storage.tables import cases


class ExportedReading(Record, frozen=True, kw_only=True):
    """What one person made of a case; see `Reading`. The note stays in the house."""

    revision: int
    pseudonym: str
    purpose: Purpose
    outcome: ReviewOutcome
    category: str
    scheme: str
    reasons: tuple[str, ...]
    statement: str
    unseen: bool
    at: datetime
    undone_at: datetime | None


class CaseExport(Record, frozen=True, kw_only=True):
    """A case as it leaves.

    Attributes:
        case, event, outcome, standing: as in `CaseFile`.
        readings: what people made of it, oldest first, the undone included.
    """

    case: Case
    event: Event
    outcome: Outcome
    standing: Standing
    readings: tuple[ExportedReading, ...]


def exported(connection: Connection, seqs: Sequence[int]) -> list[CaseExport]:
    """The cases of some numbers, in that order."""
    given: dict[str, list[ExportedReading]] = defaultdict(list)
    statement = (
        select(readings, accounts.c.pseudonym, cases.c.id.label("case_id"))
        .join_from(readings, cases, cases.c.event_seq == readings.c.case_seq)
        .join(accounts, accounts.c.id == readings.c.account_id)
        .where(readings.c.case_seq.in_(seqs))
        .order_by(readings.c.id)
    )
    for row in connection.execute(statement).mappings():
        given[row["case_id"]].append(_reading(row))
    return [
        CaseExport(
            case=file.case,
            event=file.event,
            outcome=file.outcome,
            standing=file.standing,
            readings=tuple(given[file.case.id]),
        )
        for file in files_of(connection, seqs)
    ]


def _reading(row: RowMapping) -> ExportedReading:
    return ExportedReading(
        revision=row["revision"],
        pseudonym=row["pseudonym"],
        purpose=Purpose(row["purpose"]),
        outcome=ReviewOutcome(row["outcome"]),
        category=row["category"],
        scheme=row["scheme"],
        reasons=msgspec.json.decode(row["reasons"], type=tuple[str, ...]),
        statement=row["statement"],
        unseen=row["unseen"],
        at=row["at"],
        undone_at=row["undone_at"],
    )
