"""The counters of accounts in a database: read, moved on and written in the batch's transaction.

An account's row is locked while it is moved on, so that two processes lose nothing of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tutela.detection.conversation.accounts import AccountCounters
from tutela.errors import InvalidInput
from tutela.model.actor import AccountSignals
from tutela.model.conversation.batch import Complaint
from tutela.model.conversation.message import Participant
from tutela.storage.conversation.account_tables import account_counters
from tutela.storage.database import Database
from tutela.storage.values import now

GROUP = 4
"""A message to so many people, or to more, is one to a group: it is written to nobody first."""

_AT_ONCE = 500
"""Accounts that one statement names."""


class Contact(NamedTuple):
    """Somebody wrote to somebody; nothing of what was written but how it begins to resemble others.

    Attributes:
        author, receivers: who wrote to whom, with ages as far as they are told.
        at: when; not later than now.
        opener: bands of a signature of the text, as `AccountCounters.wrote` takes them.
    """

    author: Participant
    receivers: Sequence[Participant]
    at: datetime
    opener: Sequence[int] = ()


class Complained(NamedTuple):
    """A user reported or blocked an actor."""

    actor: str
    by: str
    kind: Complaint
    at: datetime


class KnownSignals(NamedTuple):
    """What is counted of an actor, and whether anything ever was."""

    known: bool
    signals: AccountSignals


class AccountBook:
    """The counters of all accounts. Drills and what is real are counted apart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_batch(
        self,
        connection: Connection,
        contacts: Sequence[Contact],
        complaints: Sequence[Complained] = (),
        *,
        drill: bool,
        at: datetime,
    ) -> Mapping[str, AccountSignals]:
        """Count what a batch tells, within its transaction; call it once there.

        Hand in what was told for the first time only: a message that is counted twice counts twice.

        Args:
            connection: the transaction.
            contacts: messages, in order. Those to groups of `GROUP` or more people count nothing.
            complaints: of users about actors.
            drill: whether all of this is a drill.
            at: the present moment.

        Returns:
            what the counters of every author of a message now say.
        """
        direct = [one for one in contacts if 0 < len(one.receivers) < GROUP]
        named = {one.actor for one in complaints} | {one.author.id for one in contacts}
        named |= {person.id for one in direct for person in one.receivers}
        known = _locked(connection, sorted(named - {""}), drill=drill, at=at)
        _count(known, direct)
        for actor, by, kind, when in complaints:
            if actor and by and actor != by:
                known[actor].complained(kind, by, when)
        changed = {actor: one for actor, one in known.items() if one.changed}
        _write(connection, changed, drill=drill, at=at)
        authors = {one.author.id for one in contacts} - {""}
        return {author: known[author].signals(at) for author in authors}

    def signals(self, actor: str, *, drill: bool, at: datetime | None = None) -> KnownSignals:
        """What is counted of an actor at a moment; None means now. Raises `Unavailable`."""
        statement = select(account_counters.c.state).where(_row_of(actor, drill=drill))
        with self._database.read() as connection:
            state = connection.scalar(statement)
        counters = AccountCounters() if state is None else _resumed(state)
        return KnownSignals(state is not None, counters.signals(at or now()))


def _count(known: Mapping[str, AccountCounters], contacts: Sequence[Contact]) -> None:
    for author, receivers, at, opener in contacts:
        for receiver in receivers:
            if not author.id or not receiver.id or author.id == receiver.id:
                continue
            mine, theirs = known[author.id], known[receiver.id]
            mine.aged(author.band)
            theirs.aged(receiver.band)
            mine.wrote(receiver.id, at, receiver.band, opener)
            theirs.received(author.id, at, author.band)


def _locked(
    connection: Connection, actors: Sequence[str], *, drill: bool, at: datetime
) -> dict[str, AccountCounters]:
    """The counters of actors, their rows locked; who has none gets one.

    Rows are locked in one order everywhere, so that two processes cannot wait for each other.
    """
    known: dict[str, AccountCounters] = {}
    for some in _some(actors):
        known |= _read(connection, some, drill=drill)
    for some in _some([actor for actor in actors if actor not in known]):
        _insert(connection, some, drill=drill, at=at)
        known |= _read(connection, some, drill=drill)
    return known


def _some(actors: Sequence[str]) -> Iterator[Sequence[str]]:
    return (actors[at : at + _AT_ONCE] for at in range(0, len(actors), _AT_ONCE))


def _read(
    connection: Connection, actors: Sequence[str], *, drill: bool
) -> dict[str, AccountCounters]:
    counters = account_counters.c
    statement = (
        select(counters.actor, counters.state)
        .where(counters.actor.in_(actors), counters.drill == drill)
        .order_by(counters.actor)
        .with_for_update()
    )
    return {row.actor: _resumed(row.state) for row in connection.execute(statement)}


def _insert(connection: Connection, actors: Sequence[str], *, drill: bool, at: datetime) -> None:
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    fresh = {"drill": drill, "touched_at": at, "state": AccountCounters().dump()}
    rows = [{"actor": actor, **fresh} for actor in actors]
    connection.execute(dialect.insert(account_counters).on_conflict_do_nothing(), rows)


def _write(
    connection: Connection, changed: Mapping[str, AccountCounters], *, drill: bool, at: datetime
) -> None:
    if not changed:
        return
    counters = account_counters.c
    statement = (
        update(account_counters)
        .where(counters.actor == bindparam("whose"), counters.drill == bindparam("kind"))
        .values(touched_at=bindparam("at"), state=bindparam("now"))
    )
    rows = [
        {"whose": actor, "kind": drill, "at": at, "now": one.dump()}
        for actor, one in changed.items()
    ]
    connection.execute(statement, rows)


def _row_of(actor: str, *, drill: bool) -> ColumnElement[bool]:
    return and_(account_counters.c.actor == actor, account_counters.c.drill == drill)


def _resumed(state: bytes) -> AccountCounters:
    """Counters as they were stored; new ones where they cannot be read."""
    try:
        return AccountCounters.resume(state)
    except InvalidInput:
        return AccountCounters()
