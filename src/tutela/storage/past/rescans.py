"""Re-scans as they are stored: queued, held by one process at a time, and where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import (
    Bank,
    PolicyReport,
    Rescan,
    RescanKind,
    RescanState,
    RescanTally,
)
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.record import Record
from tutela.storage.audit.change import tell
from tutela.storage.banks import bank_named
from tutela.storage.database import Database
from tutela.storage.events import EventFile, file_of, select_files
from tutela.storage.past.counting import add_to_tally
from tutela.storage.past.scope import SETTLE, Scope
from tutela.storage.past.signals import Span
from tutela.storage.tables import banks, events, findings, rescans
from tutela.storage.values import now

LEASE = timedelta(seconds=10)
"""A process that has not said for so long that it is at work has lost its re-scan to others."""
OVERLAP = 10_000
"""Events before the end that are looked at once more: numbers are not stored in order."""

_STATE = RescanState
_AT_WORK = frozenset({_STATE.WAITING, _STATE.RUNNING, _STATE.SETTLING})
_ORDER = (rescans.c.kind != RescanKind.GROWTH.value, rescans.c.id)
"""What has grown goes first: it may be why content should not be there any more."""


class Task(Record, frozen=True, kw_only=True):
    """A re-scan as the process sees it that works on it.

    Attributes:
        span: the events that are left to look at.
        tail: whether this is the second look at the end of the past.
    """

    id: int
    kind: RescanKind
    bank_id: int | None
    scope: Scope
    span: Span
    record: bool
    tally: RescanTally
    report: PolicyReport | None
    tail: bool
    created_at: datetime


class NewRescan(Record, frozen=True, kw_only=True):
    """A re-scan that a person asks for: of a bank, a time range, or a policy.

    Attributes:
        policy: text of the policy that decides anew; empty where lists are compared.
        policy_version: its version.
    """

    bank: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    policy: str = ""
    policy_version: str = ""
    record: bool = False

    @property
    def kind(self) -> RescanKind:
        """What was asked for."""
        if self.policy:
            return RescanKind.POLICY
        return RescanKind.RANGE if self.bank is None else RescanKind.BANK


class Backlog(Record, frozen=True, kw_only=True):
    """What is left to do.

    Attributes:
        open: re-scans that wait, run or settle.
        events: events that these have to pass yet.
        failed: re-scans that have failed and were not resumed.
    """

    open: int
    events: int
    failed: int


class Rescans:
    """The re-scans in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, new: NewRescan, by: str) -> Rescan:
        """Queue a re-scan.

        Args:
            new: what is asked for.
            by: who asks, for the record.

        Raises:
            NotFound: the bank does not exist.
            InvalidInput: the range is empty or in the future, or the bank is an allow bank.
            Conflict: the same is waiting or running already.
        """
        _check(new)
        with self._database.write() as connection:
            bank = None if new.bank is None else bank_named(connection, new.bank)
            _check_bank(bank)
            _no_twin(connection, new, bank)
            number = _insert(connection, new, bank, by)
            found = _one(connection, number)
            facts: dict[str, Fact] = {
                "kind": new.kind.value,
                "bank": new.bank,
                "since": None if new.since is None else new.since.isoformat(),
                "until": None if new.until is None else new.until.isoformat(),
                "policy": new.policy_version or None,
                "record": new.record,
            }
            told = {name: value for name, value in facts.items() if value is not None}
            tell(connection, AuditKind.RESCAN, by, f"rescan:{number}", "asked", told)
            return found

    def get(self, number: int) -> Rescan:
        """One re-scan; raises `NotFound`."""
        with self._database.read() as connection:
            return _one(connection, number)

    def list(self, *, before: int | None = None, limit: int = 50) -> Sequence[Rescan]:
        """Up to `limit` re-scans, latest first, with numbers below `before`."""
        statement = _select().order_by(rescans.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(rescans.c.id < before)
        with self._database.read() as connection:
            return [_rescan(row) for row in connection.execute(statement).mappings()]

    def findings(
        self, number: int, *, after: str | None = None, limit: int = 50
    ) -> Sequence[EventFile]:
        """Up to `limit` findings of a re-scan, oldest first, after the finding with an id.

        Raises:
            NotFound: there is no such re-scan, or no event `after`.
        """
        statement = select_files().where(findings.c.rescan_id == number).order_by(events.c.seq)
        with self._database.read() as connection:
            _one(connection, number)
            if after is not None:
                last = connection.scalar(select(events.c.seq).where(events.c.id == after))
                if last is None:
                    raise NotFound("no event has this id", where="after")
                statement = statement.where(events.c.seq > last)
            rows = connection.execute(statement.limit(limit)).mappings().all()
        return [file_of(row) for row in rows]

    def later(self, event_id: str) -> Sequence[EventFile]:
        """What re-scans have found in an event since it was checked, oldest first."""
        statement = select_files().where(findings.c.origin == event_id).order_by(events.c.seq)
        with self._database.read() as connection:
            return [file_of(row) for row in connection.execute(statement).mappings()]

    def pause(self, number: int, *, by: str = PROGRAM) -> Rescan:
        """Stop a re-scan for now; raises `NotFound`, or `Conflict` where it has ended."""
        return self._turn(number, _AT_WORK, _STATE.PAUSED, by)

    def resume(self, number: int, *, by: str = PROGRAM) -> Rescan:
        """Let a paused or failed re-scan go on where it stood; raises as `pause` does."""
        return self._turn(number, {_STATE.PAUSED, _STATE.FAILED}, _STATE.WAITING, by)

    def cancel(self, number: int, *, by: str = PROGRAM) -> Rescan:
        """End a re-scan; what it found stays. Raises as `pause` does."""
        states = _AT_WORK | {_STATE.PAUSED, _STATE.FAILED}
        return self._turn(number, states, _STATE.CANCELLED, by)

    def claim(self, holder: str, number: int | None = None) -> Task | None:
        """Take a re-scan to work on: one that waits, or whose process has gone silent.

        Args:
            holder: names the process; nobody else has this name.
            number: this one and no other.
        """
        with self._database.write() as connection:
            present = now()
            silent = and_(
                rescans.c.state == _STATE.RUNNING.value, rescans.c.beat_at < present - LEASE
            )
            due = and_(rescans.c.state == _STATE.SETTLING.value, rescans.c.again_at <= present)
            waits = or_(rescans.c.state == _STATE.WAITING.value, due)
            chosen = select(rescans.c.id).where(or_(waits, silent))
            if number is not None:
                chosen = chosen.where(rescans.c.id == number)
            taken = connection.execute(
                update(rescans)
                .where(
                    rescans.c.id == chosen.order_by(*_ORDER).limit(1).scalar_subquery(),
                    or_(waits, silent),
                )
                .values(
                    state=_STATE.RUNNING.value,
                    holder=holder,
                    beat_at=present,
                    started_at=func.coalesce(
                        rescans.c.started_at, literal(present, rescans.c.started_at.type)
                    ),
                )
                .returning(rescans)
            )
            row = taken.mappings().one_or_none()
            return None if row is None else _task(connection, row)

    def beat(self, number: int, holder: str) -> bool:
        """Say that the work goes on; False where it is no longer this process's."""
        return self._hold(number, holder, {"beat_at": now()})

    def advance(
        self,
        number: int,
        holder: str,
        cursor: int,
        tally: RescanTally,
        report: PolicyReport | None = None,
    ) -> bool:
        """Store how far the work has come; False where it is no longer this process's.

        The number of findings is counted anew, so that a crash before this cannot falsify it.
        """
        with self._database.write() as connection:
            found = _count_findings(connection, number)
            stored = connection.scalar(select(rescans.c.tally).where(rescans.c.id == number))
            before = msgspec.json.decode(stored or b"{}", type=RescanTally)
            values = {"cursor": cursor, "beat_at": now(), "tally": _json_tally(tally, found)}
            if report is not None:
                values["report"] = msgspec.json.encode(report).decode()
            held = connection.execute(_own(number, holder).values(values)).rowcount == 1
            if held:
                add_to_tally(connection, "signals_compared", tally.signals - before.signals)
            return held

    def begin(self, number: int, holder: str, entries: int) -> bool:
        """Store how many entries are compared with; False as for `beat`."""
        return self._hold(number, holder, {"entries": entries, "beat_at": now()})

    def end(self, task: Task, holder: str) -> bool:
        """Store that everything has been looked at; False as for `beat`.

        The end of the past is looked at once more where lists grew.
        """
        if task.kind is RescanKind.GROWTH and not task.tail:
            start = max(task.span.up_to - OVERLAP, 0)
            again = {"state": _STATE.SETTLING.value, "again_at": task.created_at + SETTLE}
            return self._hold(task.id, holder, {**again, "holder": None, "cursor": start})
        return self._stop(task.id, holder, _STATE.DONE, "")

    def give_up(self, number: int, holder: str, problem: str, *, failed: bool) -> bool:
        """Store that a re-scan failed or was overtaken by events, with a sentence that says why."""
        state = _STATE.FAILED if failed else _STATE.CANCELLED
        return self._stop(number, holder, state, problem)

    def release(self, number: int, holder: str) -> bool:
        """Let others go on at once where this process stopped."""
        return self._hold(number, holder, {"state": _STATE.WAITING.value, "holder": None})

    def backlog(self) -> Backlog:
        """What is left to do; cheap."""
        is_open = rescans.c.state.in_([state.value for state in _AT_WORK])
        first_look = rescans.c.again_at.is_(None)
        left = func.sum(rescans.c.last_seq - rescans.c.cursor).filter(first_look)
        failed = rescans.c.state == _STATE.FAILED.value
        with self._database.read() as connection:
            count, rest = connection.execute(select(func.count(), left).where(is_open)).one()
            bad = connection.scalar(select(func.count()).where(failed)) or 0
        return Backlog(open=count, events=int(rest or 0), failed=bad)

    def _stop(self, number: int, holder: str, state: RescanState, problem: str) -> bool:
        values = {"state": state.value, "holder": None, "ended_at": now(), "problem": problem}
        return self._hold(number, holder, values)

    def _hold(self, number: int, holder: str, values: dict[str, Any]) -> bool:
        with self._database.write() as connection:
            return connection.execute(_own(number, holder).values(values)).rowcount == 1

    def _turn(
        self, number: int, states: AbstractSet[RescanState], state: RescanState, by: str
    ) -> Rescan:
        values: dict[str, Any] = {"state": state.value, "holder": None, "problem": ""}
        values["ended_at"] = now() if state.ended else None
        allowed = rescans.c.state.in_([one.value for one in states])
        with self._database.write() as connection:
            turned = connection.execute(
                update(rescans).where(rescans.c.id == number, allowed).values(values)
            )
            found = _one(connection, number)
            if turned.rowcount:
                tell(connection, AuditKind.RESCAN, by, f"rescan:{number}", _done(state))
        if not turned.rowcount:
            raise Conflict(
                f"re-scan {number} is {found.state.value}",
                where="rescan",
                remedy=f"only one that is {_either(states)} can be {_done(state)}",
            )
        return found


def _own(number: int, holder: str) -> Any:  # noqa: ANN401 - SQLAlchemy's own type is no help
    """An update of a re-scan as long as it is held."""
    return update(rescans).where(
        rescans.c.id == number,
        rescans.c.holder == holder,
        rescans.c.state == _STATE.RUNNING.value,
    )


def _either(states: AbstractSet[RescanState]) -> str:
    return " or ".join(sorted(state.value for state in states))


def _done(state: RescanState) -> str:
    return "resumed" if state is _STATE.WAITING else state.value


def _json_tally(tally: RescanTally, found: int) -> str:
    return msgspec.json.encode(msgspec.structs.replace(tally, findings=found)).decode()


def _count_findings(connection: Connection, number: int) -> int:
    counted = select(func.count()).where(findings.c.rescan_id == number)
    return connection.scalar(counted) or 0


def _check(new: NewRescan) -> None:
    present = now()
    if new.since is not None and new.since > present:
        raise InvalidInput("the range lies in the future", where="since")
    if new.since is not None and new.until is not None and new.since >= new.until:
        raise InvalidInput("the range is empty", where="until", remedy="give a later end")
    if new.kind is RescanKind.RANGE and new.since is None and new.until is None:
        raise InvalidInput(
            "nothing was named to look for", remedy="name a bank, a time range, or a policy"
        )
    if new.policy and new.bank is not None:
        raise InvalidInput("a policy decides about all banks", where="bank", remedy="leave it out")
    if new.record and not new.policy:
        raise InvalidInput("only what a policy decides anew can be recorded", where="record")


def _check_bank(bank: Bank | None) -> None:
    if bank is not None and bank.allow:
        raise InvalidInput(
            "an allow bank silences and finds nothing", where="bank", remedy="name another bank"
        )


def _no_twin(connection: Connection, new: NewRescan, bank: Bank | None) -> None:
    twin = connection.scalar(
        select(rescans.c.id).where(
            rescans.c.kind == new.kind.value,
            rescans.c.state.in_([state.value for state in (*_AT_WORK, _STATE.PAUSED)]),
            rescans.c.bank_id.is_not_distinct_from(None if bank is None else bank.id),
            rescans.c.since.is_not_distinct_from(new.since),
            rescans.c.until.is_not_distinct_from(new.until),
            rescans.c.policy_version == new.policy_version,
        )
    )
    if twin is not None:
        raise Conflict(
            f"re-scan {twin} does the same and has not ended",
            where="rescan",
            remedy="wait for it, or cancel it first",
        )


def _insert(connection: Connection, new: NewRescan, bank: Bank | None, by: str) -> int:
    bounds = select(func.min(events.c.seq), func.max(events.c.seq))
    if new.since is not None:
        bounds = bounds.where(events.c.received_at >= new.since)
    if new.until is not None:
        bounds = bounds.where(events.c.received_at < new.until)
    first, last = connection.execute(bounds).one()
    scope = Scope(
        banks=() if bank is None else (bank.id,),
        everything=new.kind is RescanKind.RANGE,
        policy=new.policy,
    )
    before = (first or 1) - 1
    values = {
        "kind": new.kind.value,
        "state": _STATE.WAITING.value,
        "asked_by": by,
        "bank_id": None if bank is None else bank.id,
        "since": new.since,
        "until": new.until,
        "policy_version": new.policy_version,
        "record": new.record,
        "scope": msgspec.json.encode(scope).decode(),
        "first_seq": before,
        "last_seq": last or 0,
        "cursor": before,
        "created_at": now(),
        "problem": "",
        "tally": msgspec.json.encode(RescanTally()).decode(),
    }
    return int(connection.execute(insert(rescans).returning(rescans.c.id), values).scalar_one())


def _select() -> Select[Any]:
    joined = rescans.outerjoin(banks, banks.c.id == rescans.c.bank_id)
    return select(rescans, banks.c.name.label("bank")).select_from(joined)


def _one(connection: Connection, number: int) -> Rescan:
    row = connection.execute(_select().where(rescans.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound("no re-scan has this number", where="rescan", remedy="list the re-scans")
    return _rescan(row)


def _rescan(row: RowMapping) -> Rescan:
    report = row["report"]
    return Rescan(
        id=row["id"],
        kind=RescanKind(row["kind"]),
        state=_STATE(row["state"]),
        by=row["asked_by"],
        bank=row["bank"],
        since=row["since"],
        until=row["until"],
        policy_version=row["policy_version"],
        record=row["record"],
        entries=row["entries"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        progress=_progress(row),
        problem=row["problem"],
        tally=msgspec.json.decode(row["tally"], type=RescanTally),
        report=msgspec.json.decode(report, type=PolicyReport) if report else None,
    )


def _progress(row: RowMapping) -> float:
    if row["state"] == _STATE.DONE.value or row["again_at"] is not None:
        return 1.0
    whole = row["last_seq"] - row["first_seq"]
    return round((row["cursor"] - row["first_seq"]) / whole, 4) if whole > 0 else 0.0


def _task(connection: Connection, row: RowMapping) -> Task:
    tail = row["again_at"] is not None
    last = row["last_seq"]
    if tail:
        last = connection.scalar(select(func.max(events.c.seq))) or 0
    span = Span(after=row["cursor"], up_to=last, since=row["since"], until=row["until"])
    report = row["report"]
    return Task(
        id=row["id"],
        kind=RescanKind(row["kind"]),
        bank_id=row["bank_id"],
        scope=msgspec.json.decode(row["scope"], type=Scope),
        span=span,
        record=row["record"],
        tally=msgspec.json.decode(row["tally"], type=RescanTally),
        report=msgspec.json.decode(report, type=PolicyReport) if report else None,
        tail=tail,
        created_at=row["created_at"],
    )
