"""What is kept of conversations goes when its time is over, and the audit log says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Table, delete, exists, func, select, tuple_

from tutela.model import CaseState
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.record import Record
from tutela.storage.audit.change import tell
from tutela.storage.conversation.account_tables import account_counters
from tutela.storage.conversation.tables import actor_evidence, conversation_alerts, conversations
from tutela.storage.database import Database
from tutela.storage.tables import cases, events

STEP = 1_000
"""Rows of each table that go in one transaction."""


class Gone(Record, frozen=True, kw_only=True):
    """How much went in one step; nothing more is due where all are zero."""

    conversations: int = 0
    actors: int = 0
    accounts: int = 0
    alerts: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.conversations + self.actors + self.accounts + self.alerts


def expire(database: Database, states: datetime, alerts: datetime, *, by: str = PROGRAM) -> Gone:
    """Delete some of what is over; to be called until nothing goes.

    Args:
        database: where.
        states: conversations, actors and their accounts' counters go of whom nothing came in since.
        alerts: alerts go that are older, unless their case is still to be decided.
        by: who lets them expire.
    """
    with database.write() as connection:
        gone = Gone(
            conversations=_idle(connection, conversations, "id", states),
            actors=_idle(connection, actor_evidence, "actor", states),
            accounts=_idle(connection, account_counters, "actor", states),
            alerts=_old_alerts(connection, alerts),
        )
        if gone.total:
            facts = {
                "conversations": gone.conversations,
                "actors": gone.actors,
                "accounts": gone.accounts,
                "alerts": gone.alerts,
            }
            tell(connection, AuditKind.CONVERSATION, by, "conversations", "expired", facts)
    return gone


def _idle(connection: Connection, table: Table, name: str, before: datetime) -> int:
    key = (table.c[name], table.c.drill)
    due = select(*key).where(table.c.touched_at < before).order_by(table.c.touched_at).limit(STEP)
    return connection.execute(delete(table).where(tuple_(*key).in_(due))).rowcount


def _old_alerts(connection: Connection, before: datetime) -> int:
    table = conversation_alerts
    stands_in = cases.alias("stands_in")
    waits = exists().where(
        events.c.id == table.c.event_id,
        cases.c.event_seq == events.c.seq,
        stands_in.c.event_seq == func.coalesce(cases.c.root, cases.c.event_seq),
        stands_in.c.state != CaseState.CLOSED.value,
    )
    due = select(table.c.event_id).where(table.c.at < before, ~waits, table.c.told_at.is_not(None))
    return connection.execute(
        delete(table).where(table.c.event_id.in_(due.order_by(table.c.at).limit(STEP)))
    ).rowcount
