"""Cases as they stand in rows: with their events and outcomes, and where they stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Select, select

from tutela.errors import NotFound
from tutela.model import Case, CaseState, Event, Outcome, Severity
from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.standing import Decided, Holding, Standing
from tutela.storage.access.tables import accounts
from tutela.storage.events import file_of, select_files
from tutela.storage.tables import cases, events
from tutela.storage.values import now

_ROOT = cases.alias("root_case")
_CONTESTED = cases.alias("contested_case")
_DECIDED_ABOUT = events.alias("contested_event")
_OWN = tuple(
    column.label(f"case_{column.name}")
    for column in cases.c
    # What names a claim is known to its holder only.
    if column.name != "claim"
)


class CaseFile(Record, frozen=True, kw_only=True):
    """A case with the event that led to it (without its signals) and that event's outcome.

    Attributes:
        standing: where it stands: queue, score, who reads it, what came of it.
    """

    case: Case
    event: Event
    outcome: Outcome
    standing: Standing


def seq_of(connection: Connection, case_id: str, where: str = "case") -> int:
    """The number of a case; raises `NotFound`."""
    number = connection.scalar(select(cases.c.event_seq).where(cases.c.id == case_id))
    if number is None:
        raise NotFound("no case has this id", where=where)
    return int(number)


def files_of(connection: Connection, seqs: Sequence[int]) -> list[CaseFile]:
    """The cases of some numbers, in that order."""
    found = {
        row["case_event_seq"]: row
        for row in connection.execute(_select_cases(seqs).order_by(None)).mappings()
    }
    return [_file(found[seq]) for seq in seqs if seq in found]


def _select_cases(seqs: Collection[int]) -> Select[Any]:
    more = (
        _ROOT.c.id.label("root_id"),
        accounts.c.pseudonym.label("holder"),
        _CONTESTED.c.id.label("contested_id"),
        _DECIDED_ABOUT.c.id.label("contested_event_id"),
    )
    return (
        select_files(*_OWN, *more)
        .join(cases, cases.c.event_seq == events.c.seq)
        .outerjoin(_ROOT, _ROOT.c.event_seq == cases.c.root)
        .outerjoin(accounts, accounts.c.id == cases.c.claimed_by)
        .outerjoin(_CONTESTED, _CONTESTED.c.event_seq == cases.c.contests)
        .outerjoin(_DECIDED_ABOUT, _DECIDED_ABOUT.c.seq == cases.c.contests)
        .where(cases.c.event_seq.in_(seqs))
    )


def _file(row: RowMapping) -> CaseFile:
    found = file_of(row)
    case = Case(
        id=row["case_id"],
        event_id=row["id"],
        opened_at=row["case_opened_at"],
        state=CaseState(row["case_state"]),
        drill=row["drill"],
        principles=msgspec.json.decode(row["case_principles"], type=tuple[int, ...]),
        summary=row["case_summary"],
        severity=Severity(row["case_severity"]),
        second_look=row["case_second_look"],
        kind=CaseKind(row["case_kind"]),
        imminent=row["case_imminent"],
    )
    return CaseFile(case=case, event=found.event, outcome=found.outcome, standing=_standing(row))


def _standing(row: RowMapping) -> Standing:
    return Standing(
        queue=row["case_queue"],
        moved=row["case_moved"],
        score=row["case_score"],
        reach=row["case_reach"],
        events=row["case_events"],
        revision=row["case_revision"],
        readings_wanted=row["case_readings_wanted"],
        region=row["case_region"],
        language=row["case_language"],
        waits_until=row["case_waits_until"],
        gathered_at=row["case_gathered_at"],
        root=row["root_id"],
        holding=_holding(row),
        decided=_decided(row),
        contests=row["contested_id"],
        contested=row["contested_event_id"],
    )


def _holding(row: RowMapping) -> Holding | None:
    """Who reads it now: a lease that ended holds nothing, whoever had it."""
    at, until = row["case_claimed_at"], row["case_claimed_until"]
    if row["holder"] is None or at is None or until is None or until <= now():
        return None
    return Holding(pseudonym=row["holder"], at=at, until=until)


def _decided(row: RowMapping) -> Decided | None:
    if row["case_decided_at"] is None:
        return None
    return Decided(
        outcome=row["case_outcome"],
        category=row["case_category"],
        at=row["case_decided_at"],
        settles_at=row["case_settles_at"],
        closed_at=row["case_closed_at"],
    )
