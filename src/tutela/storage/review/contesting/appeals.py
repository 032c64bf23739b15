"""Appeals in a database: what they contest, and how far they have come.

An appeal is an event of its own, with a case of its own; the case's `contests` is the number of the
event that was decided about. Several appeals about the same event stand in one case while nobody
has read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    case,
    func,
    select,
)

from tutela.errors import NotFound
from tutela.model import Event
from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.appeal import AppealFile, AppealOutcome, AppealState
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.database import Database
from tutela.storage.events import file_of, kept_of, select_files
from tutela.storage.review.opening import Contested
from tutela.storage.review.tables import readings
from tutela.storage.tables import cases, events, findings

MOST_FINDINGS = 50
"""So many of the latest findings in an event are looked at, for what was decided about it."""
MOST_LISTED = 50
"""So many appeals about one event are listed."""

_ROOT = cases.alias("root_of_appeal")
_ABOUT = events.alias("event_contested")
_FOUND = findings.alias("finding_contested")


class Found(Record, frozen=True, kw_only=True):
    """An appeal: its event with the person's words, and how far it has come.

    Attributes:
        said: whether a reader wrote the statement; else it is empty, and the usual words go out.
    """

    event: Event
    file: AppealFile
    said: bool


class Appeals:
    """The appeals in a database. The journal writes them, as it does all events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def contestable(self, event_id: str) -> Sequence[Contested]:
        """What was decided about an event: when it came in, and in findings since; latest first.

        Args:
            event_id: as the platform calls it.

        Raises:
            NotFound: there is no such event.
        """
        own = select(findings.c.event_seq).where(findings.c.origin == event_id)
        latest = own.order_by(findings.c.event_seq.desc()).limit(MOST_FINDINGS)
        with self._database.read() as connection:
            seqs = list(connection.scalars(latest))
            seq = connection.scalar(select(events.c.seq).where(events.c.id == event_id))
            if seq is None:
                raise NotFound("no event has this id", where="event_id")
            return _contested(connection, [*seqs, seq])

    def contested_by(self, case_id: str) -> Contested:
        """What the appeal of a case contests; raises `NotFound` where it is no appeal."""
        statement = select(cases.c.contests).where(cases.c.id == case_id)
        with self._database.read() as connection:
            seq = connection.scalar(statement)
            if seq is None:
                raise NotFound("no appeal has this case", where="case")
            return _contested(connection, [seq])[0]

    def event_of(self, case_id: str) -> str:
        """Id of the event that a case was opened for, as it is stored; raises `NotFound`."""
        statement = select(events.c.id).join(cases, cases.c.event_seq == events.c.seq)
        with self._database.read() as connection:
            found = connection.scalar(statement.where(cases.c.id == case_id))
        if found is None:
            raise NotFound("no case has this id", where="case_id")
        return str(found)

    def get(self, appeal_id: str) -> Found:
        """One appeal by the id of its event; raises `NotFound`."""
        with self._database.read() as connection:
            found = _found(connection, events.c.id == appeal_id)
        if not found:
            raise NotFound("no appeal has this id", where="appeal")
        return found[0]

    def about(self, event_id: str) -> Sequence[Found]:
        """The appeals against what was decided about an event, latest first; the latest of many.

        Args:
            event_id: the event as it is stored: a finding has an id of its own.
        """
        number = select(events.c.seq).where(events.c.id == event_id).scalar_subquery()
        with self._database.read() as connection:
            return _found(connection, cases.c.contests == number)


def _contested(connection: Connection, seqs: Sequence[int]) -> list[Contested]:
    """Events with their signals and what people decided about them, in the order of the numbers."""
    statement = (
        select_files(_settled())
        .outerjoin(cases, cases.c.event_seq == events.c.seq)
        .outerjoin(_ROOT, _ROOT.c.event_seq == cases.c.root)
        .where(events.c.seq.in_(seqs))
    )
    rows = {row["seq"]: row for row in connection.execute(statement).mappings()}
    return [_one(connection, rows[seq]) for seq in seqs if seq in rows]


