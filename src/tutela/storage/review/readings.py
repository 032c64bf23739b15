"""Readings: what people make of cases, given under a claim, undone for a moment, then settled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, RowMapping, func, insert, or_, select, update

from tutela.errors import NotFound
from tutela.model import CaseState
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.record import Record
from tutela.model.review.protection import UNCOVERED
from tutela.model.review.reading import Note, Purpose, Reading, ReviewOutcome, graded
from tutela.model.review.settlement import Given, Standing, standing_of
from tutela.storage.access.tables import accounts
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.review.claims import purpose_of
from tutela.storage.review.refusals import (
    CaseHasGrown,
    ClaimLost,
    NothingToDecide,
    TooLateToUndo,
)
from tutela.storage.review.tables import case_contents, exposures, queues, readings, samples
from tutela.storage.tables import cases
from tutela.storage.values import now

UNDO = timedelta(seconds=60)


class SaidReading(Record, frozen=True, kw_only=True):
    """What a person says of a case; see `Reading`."""

    revision: int
    outcome: ReviewOutcome
    category: str = ""
    scheme: str = ""
    reasons: tuple[str, ...] = ()
    note: Note = ""
    statement: Note = ""
    unseen: bool = False


class NewReading(SaidReading, frozen=True, kw_only=True):
    """What a person says of a case, with what the program knows of it."""

    stacks: int = 0


class Settled(Record, frozen=True, kw_only=True):
    """A case whose decision counts from now on.

    Attributes:
        outcome, category: what was decided; the category with its scheme.
        before: what had been decided and carried out before, where a sample overturned it.
        reading: the reading that decided it; its statement goes to the user concerned.
        account: whose reading that is.
        queue: where the case stood.
    """

    case_id: str
    case_seq: int
    outcome: ReviewOutcome
    category: str
    before: ReviewOutcome | None
    reading: Reading
    queue: str


class Readings:
    """The readings in a database.

    Args:
        database: where the cases are.
        undo: for how long a decision can be undone before it counts.
    """

    def __init__(self, database: Database, undo: timedelta = UNDO) -> None:
        self._database = database
        self._undo = undo

    def give(
        self,
        claim: str,
        new: NewReading,
        account_id: str,
        *,
        by: str = PROGRAM,
        case_id: str | None = None,
    ) -> Reading:
        """Give a reading under a claim, which ends by this. Given again, it is the same one.

        Args:
            claim: token of the claim.
            new: what the person says.
            account_id: who says it.
            by: who gives it, for the record.
            case_id: which case is meant, where that is known besides the claim.

        Raises:
            ClaimLost: the claim is not the person's, or no longer.
            CaseHasGrown: the case is another one than was read; the claim goes on.
            NothingToDecide: the case wants no reading any more.
        """
        with self._database.write() as connection:
            case = _claimed(connection, claim, account_id)
            if case is None:
                # Only now: whoever sent it twice at once has waited for the first one to be stored.
                return _given_under(connection, claim, account_id)
            if case_id not in (None, case.id):
                raise ClaimLost("this claim is for another case", remedy="claim this one")
            if case.revision != new.revision:
                raise CaseHasGrown(
                    "something joined or left this case since you opened it",
                    remedy="look at it again, then decide",
                )
            purpose = purpose_of(connection, case.event_seq, case.state)
            if case.root is not None or case.state == CaseState.DECIDED.value:
                raise NothingToDecide("this case wants no reading any more")
            reading_id = self._insert(connection, case, new, account_id, purpose)
            self._advance(connection, case, purpose, reading_id)
            reading = _one(connection, reading_id)
            tell(connection, AuditKind.READING, by, case.id, "given", _facts(reading))
        return reading

    def undo(self, reading_id: int, account_id: str, *, by: str = PROGRAM) -> Reading:
        """Take a reading back while it does not count yet.

        Raises:
            NotFound: the person gave no such reading.
            TooLateToUndo: it counts by now, or somebody has built upon it.
        """
        with self._database.write() as connection:
            mine = (readings.c.id == reading_id, readings.c.account_id == account_id)
            row = connection.execute(select(readings).where(*mine)).one_or_none()
            if row is None:
                raise NotFound("you gave no such reading", where="reading")
            case = _locked(connection, row.case_seq)
            present = now()
            if row.undone_at is None:
                _check_undo(connection, case, row, present)
                undone = update(readings).where(readings.c.id == reading_id)
                connection.execute(undone.values(undone_at=present))
                self._step_back(connection, case, row)
                facts: dict[str, Fact] = {"reading": reading_id}
                tell(connection, AuditKind.READING, by, case.id, "undone", facts)
            return _one(connection, reading_id)

    def of(self, case_id: str) -> Sequence[Reading]:
        """Every reading of a case, the undone included, oldest first."""
        statement = _select().where(cases.c.id == case_id).order_by(readings.c.id)
        with self._database.read() as connection:
            return [_reading(row) for row in connection.execute(statement).mappings()]

    def get(self, reading_id: int) -> Reading:
        """One reading; raises `NotFound`."""
        with self._database.read() as connection:
            return _one(connection, reading_id)

    def latest(self, account_id: str) -> Reading | None:
        """The last reading of a person that can still be undone, or None."""
        mine = (readings.c.account_id == account_id, readings.c.undone_at.is_(None))
        statement = _select().where(*mine, readings.c.settles_at > now())
        with self._database.read() as connection:
            last = connection.execute(statement.order_by(readings.c.id.desc()).limit(1))
            row = last.mappings().one_or_none()
        return None if row is None else _reading(row)

    def due(self, limit: int = 100) -> Sequence[Settled]:
        """Cases whose decision can no longer be undone and has not been carried out yet."""
        is_due = (
            cases.c.state == CaseState.DECIDED.value,
            cases.c.settles_at <= now(),
            cases.c.closed_at.is_(None),
        )
        statement = (
            select(cases.c.id, cases.c.event_seq, cases.c.queue, cases.c.outcome, cases.c.category)
            .where(*is_due)
            .order_by(cases.c.settles_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_settled(connection, row) for row in connection.execute(statement).all()]

    def _insert(
        self,
        connection: Connection,
        case: Row[*tuple[Any, ...]],
        new: NewReading,
        account_id: str,
        purpose: Purpose,
    ) -> int:
        present = now()
        contents = connection.scalar(
            select(func.count())
            .select_from(case_contents)
            .join(cases, cases.c.event_seq == case_contents.c.event_seq)
            .where(or_(cases.c.event_seq == case.event_seq, cases.c.root == case.event_seq))
        )
        values = {
            "case_seq": case.event_seq,
            "claim": case.claim,
            "revision": new.revision,
            "account_id": account_id,
            "purpose": purpose.value,
            "queue": case.queue,
            "outcome": new.outcome.value,
            "category": new.category,
            "scheme": new.scheme,
            "reasons": msgspec.json.encode(new.reasons).decode(),
            "note": new.note,
            "statement": new.statement,
            "unseen": new.unseen,
            "contents": contents or 0,
            "stacks": new.stacks,
            "revealed": _revealed(connection, case.event_seq, account_id),
            "claimed_at": case.claimed_at,
            "at": present,
            "settles_at": present + self._undo,
        }
        inserted = insert(readings).values(**values).returning(readings.c.id)
        return int(connection.execute(inserted).scalar_one())

    def _advance(
        self, connection: Connection, case: Row[*tuple[Any, ...]], purpose: Purpose, reading_id: int
    ) -> None:
        """Put the case where its readings have it now; the claim has done its work."""
        stands = _stands(connection, case)
        if purpose is Purpose.SAMPLE:
            agreed = stands.state is CaseState.DECIDED
            of_case = update(samples).where(samples.c.case_seq == case.event_seq)
            connection.execute(of_case.values(second_reading=reading_id, agreed=agreed))
            state = CaseState.CLOSED if agreed else CaseState.DISPUTED
            _set(connection, case, state=state.value, **_NOBODY)
        else:
            _set(connection, case, **_values(stands, now() + self._undo), **_NOBODY)

    def _step_back(
        self, connection: Connection, case: Row[*tuple[Any, ...]], reading: Row[*tuple[Any, ...]]
    ) -> None:
        if reading.purpose == Purpose.SAMPLE.value:
            of_case = update(samples).where(samples.c.case_seq == case.event_seq)
            connection.execute(of_case.values(second_reading=None, agreed=None))
            _set(connection, case, state=CaseState.CLOSED.value)
        else:
            _set(connection, case, **_values(_stands(connection, case), None))


_NOBODY = {"claim": None, "claimed_by": None, "claimed_at": None, "claimed_until": None}


def _values(stands: Standing, settles_at: datetime | None) -> dict[str, object]:
    decided = stands.outcome is not None
    return {
        "state": stands.state.value,
        "outcome": stands.outcome.value if stands.outcome else "",
        "category": stands.category,
        "decided_at": now() if decided else None,
        "settles_at": settles_at if decided else None,
        "closed_at": None,
    }


def _set(connection: Connection, case: Row[*tuple[Any, ...]], **values: object) -> None:
    connection.execute(update(cases).where(cases.c.event_seq == case.event_seq).values(**values))


def _stands(connection: Connection, case: Row[*tuple[Any, ...]]) -> Standing:
    """Where a case stands after the readings that are not undone."""
    counting = (readings.c.case_seq == case.event_seq, readings.c.undone_at.is_(None))
    rows = connection.execute(select(readings).where(*counting).order_by(readings.c.id)).all()
    of_queue = select(queues.c.readings).where(queues.c.name == case.queue)
    wanted = max(case.readings_wanted, connection.scalar(of_queue) or 1)
    given = [
        Given(
            purpose=Purpose(row.purpose),
            outcome=ReviewOutcome(row.outcome),
            category=graded(row.scheme, row.category),
        )
        for row in rows
    ]
    return standing_of(given, wanted)


def _locked(connection: Connection, case_seq: int) -> Row[*tuple[Any, ...]]:
    statement = select(cases).where(cases.c.event_seq == case_seq).with_for_update(of=cases)
    return connection.execute(statement).one()


def _revealed(connection: Connection, case_seq: int, account_id: str) -> int:
    """How many items of a case its reader has uncovered."""
    own = (exposures.c.case_seq == case_seq, exposures.c.account_id == account_id)
    items = select(func.count(exposures.c.item.distinct())).where(*own)
    return connection.scalar(items.where(exposures.c.kind.in_(UNCOVERED))) or 0


def _claimed(connection: Connection, claim: str, account_id: str) -> Row[*tuple[Any, ...]] | None:
    """The case that is claimed by this token, its row locked; None where there is none.

    A lapsed claim is good while nobody else has taken the case: from then on the token is another.
    """
    held = (cases.c.claim == claim, cases.c.claimed_by == account_id)
    return connection.execute(select(cases).where(*held).with_for_update(of=cases)).one_or_none()


def _given_under(connection: Connection, claim: str, account_id: str) -> Reading:
    """What was given under a claim already: a form that was sent twice counts once."""
    once = (readings.c.claim == claim, readings.c.account_id == account_id)
    row = connection.execute(_select().where(*once)).mappings().one_or_none()
    if row is None:
        raise ClaimLost("you do not hold this case any more", remedy="claim it again")
    if row["undone_at"] is not None:
        raise ClaimLost("this was decided and undone", remedy="claim the case again")
    return _reading(row)


def _check_undo(
    connection: Connection,
    case: Row[*tuple[Any, ...]],
    reading: Row[*tuple[Any, ...]],
    present: datetime,
) -> None:
    later = (
        readings.c.case_seq == case.event_seq,
        readings.c.id > reading.id,
        readings.c.undone_at.is_(None),
    )
    taken = case.claim is not None and case.claimed_until > present
    if reading.settles_at <= present:
        raise TooLateToUndo("this counts by now", remedy="ask a senior reviewer to look at it")
    if taken or connection.scalar(select(func.count()).where(*later)):
        raise TooLateToUndo("somebody else is at this case already")
    if case.closed_at is not None and reading.purpose != Purpose.SAMPLE.value:
        raise TooLateToUndo("this was carried out already")


def _settled(connection: Connection, case: Row[*tuple[Any, ...]]) -> Settled:
    counting = (readings.c.case_seq == case.event_seq, readings.c.undone_at.is_(None))
    statement = _select().where(*counting).order_by(readings.c.id.desc())
    given = [_reading(row) for row in connection.execute(statement).mappings()]
    said = (case.outcome, case.category)
    deciding = next(one for one in given if (one.outcome.value, one.grade) == said)
    sampled = select(samples.c.first_reading).where(samples.c.case_seq == case.event_seq)
    first = connection.scalar(sampled)
    before = next((one.outcome for one in given if one.id == first), None)
    return Settled(
        case_id=case.id,
        case_seq=case.event_seq,
        outcome=ReviewOutcome(case.outcome),
        category=case.category,
        before=before,
        reading=deciding,
        queue=case.queue,
    )


def _select() -> Any:  # noqa: ANN401 - a statement with columns of three tables
    return (
        select(readings, cases.c.id.label("case_id"), accounts.c.pseudonym)
        .join(cases, cases.c.event_seq == readings.c.case_seq)
        .join(accounts, accounts.c.id == readings.c.account_id)
    )


def _one(connection: Connection, reading_id: int) -> Reading:
    statement = _select().where(readings.c.id == reading_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound("no reading has this number", where="reading")
    return _reading(row)


def _reading(row: RowMapping) -> Reading:
    return Reading(
        id=row["id"],
        case_id=row["case_id"],
        revision=row["revision"],
        account=row["account_id"],
        pseudonym=row["pseudonym"],
        purpose=Purpose(row["purpose"]),
        outcome=ReviewOutcome(row["outcome"]),
        category=row["category"],
        scheme=row["scheme"],
        reasons=msgspec.json.decode(row["reasons"], type=tuple[str, ...]),
        note=row["note"],
        statement=row["statement"],
        unseen=row["unseen"],
        contents=row["contents"],
        stacks=row["stacks"],
        revealed=row["revealed"],
        at=row["at"],
        settles_at=row["settles_at"],
        undone_at=row["undone_at"],
    )


def _facts(reading: Reading) -> Mapping[str, Fact]:
    """What the log says of a reading: what people wrote stands there as a digest only."""
    words = msgspec.json.encode((reading.reasons, reading.note, reading.statement))
    return {
        "reading": reading.id,
        "purpose": reading.purpose.value,
        "outcome": reading.outcome.value,
        "category": reading.category,
        "scheme": reading.scheme,
        "unseen": reading.unseen,
        "revision": reading.revision,
        "words": hashlib.sha256(words).hexdigest(),
    }
