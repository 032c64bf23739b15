"""Arranging by hand: cases merged, split, moved to another queue; all of it told, and undone.

Only a case that waits for its first reading is arranged: what somebody has read stays what it was.
Who reads a case arranges that; whoever leads arranges those that nobody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import CaseState
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.response.case import CaseKind
from tutela.model.review.standing import CaseChange, ChangeKind
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.review.queueing import arranging, placed, queued, queues_of
from tutela.storage.review.searching import WAITING
from tutela.storage.review.tables import case_changes
from tutela.storage.review.together.gathering import MOST_EVENTS
from tutela.storage.review.together.history import change_of, history, note, note_part, parts_of
from tutela.storage.review.together.likeness import forget
from tutela.storage.review.together.restating import restate
from tutela.storage.tables import cases
from tutela.storage.values import now

MOST_WHY = 1000
"""So many characters may say why."""


class Arranging:
    """Arranges the cases of a database.

    Every method takes `holder`: the account that reads the case, or None for whoever leads, who
    arranges what nobody reads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def merge(
        self,
        case_id: str,
        other_id: str,
        *,
        holder: str | None = None,
        why: str = "",
        by: str = PROGRAM,
    ) -> CaseChange:
        """Put a case, with all that stands in it, into another one.

        Args:
            case_id: the one that stays.
            other_id: the one that is put into it.
            holder: who reads it; see the class.
            why: in somebody's own words; stays in the house.
            by: who does.

        Raises:
            NotFound: there is no such case.
            Conflict: one of them does not stand for itself, has been read, is read by somebody
                else, is an appeal, is a drill where the other is none, or both together are too
                large.
        """
        _check_why(why)
        with self._database.write() as connection:
            arranging(connection)
            present = now()
            into, other = _locked(connection, case_id), _locked(connection, other_id)
            if into["event_seq"] == other["event_seq"]:
                raise Conflict("a case cannot be put into itself", where="other")
            _check_open(into, holder, present)
            _check_open(other, holder, present, free=True)
            _check_alike(into, other)
            number = note(connection, ChangeKind.MERGED, into, other["event_seq"], why, by)
            moved = _members(connection, other["event_seq"])
            for seq in moved:
                note_part(connection, number, seq, other["event_seq"])
            _put_in(connection, into["event_seq"], [other["event_seq"], *moved], present)
            facts: dict[str, Fact] = {"other": other_id, "events": len(moved) + 1}
            tell(connection, AuditKind.CASE, by, case_id, ChangeKind.MERGED.value, facts)
            return change_of(connection, number)

    def split(
        self,
        case_id: str,
        others: Sequence[str],
        *,
        holder: str | None = None,
        why: str = "",
        by: str = PROGRAM,
    ) -> CaseChange:
        """Take cases out of another one; together they stand for themselves, as the oldest of them.

        Args:
            case_id: the case that they stand in.
            others: their ids.
            holder: who reads it; see the class.
            why: in somebody's own words; stays in the house.
            by: who does.

        Raises:
            NotFound: there is no such case.
            InvalidInput: none is named, or too many.
            Conflict: one of them does not stand in the case, or the case has been read or is read
                by somebody else.
        """
        _check_why(why)
        if not others or len(others) > MOST_EVENTS:
            raise InvalidInput(f"name 1 to {MOST_EVENTS} cases to take out", where="others")
        with self._database.write() as connection:
            arranging(connection)
            present = now()
            root = _locked(connection, case_id)
            _check_open(root, holder, present)
            first, *rest = _inside(connection, root, others)
            number = note(connection, ChangeKind.SPLIT, root, first, why, by)
            for seq in rest:
                note_part(connection, number, seq, root["event_seq"])
            _take_out(connection, root["event_seq"], first, rest, present)
            taken = _id(connection, first)
            facts: dict[str, Fact] = {"other": taken, "events": len(rest) + 1}
            tell(connection, AuditKind.CASE, by, case_id, ChangeKind.SPLIT.value, facts)
            return change_of(connection, number)

    def move(
        self,
        case_id: str,
        queue: str,
        *,
        holder: str | None = None,
        why: str = "",
        by: str = PROGRAM,
    ) -> CaseChange:
        """Put a waiting case into another queue, where it stays whatever the queues take.

        Raises:
            NotFound: there is no such case or queue.
            Conflict: the case does not wait, is there already, or is read by somebody else.
        """
        _check_why(why)
        with self._database.write() as connection:
            arranging(connection)
            present = now()
            row = _locked(connection, case_id)
            _check_free(row, holder, present)
            if row["state"] not in WAITING or row["root"] is not None:
                raise Conflict("only a case that waits can be moved", where="case")
            known = queues_of(connection)
            if queue not in {one.name for one in known}:
                raise NotFound("no queue has this name", where="queue")
            if row["queue"] == queue and row["moved"]:
                raise Conflict("the case is in this queue already", where="queue")
            before = ("+" if row["moved"] else "") + row["queue"]
            number = note(connection, ChangeKind.MOVED, row, None, why, by, before=before)
            _place(connection, row, queue, moved=True)
            facts: dict[str, Fact] = {"queue": queue, "queue_before": row["queue"]}
            tell(connection, AuditKind.CASE, by, case_id, ChangeKind.MOVED.value, facts)
            return change_of(connection, number)

    def undo(self, change_id: int, *, holder: str | None = None, by: str = PROGRAM) -> CaseChange:
        """Undo a change: what came goes, what went comes back, and that is told too.

        Args:
            change_id: number of the change.
            holder: who reads the case; see the class.
            by: who does.

        Raises:
            NotFound: there is no such change.
            Conflict: it is undone already or cannot be; the case has been read since, or is read by
                somebody else; or what came has left again.
        """
        with self._database.write() as connection:
            arranging(connection)
            present = now()
            change = (
                connection.execute(select(case_changes).where(case_changes.c.id == change_id))
                .mappings()
                .one_or_none()
            )
            if change is None or change["cause"] is not None:
                raise NotFound("no change has this number", where="change")
            if change["undone_by"] is not None or change["kind"] == ChangeKind.UNDONE.value:
                raise Conflict("this is undone already, or is itself an undoing", where="change")
            row = _locked_seq(connection, change["case_seq"])
            number = note(connection, ChangeKind.UNDONE, row, change["other_seq"], "", by)
            _UNDO[ChangeKind(change["kind"])](connection, change, row, holder, present)
            done = update(case_changes).where(
                or_(case_changes.c.id == change_id, case_changes.c.cause == change_id)
            )
            connection.execute(done.values(undone_by=number))
            facts: dict[str, Fact] = {"change": change_id, "undone": change["kind"]}
            tell(connection, AuditKind.CASE, by, row["id"], ChangeKind.UNDONE.value, facts)
            return change_of(connection, number)

    def history(self, case_id: str) -> Sequence[CaseChange]:
        """What changed in what stands in a case, and in where it stands; oldest first.

        Raises:
            NotFound: there is no such case.
        """
        with self._database.read() as connection:
            seq = connection.scalar(select(cases.c.event_seq).where(cases.c.id == case_id))
            if seq is None:
                raise NotFound("no case has this id", where="case")
            return history(connection, seq)


