"""Exposures: what people saw, written down with its leaf before anything of it is shown.

One transaction looks at what the day has come to and writes the next exposure, holding the
person's row meanwhile: who uncovers two things at once, from two pages, uncovers them one after
the other, and a budget that has one left gives one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from tutela.errors import InvalidInput, NotFound
from tutela.model import Severity
from tutela.model.custody.leaf import PROGRAM, AuditKind, NewLeaf
from tutela.model.review.account import Account
from tutela.model.review.budget import (
    LOOK_BACK,
    Day,
    DayOfExposure,
    LiftKind,
    Raise,
    day_of,
    standing_of,
)
from tutela.model.review.protection import (
    SEVERE,
    UNCOVERED,
    Exposure,
    ExposureKind,
    Limits,
)
from tutela.storage.access.accounts import account_in
from tutela.storage.access.tables import accounts
from tutela.storage.audit.log import append
from tutela.storage.database import Database
from tutela.storage.review.refusals import BudgetSpent, ClaimLost, PauseNeeded
from tutela.storage.review.tables import exposures, lifts, readings
from tutela.storage.tables import cases
from tutela.storage.values import now

LONGEST_ITEM = 200
"""Characters of an item's name."""
LOOKED_AT = 200
"""So many of the latest readings tell whether a lighter case is due."""


class _Case(NamedTuple):
    seq: int
    severe: bool


