"""What the database holds, in numbers: for the scoreboard, for the metrics, and to be checked."""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, func, not_, or_, select

from tutela.model import ActionKind, CaseState, DeliveryState, Silencing, Verdict
from tutela.model.conversation.batch import MessageStatus
from tutela.model.custody.evidence import ItemState
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.law import REFUSED
from tutela.storage.outbox.rows import OPEN, unended
from tutela.storage.tables import (
    actions,
    banks,
    cases,
    decisions,
    deliveries,
    events,
    matches,
    tallies,
)

TALLIED = (
    "events",
    *(f"events_{verdict}" for verdict in Verdict),
    "decisions",
    *(f"actions_{kind}" for kind in ActionKind),
    "matches_md5",
    "matches_sha1",
    "matches_sha256",
    "matches_pdq",
    "cases",
    "signals_kept",
    "signals_expired",
    "signals_compared",
    "findings",
    "deliveries",
    "deliveries_taken",
    "deliveries_done",
    "deliveries_failed",
    "silenced",
    *(f"silenced_{reason}" for reason in Silencing),
    *(f"evidence_{state}" for state in (ItemState.KEPT, ItemState.OWED, ItemState.ELSEWHERE)),
    "law_refused",
    *(
        f"messages_{status}"
        for status in MessageStatus
        if status is not MessageStatus.NOT_PERMITTED
    ),
    "conversations_raised",
)


class Counts:
    """The counters of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> dict[str, int]:
        """Every count by name; cheap, however much is stored.

        The names are `TALLIED`, all that the journals ever wrote (and `matches_<kind>` for each
        further kind); and `banks`, `entries` and `cases_open`, what there is now.
        """
        counts = dict.fromkeys(TALLIED, 0)
        written = (
            select(tallies.c.name, func.sum(tallies.c.value))
            # Those of the law are many, one for each day; `LawProof` reads them.
            .where(~tallies.c.name.startswith("law_", autoescape=True))
            .group_by(tallies.c.name)
        )
        refused = select(func.coalesce(func.sum(tallies.c.value), 0)).where(
            tallies.c.name.startswith(f"{REFUSED} ", autoescape=True)
        )
        listed = select(func.count(), func.coalesce(func.sum(banks.c.entries), 0)).where(
            banks.c.name.is_not(None)
        )
        is_open = cases.c.state == CaseState.OPEN.value
        with self._database.read() as connection:
            counts.update((name, int(value)) for name, value in connection.execute(written))
            counts["law_refused"] = int(connection.scalar(refused) or 0)
            counts["banks"], counts["entries"] = map(int, connection.execute(listed).one())
            counts["cases_open"] = _count(connection, is_open)
        return counts


class Reconciliation(Record, frozen=True, kw_only=True):
    """How many stored events did not come to their end; all zero in a sound database.

    Attributes:
        undecided: events without a decision.
        actionless: events with a decision, without any action.
        matchless: events with the verdict `match`, without a match.
        caseless: events whose decision opens a case, without that case.
        stalled: actions that are on their way without a time at which they are due, or that have
            ended and are due all the same.
        unproven: actions that are done, without a receipt that says so.
        stranded: cases that nobody would ever be offered, and that are not closed either: in an
            unknown state, gathered into nothing, or decided without ever being carried out.
    """

    undecided: int
    actionless: int
    matchless: int
    caseless: int
    stalled: int = 0
    unproven: int = 0
    stranded: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not any(msgspec.structs.astuple(self))


def reconcile(database: Database, *, latest: int | None = None) -> Reconciliation:
    """Look for events in between; an event is stored whole, so there must be none.

    Args:
        database: where to look.
        latest: look at about so many of the latest events only, or at all of them.
    """
    asking = (ActionKind.OPEN_CASE.value, ActionKind.SECOND_LOOK.value)
    opens_case = exists().where(actions.c.event_seq == events.c.seq, actions.c.kind.in_(asking))
    with database.read() as connection:
        last = connection.scalar(select(func.max(events.c.seq))) or 0
        recent = events.c.seq > (0 if latest is None else last - latest)
        decided, acted, matched, opened = (
            exists().where(table.c.event_seq == events.c.seq)
            for table in (decisions, actions, matches, cases)
        )
        is_match = exists().where(
            decisions.c.event_seq == events.c.seq, decisions.c.verdict == Verdict.MATCH.value
        )
        return Reconciliation(
            undecided=_count(connection, recent, not_(decided)),
            actionless=_count(connection, recent, decided, not_(acted)),
            matchless=_count(connection, recent, is_match, not_(matched)),
            caseless=_count(connection, recent, opens_case, not_(opened)),
            stalled=_stalled(connection),
            unproven=_count(
                connection,
                deliveries.c.event_seq > (0 if latest is None else last - latest),
                deliveries.c.state == DeliveryState.DONE.value,
                deliveries.c.receipt.is_(None),
            ),
            stranded=_stranded(connection),
        )


def _stalled(connection: Connection) -> int:
    ended = deliveries.c.state.in_((DeliveryState.DONE.value, DeliveryState.FAILED.value))
    never = _count(connection, OPEN, unended(), deliveries.c.next_at.is_(None))
    return never + _count(connection, ended, deliveries.c.next_at.is_not(None))


def _stranded(connection: Connection) -> int:
    gathered = cases.c.state == CaseState.GATHERED.value
    stands_in = cases.alias("stands_in")
    in_one = exists().where(stands_in.c.event_seq == cases.c.root, stands_in.c.root.is_(None))
    return _count(
        connection,
        or_(
            cases.c.state.not_in([state.value for state in CaseState]),
            and_(gathered, not_(in_one)),
            and_(not_(gathered), cases.c.root.is_not(None)),
            and_(cases.c.state == CaseState.DECIDED.value, cases.c.settles_at.is_(None)),
        ),
    )


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).where(*conditions)) or 0
