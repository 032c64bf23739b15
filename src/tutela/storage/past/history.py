"""An actor's earlier events in numbers, looked up when rules ask for them.

The work is bounded, however much an actor has done: each number is counted over the latest `MOST`
rows of an index, so that one of `MOST` means "at least so many". What was blocked and what matched
is counted from rows of its own, so that no flood of other events can hide it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Boolean, ScalarSelect, Select, Text, bindparam, case, func, select

from tutela.model import Event, History
from tutela.storage.database import Database
from tutela.storage.tables import events, histories
from tutela.storage.values import Instant

MOST = 1000
"""The highest number that a history tells."""

DAY = timedelta(days=1)
MONTH = timedelta(days=30)

_ACTOR = bindparam("actor", type_=Text())
_DRILL = bindparam("drill", type_=Boolean())
_SINCE_DAY = bindparam("day", type_=Instant())
_SINCE_MONTH = bindparam("month", type_=Instant())


class Histories:
    """The histories of actors in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, actor: str, *, drill: bool, at: datetime) -> History:
        """What is stored of an actor's earlier events at a moment; raises `Unavailable`.

        Args:
            actor: the platform's id of the actor.
            drill: whether to count drills, and nothing else; or everything but drills.
            at: the moment (UTC) that the days are counted back from.
        """
        asked = {"actor": actor, "drill": drill, "day": at - DAY, "month": at - MONTH}
        with self._database.read() as connection:
            row = connection.execute(_COUNTED, asked).one()
        return History(**row._mapping)  # noqa: SLF001 - the public name of a row's columns

    def complete(self, event: Event) -> Event:
        """The event with the history of its actor as it is now; raises `Unavailable`."""
        if event.actor is None:
            return event
        history = self.of(event.actor.id, drill=event.drill, at=event.received_at)
        return msgspec.structs.replace(event, history=history)


def _latest(what: str) -> ScalarSelect[int]:
    """How many events of one kind there are, up to `MOST`."""
    kept = histories.c
    latest = (
        select(kept.event_seq)
        .where(kept.actor == _ACTOR, kept.drill == _DRILL, kept.what == what)
        .where(kept.received_at > _SINCE_MONTH)
        .limit(MOST)
        .subquery()
    )
    return select(func.count()).select_from(latest).scalar_subquery()


def _counted() -> Select[Any]:
    latest = (
        select(events.c.received_at)
        .where(events.c.actor == _ACTOR, events.c.drill == _DRILL)
        .where(events.c.received_at > _SINCE_MONTH)
        .order_by(events.c.received_at.desc())
        .limit(MOST)
        .subquery()
    )
    today = func.sum(case((latest.c.received_at > _SINCE_DAY, 1), else_=0))
    return select(
        func.coalesce(today, 0).label("events_1d"),
        func.count().label("events_30d"),
        _latest("match").label("matches_30d"),
        _latest("block").label("blocks_30d"),
        _latest("case").label("cases_30d"),
    ).select_from(latest)


_COUNTED = _counted()
