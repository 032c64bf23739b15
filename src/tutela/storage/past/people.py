"""What is stored of an actor's events, to be preserved with a finding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import RowMapping, select

from tutela.model import Actor, EventKind, Verdict
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.journal_rows import About
from tutela.storage.tables import cases, decisions, events

MOST = 1000
"""So many of an actor's events are given at most, the latest first."""


class ActorEvent(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One event of an actor, without what it carried."""

    id: str
    kind: EventKind
    received_at: datetime
    verdict: Verdict
    surface: str = ""
    region: str = ""
    conversation: str = ""
    receivers: tuple[Actor, ...] = ()
    case_id: str | None = None


class ActorEvents(NamedTuple):
    """Events of an actor, latest first, and whether there were more than are given."""

    events: Sequence[ActorEvent]
    more: bool


class People:
    """The actors of the events in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events_of(
        self, actor: str, *, drill: bool, since: datetime, until: datetime
    ) -> ActorEvents:
        """An actor's events of a span, both ends included; raises `Unavailable`.

        Args:
            actor: the platform's id of the actor.
            drill: whether to give drills, and nothing else; or everything but drills.
            since: begin of the span (UTC).
            until: end of the span (UTC).
        """
        statement = (
            select(events, decisions.c.verdict, cases.c.id.label("case_id"))
            .join(decisions, decisions.c.event_seq == events.c.seq)
            .outerjoin(cases, cases.c.event_seq == events.c.seq)
            .where(events.c.actor == actor, events.c.drill == drill)
            .where(events.c.received_at >= since, events.c.received_at <= until)
            .order_by(events.c.received_at.desc())
            .limit(MOST + 1)
        )
        with self._database.read() as connection:
            found = [_event_of(row) for row in connection.execute(statement).mappings()]
        return ActorEvents(found[:MOST], len(found) > MOST)


def _event_of(row: RowMapping) -> ActorEvent:
    about = msgspec.json.decode(row["about"] or "{}", type=About)
    return ActorEvent(
        id=row["id"],
        kind=EventKind(row["kind"]),
        received_at=row["received_at"],
        verdict=Verdict(row["verdict"]),
        surface=row["surface"],
        region=row["region"],
        conversation=about.conversation,
        receivers=about.receivers,
        case_id=row["case_id"],
    )
