"""Claims: who is at which case, for how long. A claim is a random token in the case's row.

A lease that has lapsed is free without anybody's doing. Whoever takes the case then gets another
token, so that what the first one sends late is refused.

Clocks jump. One that is ahead makes leases that end late; so a claim that seems to have been made
later than a lease from now is free as well, unless whoever holds it renews it, which sets it right.
Whichever clock is wrong, a case has one token at a time, and comes back within a lease.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from tutela.errors import NotFound
from tutela.model import CaseState, Severity
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.model.review.reading import Purpose
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.review.refusals import (
    AlreadyClaimed,
    ClaimLost,
    NotForYou,
    NothingToDecide,
    TooManyClaims,
)
from tutela.storage.review.score import IMMINENT
from tutela.storage.review.tables import passes, readings, samples
from tutela.storage.tables import cases
from tutela.storage.values import now

LEASE = timedelta(minutes=15)
MOST_HELD = 5
"""Cases that one person may hold at once."""
SAMPLE_WAITS = timedelta(days=1)
"""A case that is to be read again waits no longer behind new ones."""
WAITING = (CaseState.OPEN, CaseState.SECOND)
LIGHT = (Severity.LOW.value, Severity.MEDIUM.value)
OTHER = cases.alias("other")


class Claim(Record, frozen=True, kw_only=True):
    """Somebody is at a case.

    Attributes:
        token: what a reading must name. For whoever holds the claim, and nobody else.
        until: when the case is free again, unless the claim is renewed.
        purpose: what the reading will be for.
        revision: of the case as it is claimed.
    """

    case_id: str
    token: str
    until: datetime
    purpose: Purpose
    revision: int


class Claims:
    """The claims in a database.

    Args:
        database: where the cases are.
        lease: how long a claim holds without being renewed.
        clock: tells what time it is; None for the machine's own.
    """

    def __init__(
        self,
        database: Database,
        lease: timedelta = LEASE,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._lease = lease
        self._clock = clock

    def next(
        self,
        account_id: str,
        *,
        queue: str | None = None,
        settle: bool = False,
        lighter: bool = False,
        never: Sequence[str] = (),
        by: str = PROGRAM,
    ) -> Claim | None:
        """Claim the case that comes first for a person; None where none is waiting.

        Args:
            account_id: who asks.
            queue: from which queue; None from all.
            settle: whether the person may settle what others disagree about.
            lighter: whether one that is less grave is wanted, where there is one.
            never: queues that the person never gets.
            by: who asks, for the record.

        Raises:
            TooManyClaims: the person holds as many as anybody may.
        """
        with self._database.write() as connection:
            present = self._present()
            self._room(connection, account_id, present)
            states = (*WAITING, CaseState.DISPUTED) if settle else WAITING
            open_to = and_(self._free(present), _meant_for(account_id), cases.c.root.is_(None))
            if queue is not None:
                open_to = and_(open_to, cases.c.queue == queue)
            if never:
                open_to = and_(open_to, cases.c.queue.not_in(never))
            for statement in _orders(states, open_to, present, lighter=lighter):
                found = connection.execute(statement.limit(1)).one_or_none()
                if found is not None:
                    return self._claim(connection, found, account_id, present, by)
        return None

    def take(
        self, case_id: str, account_id: str, *, settle: bool = False, by: str = PROGRAM
    ) -> Claim:
        """Claim a certain case; whoever holds it already keeps the claim.

        Raises:
            NotFound: there is no such case.
            AlreadyClaimed: somebody else is at it.
            NothingToDecide: it wants no reading.
            NotForYou: the person has read or passed it, decided what it contests, or may not
                settle what others disagree about.
            TooManyClaims: the person holds as many as anybody may.
        """
        with self._database.write() as connection:
            present = self._present()
            row = connection.execute(_locked().where(cases.c.id == case_id)).one_or_none()
            if row is None:
                raise NotFound("no case has this id", where="case")
            if row.claimed_by == account_id and row.claim:
                return self._renewed(connection, row, present)
            if row.claim and not self._is_free(row, present):
                raise AlreadyClaimed("somebody else is at this case", remedy="take another one")
            if row.root is not None or not (row.state in _deciding() or _sampled(connection, row)):
                raise NothingToDecide("this case wants no reading")
            if row.state == CaseState.DISPUTED.value and not settle:
                raise NotForYou("its readers disagree: a senior reviewer settles it")
            meant = select(_meant_for(account_id)).where(cases.c.event_seq == row.event_seq)
            if not connection.scalar(meant):
                raise NotForYou(
                    "this case is for somebody else: you have read it or passed it, or decided"
                    " what it contests"
                )
            self._room(connection, account_id, present)
            return self._claim(connection, row, account_id, present, by)

    def renew(self, case_id: str, account_id: str) -> datetime:
        """Hold a claim for longer; until when. Raises `ClaimLost`."""
        with self._database.write() as connection:
            held = _held(connection, case_id, account_id)
            return self._renewed(connection, held, self._present()).until

    def hand_back(self, case_id: str, account_id: str, *, by: str = PROGRAM) -> None:
        """Give a case back to its queue; raises `ClaimLost`."""
        with self._database.write() as connection:
            row = _held(connection, case_id, account_id)
            _release(connection, row.event_seq)
            tell(connection, AuditKind.CASE, by, case_id, "handed back")

    def pass_on(self, case_id: str, account_id: str, *, by: str = PROGRAM) -> None:
        """Give a case back and never get it again; needs no reason. Raises `ClaimLost`."""
        with self._database.write() as connection:
            row = _held(connection, case_id, account_id)
            _release(connection, row.event_seq)
            passed = {"case_seq": row.event_seq, "account_id": account_id, "at": now()}
            connection.execute(insert(passes), passed)
            tell(connection, AuditKind.CASE, by, case_id, "passed")

    def take_back(self, case_id: str, *, by: str = PROGRAM) -> None:
        """End anybody's claim, as a supervisor may; raises `NotFound`."""
        with self._database.write() as connection:
            row = connection.execute(_locked().where(cases.c.id == case_id)).one_or_none()
            if row is None:
                raise NotFound("no case has this id", where="case")
            if row.claim:
                _release(connection, row.event_seq)
                tell(connection, AuditKind.CASE, by, case_id, "taken back")

    def held(self, account_id: str) -> Sequence[Claim]:
        """The claims of a person that have not lapsed, oldest first."""
        mine = (cases.c.claimed_by == account_id, cases.c.claimed_until > self._present())
        statement = select(*_COLUMNS).where(*mine).order_by(cases.c.claimed_at)
        with self._database.read() as connection:
            return [_claim_of(connection, row) for row in connection.execute(statement)]

    def holds(self, case_id: str, account_id: str) -> bool:
        """Whether a person is at a case now."""
        mine = (cases.c.id == case_id, cases.c.claimed_by == account_id)
        statement = select(exists().where(*mine, cases.c.claimed_until > self._present()))
        with self._database.read() as connection:
            return bool(connection.scalar(statement))

    def _present(self) -> datetime:
        return now() if self._clock is None else self._clock()

    def _free(self, present: datetime) -> ColumnElement[bool]:
        return or_(
            cases.c.claim.is_(None),
            cases.c.claimed_until <= present,
            cases.c.claimed_at > present + self._lease,
        )

    def _is_free(self, row: Row[*tuple[Any, ...]], present: datetime) -> bool:
        ahead: bool = row.claimed_at > present + self._lease
        lapsed: bool = row.claimed_until <= present
        return lapsed or ahead

    def _room(self, connection: Connection, account_id: str, present: datetime) -> None:
        mine = (cases.c.claimed_by == account_id, cases.c.claimed_until > present)
        if (connection.scalar(select(func.count()).where(*mine)) or 0) >= MOST_HELD:
            raise TooManyClaims(
                f"you hold {MOST_HELD} cases already", remedy="decide one or hand one back"
            )

    def _claim(
        self,
        connection: Connection,
        row: Row[*tuple[Any, ...]],
        account_id: str,
        present: datetime,
        by: str,
    ) -> Claim:
        token, until = secrets.token_urlsafe(16), present + self._lease
        values = {
            "claim": token,
            "claimed_by": account_id,
            "claimed_at": present,
            "claimed_until": until,
        }
        connection.execute(update(cases).where(cases.c.event_seq == row.event_seq).values(**values))
        claim = Claim(
            case_id=row.id,
            token=token,
            until=until,
            purpose=purpose_of(connection, row.event_seq, row.state),
            revision=row.revision,
        )
        facts = {"purpose": claim.purpose.value}
        tell(connection, AuditKind.CASE, by, row.id, "claimed", facts)
        return claim

    def _renewed(
        self, connection: Connection, row: Row[*tuple[Any, ...]], present: datetime
    ) -> Claim:
        until = present + self._lease
        renewing = update(cases).where(cases.c.event_seq == row.event_seq)
        since = min(row.claimed_at, present)  # nobody claimed it in the future
        connection.execute(renewing.values(claimed_until=until, claimed_at=since))
        return Claim(
            case_id=row.id,
            token=row.claim,
            until=until,
            purpose=purpose_of(connection, row.event_seq, row.state),
            revision=row.revision,
        )


