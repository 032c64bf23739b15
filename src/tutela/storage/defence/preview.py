"""What a bank would no longer find at a smaller distance, told from stored matches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)

from tutela.errors import InvalidInput
from tutela.model import ActionKind, CaseState
from tutela.model.bank import DISTANCE
from tutela.model.record import Record
from tutela.storage.banks import bank_named
from tutela.storage.database import Database
from tutela.storage.defence.period import days_ago, received_since
from tutela.storage.tables import actions, cases, entries, events, matches

LISTED = 100
"""Findings that are named one by one; the rest is counted."""

EVENTS, CASES = "events", "cases"
"""Names of counts; no action is called so."""

NO_WIDENING = (
    "Nothing is lost at a distance that is not smaller. What a greater distance would find in "
    "addition cannot be told from stored matches: compare the past with `tutela rescan` instead."
)


class LostFinding(Record, frozen=True, kw_only=True):
    """An event all of whose matches would be gone.

    Attributes:
        distance: of its closest match, in bits.
        actions: what was decided about it.
        case_id, case_state: the case that it opened, if any.
    """

    event_id: str
    received_at: datetime
    drill: bool
    entry_id: int
    label: str
    distance: int
    actions: tuple[ActionKind, ...]
    case_id: str | None = None
    case_state: CaseState | None = None


class Preview(Record, frozen=True, kw_only=True):
    """What a smaller distance of a bank would have meant for the last days.

    Attributes:
        distance_now, distance: what the bank has, and what was asked about, in bits.
        findings: events with a match in the bank.
        lost: events that would have no match left, in this bank or another.
        histogram: for each distance from 0 to 31, how many perceptual matches the bank had.
        own: matches among these of entries with distances of their own, which stay.
        lost_actions: how many of the lost findings each action was decided for.
        lost_cases: how many of the lost findings opened a case.
        listed: the latest of the lost findings, at most 100.
        note: what the figures cannot tell; empty where there is nothing.
    """

    bank: str
    distance_now: int
    distance: int
    days: int
    findings: int
    lost: int
    histogram: tuple[int, ...]
    own: int
    lost_actions: dict[str, int]
    lost_cases: int
    listed: tuple[LostFinding, ...]
    note: str = ""


def preview(
    database: Database, name: str, *, distance: int, days: int, perceptual: Collection[str]
) -> Preview:
    """Tell what a bank would no longer have found at another distance.

    Args:
        distance: the distance to think of, in bits.
        days: how far to look back.
        perceptual: names of the signal kinds that compare by distance.

    Raises:
        NotFound: no bank has this name.
        InvalidInput: it is an allow bank, or the distance or number of days is none.
    """
    if not 0 <= distance <= DISTANCE:
        raise InvalidInput(f"a distance is 0 to {DISTANCE} bits", where="distance")
    since = days_ago(days)
    with database.read() as connection:
        bank = bank_named(connection, name)
        if bank.allow:
            raise InvalidInput(
                "an allow bank has no findings to lose",
                where="bank",
                remedy="see what it silenced in the overview of suppressions",
            )
        lately = received_since(connection, since, matches.c.event_seq)
        own = and_(matches.c.bank_id == bank.id, lately)
        lost = _lost(own, bank.id, distance)
        counts = _counts(connection, lost)
        histogram, followed = _histogram(connection, own, perceptual)
        return Preview(
            bank=bank.name,
            distance_now=bank.distance,
            distance=distance,
            days=days,
            findings=_findings(connection, own),
            lost=counts.pop(EVENTS, 0),
            histogram=histogram,
            own=followed,
            lost_cases=counts.pop(CASES, 0),
            lost_actions=counts,
            listed=_listed(connection, lost),
            note=NO_WIDENING if distance >= bank.distance else "",
        )


_JOINED = matches.join(events, events.c.seq == matches.c.event_seq).outerjoin(
    entries, entries.c.id == matches.c.entry_id
)


def _lost(own: ColumnElement[bool], bank_id: int, distance: int) -> Select[Any]:
    """Numbers of the events whose matches all lie beyond the distance, and follow the bank."""
    other, other_entry = matches.alias("other"), entries.alias("other_entry")
    stays = (
        select(other.c.event_seq)
        .select_from(other.outerjoin(other_entry, other_entry.c.id == other.c.entry_id))
        .where(
            other.c.event_seq == matches.c.event_seq,
            or_(
                other.c.bank_id != bank_id,
                other.c.distance <= distance,
                other_entry.c.distance.is_not(None),
            ),
        )
    )
    return (
        select(matches.c.event_seq, func.min(matches.c.ordinal).label("ordinal"))
        .select_from(_JOINED)
        .where(own, matches.c.distance > distance, entries.c.distance.is_(None))
        .where(not_(stays.exists()))
        .group_by(matches.c.event_seq)
    )


def _findings(connection: Connection, own: ColumnElement[bool]) -> int:
    distinct = func.count(matches.c.event_seq.distinct())
    joined = matches.join(events, events.c.seq == matches.c.event_seq)
    return connection.scalar(select(distinct).select_from(joined).where(own)) or 0


def _histogram(
    connection: Connection, own: ColumnElement[bool], perceptual: Collection[str]
) -> tuple[tuple[int, ...], int]:
    """Matches by distance, and how many of them are of entries with distances of their own."""
    follows = entries.c.distance.is_(None).label("follows")
    statement = (
        select(matches.c.distance, follows, func.count())
        .select_from(_JOINED)
        .where(own, matches.c.kind.in_(perceptual))
        .group_by(matches.c.distance, follows)
    )
    counts, others = [0] * (DISTANCE + 1), 0
    for distance, follows_bank, count in connection.execute(statement):
        counts[min(distance, DISTANCE)] += count
        others += 0 if follows_bank else count
    return tuple(counts), others


def _counts(connection: Connection, lost: Select[Any]) -> dict[str, int]:
    """How many are lost, how many of them have a case, and each action; those above 0."""
    found = lost.cte("lost")  # read once for all three
    with_action = actions.join(found, found.c.event_seq == actions.c.event_seq)
    with_case = cases.join(found, found.c.event_seq == cases.c.event_seq)
    number = func.count()
    statement = union_all(
        select(literal(EVENTS), number).select_from(found),
        select(literal(CASES), number).select_from(with_case),
        select(actions.c.kind, number).select_from(with_action).group_by(actions.c.kind),
    )
    return {row[0]: row[1] for row in sorted(connection.execute(statement).all()) if row[1]}


def _listed(connection: Connection, lost: Select[Any]) -> tuple[LostFinding, ...]:
    latest = lost.order_by(matches.c.event_seq.desc()).limit(LISTED).subquery()
    closest = and_(matches.c.event_seq == latest.c.event_seq, matches.c.ordinal == latest.c.ordinal)
    joined = (
        latest.join(matches, closest)
        .join(events, events.c.seq == matches.c.event_seq)
        .outerjoin(entries, entries.c.id == matches.c.entry_id)
        .outerjoin(cases, cases.c.event_seq == matches.c.event_seq)
    )
    statement = select(
        events.c.seq,
        events.c.id,
        events.c.received_at,
        events.c.drill,
        matches.c.entry_id,
        matches.c.distance,
        func.coalesce(entries.c.label, "").label("label"),
        cases.c.id.label("case_id"),
        cases.c.state,
    ).select_from(joined)
    rows = connection.execute(statement.order_by(events.c.seq.desc())).all()
    decided = _decided(connection, [row.seq for row in rows])
    return tuple(
        LostFinding(
            event_id=row.id,
            received_at=row.received_at,
            drill=row.drill,
            entry_id=row.entry_id,
            label=row.label,
            distance=row.distance,
            actions=tuple(decided.get(row.seq, ())),
            case_id=row.case_id,
            case_state=CaseState(row.state) if row.state else None,
        )
        for row in rows
    )


def _decided(connection: Connection, seqs: Sequence[int]) -> dict[int, list[ActionKind]]:
    found: dict[int, list[ActionKind]] = {}
    statement = select(actions).where(actions.c.event_seq.in_(seqs)).order_by(actions.c.kind)
    for row in connection.execute(statement):
        found.setdefault(row.event_seq, []).append(ActionKind(row.kind))
    return found
