"""Settling: what was decided is carried out, once, when it can no longer be undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from tutela.model import CaseState, Delivery
from tutela.model.custody.evidence import ItemState
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.audit.change import tell
from tutela.storage.custody_tables import evidence_holds, evidence_items
from tutela.storage.database import Database
from tutela.storage.journal_rows import count
from tutela.storage.review.readings import Settled
from tutela.storage.review.tables import case_contents, queues, readings, samples
from tutela.storage.review.together.likeness import forget
from tutela.storage.tables import cases, deliveries, events
from tutela.storage.values import now

FADED_AT_ONCE = 500
"""Cases whose fingerprints are forgotten in one transaction: short, so that others can write."""
COUNTED = "review"
"""The name under which settling adds to counters."""


class Settling:
    """Closes cases in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sample_share(self, queue: str) -> float:
        """Which share of a queue's decided cases is read again."""
        of_queue = select(queues.c.sample_permille).where(queues.c.name == queue)
        with self._database.read() as connection:
            return (connection.scalar(of_queue) or 0) / 1000

    def close(
        self,
        settled: Settled,
        sent: Mapping[str, Sequence[Delivery]],
        *,
        sampled: bool = False,
        by: str = PROGRAM,
    ) -> bool:
        """Close a case with what follows from it, in one transaction.

        Args:
            settled: the case, as `Readings.due` found it.
            sent: what is ordered, by the id of the event that it is about.
            sampled: whether it is to be read again, to see how well people agree.
            by: who closes it.

        Returns:
            False where there is nothing to do: it was closed, or undone, since it was found.
        """
        with self._database.write() as connection:
            chosen = cases.c.event_seq == settled.case_seq
            case = connection.execute(select(cases).where(chosen).with_for_update()).one()
            if not _is_due(case, settled):
                return False
            ordered = _order(connection, sent)
            if sampled:
                _draw(connection, settled)
            closed = {"state": CaseState.CLOSED.value, "closed_at": now()}
            connection.execute(update(cases).where(chosen).values(**closed))
            forget(connection, [settled.case_seq])
            facts: dict[str, Fact] = {
                "outcome": settled.outcome.value,
                "category": settled.category,
                "reading": settled.reading.id,
                "actions": ordered,
                "sampled": sampled,
            }
            tell(connection, AuditKind.CASE, by, settled.case_id, "closed", facts)
        return True


class Kept(NamedTuple):
    """Evidence of a harmless case that is still there: number of the item, and its event's id."""

    item_seq: int
    event_id: str