class Exposures:
    """The exposures in a database.

    Args:
        database: where they are.
        limits: how much a person may uncover; None for the defaults.
    """

    def __init__(self, database: Database, limits: Limits | None = None) -> None:
        self._database = database
        self.limits = limits or Limits()

    def begin(
        self, account_id: str, case_id: str, item: str, kind: ExposureKind, *, by: str = PROGRAM
    ) -> Exposure:
        """Write down that somebody is about to see something. Durable once this has returned.

        Something of the same person that was still uncovered ends by this. What is covered is never
        refused, and counts in no budget.

        Args:
            account_id: who sees it.
            case_id: the case, which the person must hold.
            item: what is seen, by an id that is no name and no content.
            kind: how it is shown.
            by: who sees it, for the record.

        Raises:
            ClaimLost: the person does not hold the case now.
            PauseNeeded: after many severe items a pause is due; its `until` says how long.
            BudgetSpent: the day holds no more; its `until` says when the next one begins.
            InvalidInput: the item has no name, or none that can be stored.
        """
        if not 0 < len(item) <= LONGEST_ITEM:
            raise InvalidInput("this names no item", where="item")
        with self._database.write() as connection:
            account = _locked(connection, account_id)
            present = now()
            case = _held(connection, case_id, account_id, present)
            until = None
            if kind in UNCOVERED:
                until = self._room(connection, account, item, case, present)
                self._end_running(connection, account_id, present)
            exposure = _insert(connection, account_id, case_id, case, item, kind, present, until)
            leaf = NewLeaf(
                kind=AuditKind.LOOK,
                by=by,
                subject=item,
                data={"case": case_id, "shown": kind.value},
            )
            append(connection, [leaf])
        return exposure

    def end(self, exposure_id: int, account_id: str, seconds: float) -> Exposure:
        """Say how long something was uncovered; the first such word counts, others change nothing.

        Args:
            exposure_id: number of the exposure.
            account_id: whose it is.
            seconds: as the page measured it; never more than the server's own clock has it.

        Raises:
            NotFound: the person has no such exposure.
            InvalidInput: this is no duration.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise InvalidInput("this is no duration", where="seconds", remedy="count from zero up")
        with self._database.write() as connection:
            mine = (exposures.c.id == exposure_id, exposures.c.account_id == account_id)
            row = connection.execute(_select().where(*mine)).one_or_none()
            if row is None:
                raise NotFound("you uncovered nothing of this number", where="exposure")
            if not row.told:
                elapsed = max((now() - row.at).total_seconds(), 0.0)
                counted = round(min(seconds, elapsed) * 1000)
                ending = update(exposures).where(*mine)
                connection.execute(ending.values(milliseconds=counted, told=True))
                row = connection.execute(_select().where(*mine)).one()
        return _exposure(row)

    def running(self, exposure_id: int, account_id: str, case_id: str, item: str) -> Exposure:
        """An exposure that still lasts, such as where another part of the same picture is wanted.

        Raises:
            NotFound: it has ended, lasts too long already, or is of something else.
        """
        mine = (exposures.c.id == exposure_id, exposures.c.account_id == account_id)
        same = (cases.c.id == case_id, exposures.c.item == item)
        lasting = exposures.c.milliseconds.is_(None)
        with self._database.read() as connection:
            row = connection.execute(_select().where(*mine, *same, lasting)).one_or_none()
        until = None if row is None else row.at + self._longest
        if row is None or until is None or now() >= until:
            raise NotFound("this is covered again", where="exposure", remedy="uncover it again")
        return _exposure(row, until)

    def day(self, account_id: str) -> DayOfExposure:
        """What a person's day has come to by now; raises `NotFound`."""
        with self._database.read() as connection:
            return self.day_in(connection, account_in(connection, account_id), now())

    def day_in(self, connection: Connection, account: Account, present: datetime) -> DayOfExposure:
        """What a person's day has come to at a moment, within a transaction."""
        day = day_of(present, account.preferences.zone)
        mine = exposures.c.account_id == account.id
        since = min(day.starts, present - LOOK_BACK)
        uncovered = and_(mine, exposures.c.kind.in_(UNCOVERED), exposures.c.at >= since)
        rows = connection.execute(_select().where(uncovered).order_by(exposures.c.id))
        covered = select(func.count()).where(
            mine,
            exposures.c.kind == ExposureKind.COVERED.value,
            exposures.c.at >= day.starts,
            exposures.c.at < day.ends,
        )
        raised, lifted_at = _lifted(connection, account.id, since, present)
        return standing_of(
            [_exposure(row) for row in rows],
            self.limits,
            day,
            present,
            covered=connection.scalar(covered) or 0,
            raised=raised,
            lifted_at=lifted_at,
        )

    def revealed(self, case_id: str, account_id: str) -> frozenset[str]:
        """The items of a case that a person has uncovered."""
        statement = (
            select(exposures.c.item)
            .join(cases)
            .where(
                cases.c.id == case_id,
                exposures.c.account_id == account_id,
                exposures.c.kind.in_(UNCOVERED),
            )
        )
        with self._database.read() as connection:
            return frozenset(connection.scalars(statement.distinct()))

    def of_day(self, account_id: str, day: Day, limit: int = 500) -> Sequence[Exposure]:
        """What a person saw on a day, the latest first."""
        mine = (exposures.c.account_id == account_id, exposures.c.at >= day.starts)
        statement = _select().where(*mine, exposures.c.at < day.ends)
        with self._database.read() as connection:
            latest = statement.order_by(exposures.c.id.desc()).limit(limit)
            return [_exposure(row) for row in connection.execute(latest)]

    def lighter_next(self, account_id: str) -> bool:
        """Whether a lighter case is due: the last ones that the person read were all severe.

        Severe cases of which nothing was uncovered count neither way.
        """
        wanted = self.limits.lighter_after
        if not wanted:
            return False
        seen = select(exposures.c.id).where(
            exposures.c.case_seq == readings.c.case_seq,
            exposures.c.account_id == account_id,
            exposures.c.kind.in_(UNCOVERED),
        )
        statement = (
            select(cases.c.severity, seen.exists())
            .join(readings, readings.c.case_seq == cases.c.event_seq)
            .where(readings.c.account_id == account_id, readings.c.undone_at.is_(None))
            .where(readings.c.at >= now() - LOOK_BACK)
            .order_by(readings.c.at.desc(), readings.c.id.desc())
            .limit(LOOKED_AT)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        in_a_row = 0
        for severity, uncovered in rows:
            if Severity(severity) not in SEVERE:
                break
            in_a_row += bool(uncovered)
        return in_a_row >= wanted

    @property
    def _longest(self) -> timedelta:
        return timedelta(seconds=self.limits.longest_seconds)

    def _room(
        self,
        connection: Connection,
        account: Account,
        item: str,
        case: _Case,
        present: datetime,
    ) -> datetime:
        """Until when something may be uncovered now; refuses where it may not."""
        stands = self.day_in(connection, account, present)
        if stands.paused_until is not None:
            raise PauseNeeded(
                "after so many severe items it is time for a pause",
                until=stands.paused_until,
                seconds=(stands.paused_until - present).total_seconds(),
                remedy="rest; deciding and handing back are possible meanwhile",
            )
        another = case.severe and not _seen_on(connection, account.id, case, item, stands.day)
        if stands.minutes_spent or (another and stands.items_spent):
            raise BudgetSpent(
                "this day holds no more severe items for you"
                if not stands.minutes_spent
                else "this day holds no more minutes of uncovered content for you",
                until=stands.day.ends,
                seconds=(stands.day.ends - present).total_seconds(),
                remedy="take lighter cases, or ask a supervisor; a reason is noted",
            )
        left = stands.seconds_left
        longest = self._longest
        return present + (longest if left is None else min(longest, timedelta(seconds=left)))

    def _end_running(self, connection: Connection, account_id: str, present: datetime) -> None:
        lasting = (exposures.c.account_id == account_id, exposures.c.milliseconds.is_(None))
        statement = select(exposures.c.id, exposures.c.at).where(*lasting)
        for number, at in connection.execute(statement).all():
            elapsed = min(max(present - at, timedelta()), self._longest)
            ending = update(exposures).where(exposures.c.id == number)
            counted = round(elapsed.total_seconds() * 1000)
            connection.execute(ending.values(milliseconds=counted))


def _locked(connection: Connection, account_id: str) -> Account:
    """The account, its row held: whatever else this person uncovers at once waits here."""
    own = select(accounts.c.id).where(accounts.c.id == account_id)
    # Rows that refer to the account can be written meanwhile: decisions never wait for this.
    connection.execute(own.with_for_update(key_share=True))
    return account_in(connection, account_id)


def _held(connection: Connection, case_id: str, account_id: str, present: datetime) -> _Case:
    mine = (cases.c.id == case_id, cases.c.claimed_by == account_id)
    statement = select(cases.c.event_seq, cases.c.severity)
    row = connection.execute(statement.where(*mine, cases.c.claimed_until > present)).one_or_none()
    if row is None:
        raise ClaimLost("you do not hold this case now", remedy="claim it again")
    return _Case(row.event_seq, Severity(row.severity) in SEVERE)


def _lifted(
    connection: Connection, account_id: str, since: datetime, present: datetime
) -> tuple[list[Raise], datetime | None]:
    """What was added to what the day holds, and when a pause was lifted last."""
    mine = (lifts.c.account_id == account_id, lifts.c.at >= since)
    rows = connection.execute(select(lifts).where(*mine)).mappings().all()
    raised = [
        Raise(items=one["items"], minutes=one["minutes"])
        for one in rows
        if one["kind"] == LiftKind.BUDGET.value and one["until"] > present
    ]
    pauses = [one["at"] for one in rows if one["kind"] == LiftKind.PAUSE.value]
    return raised, max(pauses, default=None)


def _seen_on(connection: Connection, account_id: str, case: _Case, item: str, day: Day) -> bool:
    """Whether a severe item was uncovered on a day already: to look again is no further one."""
    same = (
        exposures.c.account_id == account_id,
        exposures.c.case_seq == case.seq,
        exposures.c.item == item,
        exposures.c.severe,
        exposures.c.kind.in_(UNCOVERED),
        exposures.c.at >= day.starts,
    )
    return connection.execute(select(exposures.c.id).where(*same).limit(1)).first() is not None


def _insert(
    connection: Connection,
    account_id: str,
    case_id: str,
    case: _Case,
    item: str,
    kind: ExposureKind,
    present: datetime,
    until: datetime | None,
) -> Exposure:
    values = {
        "account_id": account_id,
        "case_seq": case.seq,
        "item": item,
        "kind": kind.value,
        "severe": case.severe,
        "at": present,
        # How long a covered picture stands there is nothing that is counted.
        "milliseconds": None if until else 0,
        "told": until is None,
    }
    inserted = insert(exposures).values(**values).returning(exposures.c.id)
    return Exposure(
        id=int(connection.execute(inserted).scalar_one()),
        account=account_id,
        case_id=case_id,
        item=item,
        kind=kind,
        severe=case.severe,
        at=present,
        seconds=None if until else 0.0,
        until=until,
    )


def _select() -> Any:  # noqa: ANN401 - a statement with columns of two tables
    wanted = select(exposures, cases.c.id.label("case_id"))
    return wanted.join_from(exposures, cases)


def _exposure(row: Row[*tuple[Any, ...]], until: datetime | None = None) -> Exposure:
    return Exposure(
        id=row.id,
        account=row.account_id,
        case_id=row.case_id,
        item=row.item,
        kind=ExposureKind(row.kind),
        severe=row.severe,
        at=row.at,
        seconds=None if row.milliseconds is None else row.milliseconds / 1000,
        until=until,
    )