def _undo_coming(
    connection: Connection, change: RowMapping, row: RowMapping, holder: str | None, at: datetime
) -> None:
    """What was put into a case stands for itself again, with what it had."""
    _check_open(row, holder, at)
    other, root = change["other_seq"], row["event_seq"]
    came = [other, *parts_of(connection, change["id"])]
    still = select(cases.c.event_seq).where(cases.c.event_seq.in_(came), cases.c.root == root)
    inside = set(connection.scalars(still))
    if other not in inside:
        raise Conflict("what came has left again", where="change")
    _take_out(connection, root, other, [seq for seq in came[1:] if seq in inside], at)


def _undo_split(
    connection: Connection, change: RowMapping, row: RowMapping, holder: str | None, at: datetime
) -> None:
    """What was taken out comes back, with whatever has joined it since."""
    other = _locked_seq(connection, change["other_seq"])
    _check_open(row, holder, at)
    _check_open(other, holder, at, free=True)
    _check_alike(row, other)
    gone = [other["event_seq"], *_members(connection, other["event_seq"])]
    _put_in(connection, row["event_seq"], gone, at)


def _undo_move(
    connection: Connection, change: RowMapping, row: RowMapping, holder: str | None, at: datetime
) -> None:
    """The case is again in the queue where it was, or where the queues put it now."""
    _check_free(row, holder, at)
    if row["state"] not in WAITING:
        raise Conflict("only a case that waits can be moved", where="case")
    before = change["before"]
    _place(connection, row, before.removeprefix("+"), moved=before.startswith("+"))