_COLUMNS = (
    cases.c.event_seq,
    cases.c.id,
    cases.c.state,
    cases.c.root,
    cases.c.revision,
    cases.c.claim,
    cases.c.claimed_by,
    cases.c.claimed_at,
    cases.c.claimed_until,
)


def purpose_of(connection: Connection, case_seq: int, state: str) -> Purpose:
    """What the next reading of a case is for."""
    if state == CaseState.CLOSED.value:
        return Purpose.SAMPLE
    if state == CaseState.DISPUTED.value:
        return Purpose.SENIOR
    counting = (readings.c.case_seq == case_seq, readings.c.undone_at.is_(None))
    given = connection.scalar(select(func.count()).where(*counting)) or 0
    return (Purpose.FIRST, Purpose.SECOND, Purpose.THIRD)[min(given, 2)]


def _locked() -> Select[Any]:
    """The columns of a case whose row nobody else may change meanwhile."""
    return select(*_COLUMNS).with_for_update(of=cases)


def _held(connection: Connection, case_id: str, account_id: str) -> Row[*tuple[Any, ...]]:
    mine = (cases.c.id == case_id, cases.c.claimed_by == account_id)
    row = connection.execute(_locked().where(*mine)).one_or_none()
    if row is None or row.claim is None:
        raise ClaimLost("you do not hold this case any more", remedy="claim it again")
    return row