class Harmless:
    """What is still kept of cases that people found harmless."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kept(self, after: int = 0, limit: int = 200) -> Sequence[Kept]:
        """Evidence of harmless cases that no hold keeps, in the order of its numbers.

        Of an appeal that was granted, that of the event that was contested. Not of a case that is
        to be read again, nor while that reading can be undone: it must be there to be seen.

        Args:
            after: only items beyond this number.
            limit: how many at most.
        """
        statement = (
            select(evidence_items.c.seq, events.c.id)
            .join(OWN, _IS_ABOUT)
            .join(events, events.c.seq == evidence_items.c.event_seq)
            .join(cases, cases.c.event_seq == func.coalesce(OWN.c.root, OWN.c.event_seq))
            .where(
                evidence_items.c.seq > after,
                evidence_items.c.state != ItemState.DESTROYED.value,
                ~_held(),
                *_harmless(now()),
                ~_contested_waits(),
            )
            .order_by(evidence_items.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Kept(row.seq, row.id) for row in connection.execute(statement)]

    def fade(self, before: datetime, *, limit: int = FADED_AT_ONCE, by: str = PROGRAM) -> int:
        """Forget the fingerprints of harmless cases; how many cases' there were.

        What a content was like is forgotten, not that it was there: from then on it is like
        nothing else.

        Args:
            before: of cases that were closed before this moment.
            limit: how many cases at most.
            by: who does it.
        """
        chosen = (
            select(OWN.c.event_seq)
            .join(cases, cases.c.event_seq == func.coalesce(OWN.c.root, OWN.c.event_seq))
            .where(
                cases.c.closed_at < before,
                *_harmless(now()),
                exists().where(case_contents.c.event_seq == OWN.c.event_seq, _SAYS_SOMETHING),
            )
            .limit(limit)
        )
        with self._database.write() as connection:
            seqs = list(connection.scalars(chosen))
            of_these = (case_contents.c.event_seq.in_(seqs), _SAYS_SOMETHING)
            fading = update(case_contents).where(*of_these)
            nothing = {"mark": _LIKE_NOTHING, "pdq": None, "sha256": None}
            contents = connection.execute(fading.values(**nothing)).rowcount if seqs else 0
            if contents:
                facts: dict[str, Fact] = {"cases": len(seqs), "contents": contents}
                tell(connection, AuditKind.CASE, by, "cases", "faded", facts)
        return len(seqs)


OWN = cases.alias("own")
_IS_ABOUT = or_(
    OWN.c.event_seq == evidence_items.c.event_seq, OWN.c.contests == evidence_items.c.event_seq
)
"""Evidence belongs to a case by its event, or by the event that an appeal contests."""
_LIKE_NOTHING = case_contents.c.event_seq * 65_536 + case_contents.c.ordinal
"""A mark that no other content has."""
_SAYS_SOMETHING = or_(
    case_contents.c.pdq.is_not(None),
    case_contents.c.sha256.is_not(None),
    case_contents.c.mark != _LIKE_NOTHING,
)


def _harmless(present: datetime) -> tuple[ColumnElement[bool], ...]:
    """A case was found harmless, and nobody is to look at it again."""
    again = (
        exists()
        .where(samples.c.case_seq == cases.c.event_seq)
        .where(
            or_(
                samples.c.second_reading.is_(None),
                exists().where(
                    readings.c.id == samples.c.second_reading, readings.c.settles_at > present
                ),
            )
        )
    )
    return (
        cases.c.state == CaseState.CLOSED.value,
        cases.c.outcome == ReviewOutcome.HARMLESS.value,
        ~again,
    )


def _contested_waits() -> ColumnElement[bool]:
    """Somebody has yet to look at the case that an appeal contests."""
    contested, root = cases.alias(), cases.alias()
    closed = func.coalesce(root.c.closed_at, contested.c.closed_at)
    waiting = (
        select(contested.c.event_seq)
        .outerjoin(root, root.c.event_seq == contested.c.root)
        .where(contested.c.event_seq == OWN.c.contests, closed.is_(None))
    )
    return exists(waiting.correlate(OWN))


def _held() -> ColumnElement[bool]:
    standing = evidence_holds.c.released_at.is_(None)
    return exists().where(evidence_holds.c.item_seq == evidence_items.c.seq, standing)


def _is_due(case: Row[*tuple[Any, ...]], settled: Settled) -> bool:
    said = (settled.outcome.value, settled.category)
    return (
        case.state == CaseState.DECIDED.value
        and case.closed_at is None
        and case.settles_at <= now()
        and (case.outcome, case.category) == said
    )


def _order(connection: Connection, sent: Mapping[str, Sequence[Delivery]]) -> int:
    """Put what is ordered into the outbox; how much there was."""
    tally: Counter[str] = Counter()
    for event_id, ordered in sent.items():
        seq = connection.scalar(select(events.c.seq).where(events.c.id == event_id))
        last = select(func.max(deliveries.c.ordinal)).where(deliveries.c.event_seq == seq)
        most = connection.scalar(last)
        first = 0 if most is None else most + 1
        rows = [_row(seq, first + place, one) for place, one in enumerate(ordered)]
        if rows:
            connection.execute(insert(deliveries), rows)
        tally["deliveries"] += len(rows)
        tally.update(f"actions_{kind}" for kind in {one.message.action.value for one in ordered})
    count(connection, +tally, COUNTED)
    return tally["deliveries"]


def _row(seq: int | None, ordinal: int, one: Delivery) -> dict[str, object]:
    return {
        "event_seq": seq,
        "ordinal": ordinal,
        "id": one.id,
        "kind": one.message.action.value,
        "destination": one.destination,
        "message": msgspec.json.encode(one.message).decode(),
        "state": one.state.value,
        "attempts": one.attempts,
        "created_at": one.created_at,
        "confirm_by": one.confirm_by,
        "next_at": None if one.ended_at else one.created_at,
        "ended_at": one.ended_at,
        "problem": one.problem,
    }


def _draw(connection: Connection, settled: Settled) -> None:
    known = select(samples.c.case_seq).where(samples.c.case_seq == settled.case_seq)
    if connection.scalar(known) is None:
        drawn = {
            "case_seq": settled.case_seq,
            "queue": settled.queue,
            "drawn_at": now(),
            "first_reading": settled.reading.id,
        }
        connection.execute(insert(samples), drawn)
