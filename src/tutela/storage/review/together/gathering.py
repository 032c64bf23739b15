"""Gathering: a new case is put into an older one that it belongs to, or stands for itself.

It is compared with the case that it would join itself, never with what has joined that one: so
cases do not grow together along a chain. Each batch is one transaction: a process that is killed
leaves a case gathered with everything that this means, or not gathered at all.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, or_, select, text, update

from tutela.model import CaseState, Severity
from tutela.model.custody.leaf import PROGRAM, AuditKind, NewLeaf
from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.queue import Queue
from tutela.model.review.standing import ChangeKind
from tutela.storage.audit.change import leaf
from tutela.storage.audit.log import append
from tutela.storage.database import Database
from tutela.storage.review.queueing import arranging, placed, queued, queues_of, sort_some
from tutela.storage.review.score import graver, score_of
from tutela.storage.review.searching import WAITING
from tutela.storage.review.tables import case_changes, queue_sorting
from tutela.storage.review.together.likeness import Condition, Likeness, equal, near
from tutela.storage.tables import cases
from tutela.storage.values import now

MOST_EVENTS = 1000
"""So many events may stand in a case."""
AT_ONCE = 16
"""Cases that are gathered in one transaction."""
_TRIES = 8

Row = Mapping[str, Any]


class Gathered(Record, frozen=True, kw_only=True):
    """What one look came to.

    Attributes:
        looked: cases that were looked at.
        joined: those of them that were put into others.
    """

    looked: int = 0
    joined: int = 0


class Gathering:
    """Gathers the cases of a database. Any number of processes may do so at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gather(self, most: int = 10_000, rest: float = 0.0) -> Gathered:
        """Look at the cases that nobody has looked at yet, and end what a change of queues began.

        Args:
            most: about so many cases are looked at, at most.
            rest: seconds between two transactions, so that others come to write in between.
        """
        looked = joined = 0
        while looked < most and self._is_due():
            if looked and rest:
                time.sleep(rest)
            with self._database.write() as connection:
                arranging(connection)
                sort_some(connection)
                leaves, seen = _gather_some(connection)
                if leaves:
                    append(connection, leaves)
            looked, joined = looked + seen, joined + len(leaves)
        return Gathered(looked=looked, joined=joined)

    def _is_due(self) -> bool:
        """Whether there is anything to do; asks without the right to write, which all share."""
        unsorted = select(queue_sorting.c.id).where(queue_sorting.c.sorted_to.is_not(None))
        with self._database.read() as connection:
            return any(
                connection.execute(statement.limit(1)).first() is not None
                for statement in (select(cases.c.event_seq).where(_ungathered()), unsorted)
            )


def joinable(
    drill: bool,  # noqa: FBT001 - a fact of the case
    present: datetime,
    kind: CaseKind = CaseKind.FINDING,
) -> tuple[Condition, ...]:
    """What holds of a case that others of its kind may be put into."""
    return (
        text("cases.state = 'open'"),  # written out, for the indexes of just these cases
        cases.c.gathered_at.is_not(None),
        cases.c.kind == kind.value,
        cases.c.drill.is_(drill),
        cases.c.events < MOST_EVENTS,
        or_(cases.c.claimed_until.is_(None), cases.c.claimed_until <= present),
    )


def _ungathered() -> Condition:
    return cases.c.gathered_at.is_(None)


def _gather_some(connection: Connection) -> tuple[list[NewLeaf], int]:
    """Gather some cases, the oldest first: leaves of those that joined, and how many there were."""
    statement = select(cases).where(_ungathered()).order_by(cases.c.event_seq).limit(AT_ONCE)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    if not rows:
        return [], 0
    known, present = queues_of(connection), now()
    leaves = (_gather(connection, row, known, present) for row in rows)
    return [one for one in leaves if one is not None], len(rows)