_UNDO = {
    ChangeKind.JOINED: _undo_coming,
    ChangeKind.MERGED: _undo_coming,
    ChangeKind.SPLIT: _undo_split,
    ChangeKind.MOVED: _undo_move,
}


def _locked(connection: Connection, case_id: str) -> RowMapping:
    seq = connection.scalar(select(cases.c.event_seq).where(cases.c.id == case_id))
    if seq is None:
        raise NotFound("no case has this id", where="case")
    return _locked_seq(connection, seq)


def _locked_seq(connection: Connection, seq: int) -> RowMapping:
    statement = select(cases).where(cases.c.event_seq == seq).with_for_update()
    return connection.execute(statement).mappings().one()


def _check_why(why: str) -> None:
    if len(why) > MOST_WHY:
        raise InvalidInput(f"at most {MOST_WHY} characters may say why", where="why")


def _check_free(
    row: RowMapping, holder: str | None, present: datetime, *, free: bool = False
) -> None:
    """Who reads a case arranges it; others do only where nobody reads it."""
    until = row["claimed_until"]
    held = row["claimed_by"] if until is not None and until > present else None
    if held is not None and held != holder:
        raise Conflict("somebody else reads this case now", where="case", remedy="wait for that")
    if holder is not None and held is None and not free:
        raise Conflict("you do not read this case", where="case", remedy="claim it first")


def _check_open(
    row: RowMapping, holder: str | None, present: datetime, *, free: bool = False
) -> None:
    if row["root"] is not None:
        raise Conflict("this case stands in another one", where="case", remedy="name that one")
    if row["state"] != CaseState.OPEN.value:
        raise Conflict("this case has been read: what stands in it stays", where="case")
    _check_free(row, holder, present, free=free)


def _check_alike(into: RowMapping, other: RowMapping) -> None:
    if CaseKind.APPEAL.value in {into["kind"], other["kind"]}:
        raise Conflict("an appeal stands for itself", where="other")
    if into["drill"] != other["drill"]:
        raise Conflict("a drill and what is none do not go together", where="other")
    if into["events"] + other["events"] > MOST_EVENTS:
        raise Conflict(f"a case may hold {MOST_EVENTS:,} events", where="other")


def _members(connection: Connection, root: int) -> list[int]:
    """What stands in a case, oldest first."""
    inside = select(cases.c.event_seq).where(cases.c.root == root).order_by(cases.c.event_seq)
    return list(connection.scalars(inside))


def _inside(connection: Connection, root: RowMapping, others: Sequence[str]) -> list[int]:
    """Numbers of named cases, all of which stand in another one; oldest first."""
    named = select(cases.c.event_seq, cases.c.root).where(cases.c.id.in_(set(others)))
    rows = connection.execute(named.order_by(cases.c.event_seq)).all()
    if len(rows) != len(set(others)):
        raise NotFound("no case has one of these ids", where="others")
    if any(row.root != root["event_seq"] for row in rows):
        raise Conflict(
            "one of these does not stand in the case",
            where="others",
            remedy="name cases that do; the case's own event stays, so take out the others",
        )
    return [row.event_seq for row in rows]


def _put_in(connection: Connection, root: int, seqs: Sequence[int], present: datetime) -> None:
    """Have cases stand in another one; whoever read one of them reads that no more."""
    values: dict[str, Any] = {"root": root, "state": CaseState.GATHERED.value}
    values |= dict.fromkeys(("claim", "claimed_by", "claimed_at", "claimed_until", "waits_until"))
    values |= {"gathered_at": present}
    connection.execute(update(cases).where(cases.c.event_seq.in_(seqs)).values(**values))
    forget(connection, seqs)
    restate(connection, root, present)


def _take_out(
    connection: Connection, root: int, first: int, rest: Sequence[int], present: datetime
) -> None:
    """Have cases stand for themselves again, as the first of them."""
    connection.execute(update(cases).where(cases.c.event_seq.in_(rest)).values(root=first))
    connection.execute(update(cases).where(cases.c.event_seq == first).values(root=None))
    restate(connection, first, present)
    restate(connection, root, present)


def _place(connection: Connection, row: RowMapping, queue: str, *, moved: bool) -> None:
    wanted = queued({**dict(row), "queue": queue, "moved": moved})
    values = placed(queues_of(connection), wanted)
    own = cases.c.event_seq == row["event_seq"]
    connection.execute(update(cases).where(own).values(**values))


def _id(connection: Connection, seq: int) -> str:
    return str(connection.scalar(select(cases.c.id).where(cases.c.event_seq == seq)))