def _release(connection: Connection, case_seq: int) -> None:
    nobody = {"claim": None, "claimed_by": None, "claimed_at": None, "claimed_until": None}
    connection.execute(update(cases).where(cases.c.event_seq == case_seq).values(**nobody))


def _claim_of(connection: Connection, row: Row[*tuple[Any, ...]]) -> Claim:
    return Claim(
        case_id=row.id,
        token=row.claim,
        until=row.claimed_until,
        purpose=purpose_of(connection, row.event_seq, row.state),
        revision=row.revision,
    )


def _deciding() -> frozenset[str]:
    return frozenset(state.value for state in (*WAITING, CaseState.DISPUTED))


def _sampled(connection: Connection, row: Row[*tuple[Any, ...]]) -> bool:
    waiting = (samples.c.case_seq == row.event_seq, samples.c.second_reading.is_(None))
    return row.state == CaseState.CLOSED.value and bool(
        connection.scalar(select(exists().where(*waiting)))
    )


def _meant_for(account_id: str) -> ColumnElement[bool]:
    """Whether a case may go to a person.

    Who has read it or passed it never gets it again. An appeal never goes to who has ever read what
    it contests, not even if that reading was undone.
    """
    own = readings.c.account_id == account_id
    read = exists().where(
        own, readings.c.case_seq == cases.c.event_seq, readings.c.undone_at.is_(None)
    )
    passed = exists().where(
        passes.c.case_seq == cases.c.event_seq, passes.c.account_id == account_id
    )
    stands = func.coalesce(OTHER.c.root, OTHER.c.event_seq)
    contested = exists().where(
        own, OTHER.c.event_seq == cases.c.contests, readings.c.case_seq == stands
    )
    return and_(~read, ~passed, ~contested)


def _orders(
    states: Sequence[CaseState], open_to: ColumnElement[bool], present: datetime, *, lighter: bool
) -> Iterator[Select[Any]]:
    """The statements that find the next case, the one that comes first being asked first."""
    skipping = select(*_COLUMNS).with_for_update(of=cases, skip_locked=True).where(open_to)
    waiting = skipping.where(cases.c.state.in_([state.value for state in states]))
    by_score = (cases.c.rank, cases.c.opened_at)  # in the order of an index
    # Danger does not wait until it is known what belongs together; everything else does, so that
    # nobody looks at what would have stood in a case that somebody has decided already.
    yield waiting.where(cases.c.rank <= -IMMINENT).order_by(*by_score)
    anything, waiting = waiting, waiting.where(cases.c.gathered_at.is_not(None))
    old = _samples(skipping).where(samples.c.drawn_at <= present - SAMPLE_WAITS)
    if lighter:
        yield waiting.where(cases.c.severity.in_(LIGHT)).order_by(*by_score)
    yield waiting.where(cases.c.waits_until <= present).order_by(cases.c.waits_until)
    yield old.order_by(samples.c.drawn_at)
    yield waiting.order_by(*by_score)
    yield _samples(skipping).order_by(samples.c.drawn_at)
    yield anything.order_by(*by_score)


def _samples(statement: Select[Any]) -> Select[Any]:
    return statement.join(samples, samples.c.case_seq == cases.c.event_seq).where(
        samples.c.second_reading.is_(None), cases.c.state == CaseState.CLOSED.value
    )