def _gather(
    connection: Connection, row: Row, known: Sequence[Queue], present: datetime
) -> NewLeaf | None:
    like = Likeness(connection, row["event_seq"])
    for _ in range(_TRIES if _may_join(row, present) else 0):
        root, why = _find(connection, row, like, present)
        if root is None:
            break
        # Somebody may have claimed it just now: only who holds its row knows.
        may = joinable(row["drill"], present, CaseKind(row["kind"]))
        held = select(cases).where(cases.c.event_seq == root, *may)
        into = connection.execute(held.with_for_update()).mappings().one_or_none()
        if into is not None:
            return _join(connection, row, dict(into), known, why, present)
    values: dict[str, Any] = {"gathered_at": present}
    if row["state"] in WAITING:
        values |= placed(known, queued(row))
    connection.execute(update(cases).where(cases.c.event_seq == row["event_seq"]).values(**values))
    if row["kind"] == CaseKind.FINDING.value:
        like.remember(connection)
    return None


def _may_join(row: Row, present: datetime) -> bool:
    """Whether a case is new: nobody reads it or has decided it."""
    until = row["claimed_until"]
    free: bool = until is None or until <= present
    is_open: bool = row["state"] == CaseState.OPEN.value
    return free and is_open


def _find(
    connection: Connection, row: Row, like: Likeness, present: datetime
) -> tuple[int | None, str]:
    """The case that a new one belongs to, and why; None where there is none.

    An appeal belongs to an earlier one about the same decision, and to nothing else.
    """
    if row["kind"] == CaseKind.APPEAL.value:
        return _contesting(connection, row, present), "appeal"
    may = joinable(row["drill"], present)
    for name in ("conversation", "actor"):
        if row[name]:
            column = cases.c[name]
            same = select(cases.c.event_seq).where(column == row[name], *may, _told(name))
            found = connection.scalar(same.order_by(cases.c.event_seq).limit(1))
            if found is not None:
                return found, name
    for find, why in ((equal, "content"), (near, "near-duplicate")):
        found = find(connection, like, may)
        if found is not None:
            return found, why
    return None, ""


def _contesting(connection: Connection, row: Row, present: datetime) -> int | None:
    """The oldest appeal that waits and contests the same."""
    may = joinable(row["drill"], present, CaseKind.APPEAL)
    same = select(cases.c.event_seq).where(
        cases.c.contests.is_not(None), cases.c.contests == row["contests"], *may
    )
    found = connection.scalar(same.order_by(cases.c.event_seq).limit(1))
    return None if found is None else int(found)


def _told(name: str) -> Condition:
    """As the indexes of open cases say it."""
    return text("cases.actor IS NOT NULL" if name == "actor" else "cases.conversation <> ''")


def _join(
    connection: Connection,
    row: Row,
    into: Row,
    known: Sequence[Queue],
    why: str,
    present: datetime,
) -> NewLeaf:
    """Put a case into another one."""
    root, seq = into["event_seq"], row["event_seq"]
    values = lifted(into, row)
    values |= placed(known, queued({**into, **values}))
    connection.execute(
        update(cases)
        .where(cases.c.event_seq == root)
        .values(**values, revision=into["revision"] + 1)
    )
    connection.execute(
        update(cases)
        .where(cases.c.event_seq == seq)
        .values(state=CaseState.GATHERED.value, root=root, gathered_at=present)
    )
    change = {
        "case_seq": root,
        "other_seq": seq,
        "at": present,
        "by": PROGRAM,
        "kind": ChangeKind.JOINED.value,
        "why": why,
    }
    connection.execute(insert(case_changes), change)
    facts = {"other": row["id"], "why": why}
    return leaf(AuditKind.CASE, PROGRAM, into["id"], ChangeKind.JOINED.value, facts)


def lifted(into: Row, row: Row) -> dict[str, Any]:
    """What a case is about once another one stands in it."""
    severity = graver(Severity(into["severity"]), Severity(row["severity"]))
    principles = {
        number
        for one in (into, row)
        for number in msgspec.json.decode(one["principles"], type=tuple[int, ...])
    }
    imminent, reach = into["imminent"] or row["imminent"], into["reach"] + row["reach"]
    score = score_of(imminent=imminent, reach=reach, severity=severity)
    return {
        "severity": severity.value,
        "principles": msgspec.json.encode(sorted(principles)).decode(),
        "imminent": imminent,
        "second_look": into["second_look"] or row["second_look"],
        "reach": reach,
        "events": into["events"] + row["events"],
        "score": score,
        "rank": -score,
    }
