"""What changed in how cases stand together: noted as it happens, and read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, insert, or_, select

from tutela.model.review.standing import CaseChange, ChangeKind
from tutela.storage.access.tables import accounts
from tutela.storage.review.tables import case_changes
from tutela.storage.tables import cases
from tutela.storage.values import now

PERSON = "person:"
MOST = 2000
"""So many changes of a case are listed."""


def history(connection: Connection, seq: int) -> list[CaseChange]:
    """What changed in what stands in a case, and in where it stands; oldest first."""
    its = or_(case_changes.c.case_seq == seq, case_changes.c.other_seq == seq)
    statement = select(case_changes).where(its).order_by(case_changes.c.id).limit(MOST)
    rows = connection.execute(statement).mappings().all()
    return _changes(connection, list({row["cause"] or row["id"]: None for row in rows}))


def note(
    connection: Connection,
    kind: ChangeKind,
    row: RowMapping,
    other: int | None,
    why: str,
    by: str,
    *,
    before: str | None = None,
) -> int:
    """Note a change; its number."""
    values = {
        "case_seq": row["event_seq"],
        "other_seq": other,
        "from_seq": row["event_seq"] if kind is ChangeKind.SPLIT else None,
        "at": now(),
        "by": by,
        "kind": kind.value,
        "why": why,
        "before": before,
    }
    statement = insert(case_changes).returning(case_changes.c.id)
    return int(connection.execute(statement, values).scalar_one())


def note_part(connection: Connection, cause: int, seq: int, came_from: int) -> None:
    """Tell of a case that came or went with another one."""
    columns = case_changes.c
    own = select(
        *(columns.case_seq, columns.at, columns.by, columns.kind, columns.why), columns.before
    ).where(columns.id == cause)
    row = dict(connection.execute(own).mappings().one())
    row |= {"other_seq": seq, "from_seq": came_from, "cause": cause, "why": ""}
    connection.execute(insert(case_changes), row)


def parts_of(connection: Connection, cause: int) -> list[int]:
    """The cases that came or went together with the one of a change."""
    its = select(case_changes.c.other_seq).where(case_changes.c.cause == cause)
    return [int(seq) for seq in connection.scalars(its.order_by(case_changes.c.id))]


def change_of(connection: Connection, number: int) -> CaseChange:
    """One change by number."""
    (change,) = _changes(connection, [number])
    return change


def _changes(connection: Connection, numbers: Sequence[int]) -> list[CaseChange]:
    """Changes by number, each with all that came or went with it."""
    its = or_(case_changes.c.id.in_(numbers), case_changes.c.cause.in_(numbers))
    statement = select(case_changes).where(its).order_by(case_changes.c.id)
    rows = connection.execute(statement).mappings().all()
    seqs = {row["case_seq"] for row in rows} | {row["other_seq"] for row in rows} - {None}
    named = select(cases.c.event_seq, cases.c.id).where(cases.c.event_seq.in_(seqs))
    ids = {row.event_seq: row.id for row in connection.execute(named)}
    people = _people(connection, {row["by"] for row in rows})
    parts: dict[int, list[str]] = {number: [] for number in numbers}
    for row in rows:
        if row["other_seq"] is not None:
            parts[row["cause"] or row["id"]].append(ids[row["other_seq"]])
    return [
        CaseChange(
            id=row["id"],
            case_id=ids[row["case_seq"]],
            others=tuple(parts[row["id"]]),
            at=row["at"],
            by=people.get(row["by"], row["by"]),
            kind=ChangeKind(row["kind"]),
            why=row["why"],
            undone_by=row["undone_by"],
        )
        for row in rows
        if row["cause"] is None
    ]


def _people(connection: Connection, by: set[str]) -> dict[str, str]:
    """People by pseudonym: who is called how need not be known."""
    wanted = {one.removeprefix(PERSON) for one in by if one.startswith(PERSON)}
    named = select(accounts.c.id, accounts.c.pseudonym).where(accounts.c.id.in_(wanted))
    return {f"{PERSON}{row.id}": f"{PERSON}{row.pseudonym}" for row in connection.execute(named)}