def _settled() -> ColumnElement[Any]:
    """What was decided about an event's case and is carried out; empty or NULL before."""
    stands = case(
        (_ROOT.c.closed_at.is_not(None), _ROOT.c.outcome),
        (cases.c.closed_at.is_not(None), cases.c.outcome),
    )
    return stands.label("settled")


def _one(connection: Connection, row: RowMapping) -> Contested:
    signals = kept_of(connection, row["seq"])
    if not signals and row["origin"] is not None:
        # A finding has the signals of the event that it was found in.
        origin = connection.scalar(select(events.c.seq).where(events.c.id == row["origin"]))
        signals = {} if origin is None else kept_of(connection, origin)
    file, settled = file_of(row, signals), row["settled"]
    return Contested(
        seq=row["seq"],
        event=file.event,
        outcome=file.outcome,
        settled=ReviewOutcome(settled) if settled else None,
    )


def _found(connection: Connection, chosen: ColumnElement[bool]) -> list[Found]:
    rows = connection.execute(_select(chosen).limit(MOST_LISTED)).mappings().all()
    said = _statements(connection, rows)
    return [_file(row, said.get(row["stands_seq"], "")) for row in rows]


def _select(chosen: ColumnElement[bool]) -> Select[Any]:
    def stands(name: str) -> ColumnElement[Any]:
        """Of the case that the appeal is read in."""
        own = case((_ROOT.c.id.is_not(None), _ROOT.c[name]), else_=cases.c[name])
        return own.label(f"stands_{name}")

    return (
        select_files(
            stands("id"),
            stands("outcome"),
            stands("category"),
            stands("closed_at"),
            func.coalesce(cases.c.root, cases.c.event_seq).label("stands_seq"),
            func.coalesce(_FOUND.c.origin, _ABOUT.c.id).label("contests"),
        )
        .join(cases, cases.c.event_seq == events.c.seq)
        .join(_ABOUT, _ABOUT.c.seq == cases.c.contests)
        .outerjoin(_FOUND, _FOUND.c.event_seq == cases.c.contests)
        .outerjoin(_ROOT, _ROOT.c.event_seq == cases.c.root)
        .where(cases.c.kind == CaseKind.APPEAL.value, chosen)
        .order_by(events.c.seq.desc())
    )


def _statements(connection: Connection, rows: Sequence[RowMapping]) -> Mapping[int, str]:
    """What the readings say to the person concerned that decided some cases, by case."""
    decided = {
        row["stands_seq"]: (row["stands_outcome"], row["stands_category"])
        for row in rows
        if row["stands_closed_at"] is not None
    }
    statement = select(
        readings.c.case_seq, readings.c.outcome, readings.c.category, readings.c.statement
    ).where(readings.c.case_seq.in_(decided), readings.c.undone_at.is_(None))
    return {
        row.case_seq: row.statement
        for row in connection.execute(statement.order_by(readings.c.id))
        if decided[row.case_seq] == (row.outcome, row.category)
    }


def _file(row: RowMapping, said: str) -> Found:
    event, closed_at = file_of(row).event, row["stands_closed_at"]
    if event.appeal is None:
        raise NotFound("no appeal has this id", where="appeal")
    answered = AppealState.ANSWERED if closed_at is not None else AppealState.WAITING
    granted = row["stands_outcome"] == ReviewOutcome.HARMLESS.value
    outcome = AppealOutcome.GRANTED if granted else AppealOutcome.UPHELD
    file = AppealFile(
        id=event.id,
        contests=row["contests"],
        kind=event.appeal.kind,
        state=answered,
        case_id=row["stands_id"],
        received_at=event.received_at,
        outcome=outcome if closed_at is not None else None,
        statement=said if closed_at is not None else "",
        answered_at=closed_at,
        drill=event.drill,
    )
    return Found(event=event, file=file, said=bool(said))
