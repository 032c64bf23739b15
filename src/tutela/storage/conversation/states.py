"""Conversations as they go on: read, carried on, and what they came to, in one transaction."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tutela.errors import NotFound
from tutela.model.record import Record
from tutela.storage.conversation.rows import (
    Row,
    actor_row,
    alert_of,
    alert_row,
    standing_of,
    standing_row,
)
from tutela.storage.conversation.standing import (
    ActorStanding,
    Alert,
    Key,
    Reached,
    Standing,
)
from tutela.storage.conversation.tables import (
    actor_evidence,
    conversation_alerts,
    conversation_days,
    conversations,
)
from tutela.storage.database import Database
from tutela.storage.journal_rows import count
from tutela.storage.values import now


class Before(Record, frozen=True, kw_only=True):
    """Conversations and actors as they were read; what is missing is new."""

    conversations: Mapping[Key, Standing]
    actors: Mapping[Key, ActorStanding]

    def revisions_of(self, keys: Iterable[Key]) -> Mapping[Key, int]:
        """What tells whether conversations have changed since; 0 of those that are new."""
        known = self.conversations
        return {key: known[key].revision if key in known else 0 for key in keys}


class Changes(Record, frozen=True, kw_only=True):
    """What a batch of messages comes to; revisions are those that were read.

    Attributes:
        reached: how many conversations first reached which value.
        tally: counters that grow.
    """

    conversations: Sequence[Standing] = ()
    actors: Sequence[ActorStanding] = ()
    alerts: Sequence[Alert] = ()
    reached: Mapping[Reached, int] = {}
    tally: Mapping[str, int] = {}


class Changing:
    """A transaction in which nobody else changes what was read.

    Attributes:
        connection: for what else is to be written with it.
        before: what is stored now.
    """

    def __init__(self, connection: Connection, before: Before, writer: str) -> None:
        self.connection = connection
        self.before = before
        self._writer = writer

    def save(self, changes: Changes) -> None:
        """Write all of it; revisions must be those of `before`."""
        _put(self.connection, conversations, "id", map(standing_row, changes.conversations))
        _put(self.connection, actor_evidence, "actor", map(actor_row, changes.actors))
        if changes.alerts:
            self.connection.execute(insert(conversation_alerts), [*map(alert_row, changes.alerts)])
        _count_days(self.connection, changes.reached, self._writer)
        count(self.connection, Counter(changes.tally), self._writer)


class Conversations:
    """The conversations in a database; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = secrets.token_hex(8)

    def read(self, talks: Collection[Key], actors: Collection[Key] = ()) -> Before:
        """What is stored of some conversations and actors, at one moment."""
        with self._database.read() as connection:
            return _before(connection, talks, actors, hold=False)

    @contextmanager
    def changing(self, talks: Collection[Key], actors: Collection[Key]) -> Iterator[Changing]:
        """A transaction that changes some conversations and actors.

        Raises:
            Conflict: somebody else stored one of them for the first time meanwhile. Nothing was
                written; trying again is safe.
            Unavailable: the database cannot be used now.
        """
        with self._database.write() as connection:
            before = _before(connection, talks, actors, hold=True)
            yield Changing(connection, before, self._writer)

    def tally(self, tally: Mapping[str, int]) -> None:
        """Add to counters only."""
        if tally:
            with self._database.write() as connection:
                count(connection, Counter(tally), self._writer)

    def get(self, key: Key) -> Standing:
        """One conversation; raises `NotFound`."""
        found = self.read([key]).conversations.get(key)
        if found is None:
            raise NotFound(
                "nothing is kept of such a conversation",
                where="conversation",
                remedy="states go when nothing was written for a while: conversations.states_days",
            )
        return found

    def alerts(self, key: Key) -> Sequence[Alert]:
        """What was raised of a conversation, the earliest first."""
        table = conversation_alerts
        mine = and_(table.c.conversation == key.id, table.c.drill.is_(key.drill))
        return self._alerts(select(table).where(mine).order_by(table.c.at, table.c.event_id))

    def alert(self, event_id: str) -> Alert:
        """What was raised as an event; raises `NotFound`."""
        table = conversation_alerts
        for found in self._alerts(select(table).where(table.c.event_id == event_id)):
            return found
        raise NotFound("no conversation was raised as such an event", where="event_id")

    def owed(self, waiting: timedelta, limit: int = 100) -> Sequence[Alert]:
        """Alerts whose events have not been stored for a while, the oldest first."""
        table = conversation_alerts
        late = and_(table.c.told_at.is_(None), table.c.at < now() - waiting)
        return self._alerts(select(table).where(late).order_by(table.c.at).limit(limit))

    def owing(self, waiting: timedelta) -> int:
        """How many alerts have waited so long for their events to be stored."""
        table = conversation_alerts
        late = and_(table.c.told_at.is_(None), table.c.at < now() - waiting)
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table).where(late)) or 0

    def told(self, event_ids: Collection[str]) -> None:
        """Write down that the events of some alerts are stored."""
        table = conversation_alerts
        wanted = update(table).where(table.c.event_id.in_(event_ids), table.c.told_at.is_(None))
        if event_ids:
            with self._database.write() as connection:
                connection.execute(wanted.values(told_at=now()))

    def days(self, since: datetime, *, drill: bool = False) -> Mapping[Reached, int]:
        """How many conversations first reached each value, by day and turn; all processes'."""
        table, found = conversation_days, Counter[Reached]()
        first = int(since.timestamp() // 86_400)
        wanted = select(table).where(table.c.day >= first, table.c.drill.is_(drill))
        with self._database.read() as connection:
            for row in connection.execute(wanted):
                reached = Reached(row.day, row.drill, row.peak, row.turns)
                found[reached] += row.conversations
        return found

    def _alerts(self, wanted: Select[Any]) -> Sequence[Alert]:
        with self._database.read() as connection:
            return [alert_of(row) for row in connection.execute(wanted).mappings()]


def _before(
    connection: Connection, talks: Collection[Key], actors: Collection[Key], *, hold: bool
) -> Before:
    rows = _rows(connection, conversations, "id", talks, hold=hold)
    standings = [standing_of(row) for row in rows]
    people = [
        ActorStanding(**row)
        for row in _rows(connection, actor_evidence, "actor", actors, hold=hold)
    ]
    return Before(
        conversations={one.key: one for one in standings},
        actors={one.key: one for one in people},
    )


def _rows(
    connection: Connection, table: Table, name: str, keys: Collection[Key], *, hold: bool
) -> Sequence[RowMapping]:
    """Rows by key, in its order: whoever holds several takes them in the same order as others."""
    if not keys:
        return ()
    columns = (table.c[name], table.c.drill)
    wanted = select(table).where(tuple_(*columns).in_(sorted(keys))).order_by(*columns)
    if hold:
        wanted = wanted.with_for_update()  # SQLite has one writer anyway
    return connection.execute(wanted).mappings().all()


def _put(connection: Connection, table: Table, name: str, rows: Iterable[Row]) -> None:
    """Insert what is new and update the rest."""
    ordered = sorted(rows, key=lambda row: (row[name], row["drill"]))
    new = [row for row in ordered if row["revision"] == 1]
    old = [row for row in ordered if row["revision"] > 1]
    if new:
        connection.execute(insert(table), new)
    if old:
        own = and_(table.c[name] == bindparam("own_id"), table.c.drill == bindparam("own_drill"))
        named = [{**row, "own_id": row[name], "own_drill": row["drill"]} for row in old]
        connection.execute(update(table).where(own), named)


def _count_days(connection: Connection, reached: Mapping[Reached, int], writer: str) -> None:
    if not reached:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [
        {"writer": writer, **one._asdict(), "conversations": by}
        for one, by in sorted(reached.items())
    ]
    new = dialect.insert(conversation_days)
    grown = conversation_days.c.conversations + new.excluded.conversations
    key = ["writer", "day", "drill", "peak", "turns"]
    added = new.on_conflict_do_update(index_elements=key, set_={"conversations": grown})
    connection.execute(added, rows)
