"""Searching cases: which, in which order, page by page.

Only numbers of cases are looked for here, so that the database walks an index and nothing wide; the
cases themselves are read afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from tutela.errors import InvalidInput
from tutela.model import CaseState
from tutela.model.review.search import CaseOrder, CaseQuery
from tutela.storage.access.tables import accounts
from tutela.storage.review.figures.readings import Times, read_how
from tutela.storage.review.rows import seq_of
from tutela.storage.review.tables import case_contents, samples
from tutela.storage.tables import banks, cases, events, matches

WAITING = (CaseState.OPEN.value, CaseState.SECOND.value, CaseState.DISPUTED.value)
"""States of cases that wait for somebody."""

MOST_WORDS = 8

Condition = ColumnElement[bool]


def found(
    connection: Connection, query: CaseQuery, present: datetime, after: str | None, limit: int
) -> list[int]:
    """Numbers of the cases of a page; `after` is the id of the last case of the page before.

    Raises:
        NotFound: there is no case `after`.
    """
    statement = _ordered(matching(connection, query, present), query.order)
    if after is not None:
        statement = statement.where(
            _beyond(connection, query.order, seq_of(connection, after, "after"))
        )
    return list(connection.scalars(statement.limit(limit)))


def counted(connection: Connection, query: CaseQuery, present: datetime, most: int) -> int:
    """How many cases there are, counted up to `most`."""
    some = matching(connection, query, present).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def matching(connection: Connection, query: CaseQuery, present: datetime) -> Select[Any]:
    """Numbers of the cases of a query, in no order."""
    statement = select(cases.c.event_seq)
    conditions = (_own(query), _elsewhere(query), _worded(connection, query), read_how(query))
    for some in conditions:
        statement = statement.where(*some)
    return statement.where(*_waiting(query, present), *_held(query, present))


def _own(query: CaseQuery) -> Iterator[Condition]:
    """What stands in the case's own row."""
    same = {
        cases.c.actor: query.actor,
        cases.c.conversation: query.conversation,
        cases.c.queue: query.queue,
        cases.c.state: query.state and query.state.value,
        cases.c.outcome: query.outcome and query.outcome.value,
        cases.c.severity: query.severity and query.severity.value,
        cases.c.region: query.region,
        cases.c.kind: query.kind and query.kind.value,
    }
    yield from (column == value for column, value in same.items() if value)
    if query.id:
        named = select(events.c.seq).where(events.c.id == query.id)
        yield or_(cases.c.id == query.id, cases.c.event_seq == named.scalar_subquery())
    if query.category:
        ending = cases.c.category.endswith(f":{query.category}", autoescape=True)
        yield or_(cases.c.category == query.category, ending)
    if query.language:
        more = cases.c.language.startswith(f"{query.language}-", autoescape=True)
        yield or_(cases.c.language == query.language, more)
    if query.principle is not None:
        # It is a JSON array of numbers without spaces.
        listed = "," + func.substr(cases.c.principles, 2)
        yield or_(listed.contains(f",{query.principle},"), listed.contains(f",{query.principle}]"))
    yield from _switches(query)
    yield from Times(query.opened_from, query.opened_until).hold(cases.c.opened_at)
    yield from Times(query.decided_from, query.decided_until).hold(cases.c.decided_at)


def _switches(query: CaseQuery) -> Iterator[Condition]:
    if query.imminent is not None:
        yield cases.c.imminent.is_(query.imminent)
    if query.drill is not None:
        yield cases.c.drill.is_(query.drill)
    gathered = cases.c.state == CaseState.GATHERED.value
    if query.gathered is not None:
        yield gathered if query.gathered else ~gathered
    elif query.state is None and not query.narrow:
        yield ~gathered
    if query.settled is not None:
        again = exists().where(
            samples.c.case_seq == cases.c.event_seq, samples.c.second_reading.is_(None)
        )
        settled = and_(cases.c.state == CaseState.CLOSED.value, ~again)
        yield settled if query.settled else ~settled


def _waiting(query: CaseQuery, present: datetime) -> Iterator[Condition]:
    waits = cases.c.state.in_(WAITING)
    if query.waiting is not None:
        yield waits if query.waiting else ~waits
    if query.overdue is not None:
        late = and_(waits, cases.c.waits_until.is_not(None), cases.c.waits_until < present)
        yield late if query.overdue else ~late


def _held(query: CaseQuery, present: datetime) -> Iterator[Condition]:
    if query.held is not None:
        now_at = and_(cases.c.claimed_by.is_not(None), cases.c.claimed_until > present)
        held = and_(cases.c.state.in_(WAITING), now_at)
        yield held if query.held else ~held
    if query.holder:
        own = select(accounts.c.id).where(accounts.c.pseudonym == query.holder).scalar_subquery()
        yield and_(cases.c.claimed_by == own, cases.c.claimed_until > present)


def _elsewhere(query: CaseQuery) -> Iterator[Condition]:
    """What stands in other tables, by the case's event."""
    if query.bank:
        bank = select(banks.c.id).where(banks.c.name == query.bank).scalar_subquery()
        yield cases.c.event_seq.in_(select(matches.c.event_seq).where(matches.c.bank_id == bank))
    if query.entry is not None:
        entry = matches.c.entry_id == query.entry
        yield cases.c.event_seq.in_(select(matches.c.event_seq).where(entry))
    if query.digest:
        equal = case_contents.c.sha256 == bytes.fromhex(query.digest)
        yield cases.c.event_seq.in_(select(case_contents.c.event_seq).where(equal))


def _worded(connection: Connection, query: CaseQuery) -> Iterator[Condition]:
    """Each word, in any of the texts."""
    columns = (cases.c.summary, cases.c.actor, cases.c.conversation)
    words = query.text.split()
    if len(words) > MOST_WORDS:
        raise InvalidInput(f"at most {MOST_WORDS} words are looked for", where="text")
    for word in words:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        # SQLite's LIKE knows no difference of case, PostgreSQL's does.
        like = "like" if connection.dialect.name == "sqlite" else "ilike"
        yield or_(*(getattr(column, like)(pattern, escape="\\") for column in columns))


def _ordered(statement: Select[Any], order: CaseOrder) -> Select[Any]:
    match order:
        case CaseOrder.LATEST:
            return statement.order_by(cases.c.event_seq.desc())
        case CaseOrder.OLDEST:
            return statement.order_by(cases.c.event_seq)
        case CaseOrder.SCORE:
            return statement.order_by(cases.c.rank, cases.c.opened_at, cases.c.event_seq)


def _beyond(connection: Connection, order: CaseOrder, last: int) -> Condition:
    """What comes after the last case of a page."""
    match order:
        case CaseOrder.LATEST:
            return cases.c.event_seq < last
        case CaseOrder.OLDEST:
            return cases.c.event_seq > last
        case CaseOrder.SCORE:
            row = connection.execute(
                select(cases.c.rank, cases.c.opened_at).where(cases.c.event_seq == last)
            ).one()
            same = and_(cases.c.opened_at == row.opened_at, cases.c.event_seq > last)
            later = or_(cases.c.opened_at > row.opened_at, same)
            return or_(cases.c.rank > row.rank, and_(cases.c.rank == row.rank, later))
