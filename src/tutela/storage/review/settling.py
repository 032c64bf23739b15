"""Settling: what was decided is carried out, once, when it can no longer be undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from tutela.model import CaseState, Delivery
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.storage.audit.change import tell
from tutela.storage.database import Database
from tutela.storage.journal_rows import count
from tutela.storage.review.readings import Settled
from tutela.storage.review.tables import queues, samples
from tutela.storage.review.together.likeness import forget
from tutela.storage.tables import cases, deliveries, events
from tutela.storage.values import now

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
