"""What an event and its outcome become in the tables, and how many of them are written at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from tutela.model import (
    AccountSignals,
    ActionKind,
    Actor,
    AgeBand,
    AgeSource,
    Case,
    Delivery,
    Event,
    History,
    Match,
    Outcome,
    Rating,
    Verdict,
)
from tutela.model.custody.evidence import NewItem
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.model.record import Record
from tutela.model.review.appeal import Appeal
from tutela.storage.audit.log import append
from tutela.storage.database import insert_rows
from tutela.storage.evidence.writing import preserve_leaf, write_items
from tutela.storage.law import law_tally
from tutela.storage.review.opening import CASE_COLUMNS, Contested, case_rows, content_marks
from tutela.storage.rules.shadowed import COLUMNS as SHADOW_COLUMNS
from tutela.storage.rules.shadowed import Shadowed, shadow_row, shadow_tally
from tutela.storage.tables import (
    actions,
    cases,
    decisions,
    deliveries,
    events,
    findings,
    histories,
    kept_signals,
    matches,
    shadows,
    silenced,
)
from tutela.storage.values import microseconds, now, signal_bytes

Row = tuple[Any, ...]

EVENT_COLUMNS: Mapping[str, str] = {
    "id": "text",
    "digest": "text",
    "received_at": "bigint",
    "kind": "text",
    "surface": "text",
    "region": "text",
    "actor": "text",
    "drill": "boolean",
    "contents": "text",
    "about": "text",
}
COLUMNS: Mapping[Table, tuple[str, ...]] = {
    findings: ("event_seq", "rescan_id", "origin", "received_at"),
    histories: ("event_seq", "what", "actor", "drill", "received_at"),
    decisions: ("event_seq", "verdict", "policy_version", "outcome"),
    actions: ("event_seq", "kind"),
    matches: (
        "event_seq",
        "ordinal",
        "entry_id",
        "bank_id",
        "kind",
        "distance",
        "list_version",
        "content",
    ),
    silenced: (
        "event_seq",
        "ordinal",
        "reason",
        "entry_id",
        "bank_id",
        "kind",
        "distance",
        "list_version",
        "by_entry_id",
        "by_bank_id",
    ),
    **CASE_COLUMNS,
    deliveries: (
        "event_seq",
        "ordinal",
        "id",
        "kind",
        "destination",
        "message",
        "state",
        "attempts",
        "created_at",
        "confirm_by",
        "next_at",
        "ended_at",
        "problem",
    ),
    shadows: SHADOW_COLUMNS,
    kept_signals: (
        "event_seq",
        "ordinal",
        "content",
        "kind",
        "value",
        "part",
        "quality",
        "low_information",
    ),
}


class Stored(Record, frozen=True, kw_only=True):
    """An event that is already in the database: the digest of its request and its answer."""

    event_id: str
    digest: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Rows:
    """An event and its outcome, ready to be written.

    Attributes:
        event: the event's row, without its number.
        parts: rows of the other tables, without the event's number.
        tally: the counters that grow by one, some of them several times.
        items: evidence that is written with it.
        leaves: what the audit log says of it.
    """

    event: Row
    parts: tuple[tuple[Table, Row], ...]
    tally: tuple[str, ...]
    items: tuple[NewItem, ...] = ()
    leaves: tuple[NewLeaf, ...] = ()


class About(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What an event tells besides its content; see `Event` and `Actor`."""

    age: AgeBand = AgeBand.UNKNOWN
    age_source: AgeSource = AgeSource.NOT_TOLD
    receivers: tuple[Actor, ...] = ()
    conversation: str = ""
    ratings: tuple[Rating, ...] = ()
    account: AccountSignals | None = None
    history: History | None = None
    language: str = ""
    appeal: Appeal | None = None


def rows_of(
    event: Event,
    outcome: Outcome,
    case: Case | None,
    sent: Sequence[Delivery] = (),
    shadow: Shadowed | None = None,
    items: Sequence[NewItem] = (),
    contested: Contested | None = None,
    *,
    keep_signals: bool,
) -> Rows:
    """The rows of an event; raises `InvalidInput` or `ValueError` where it cannot be stored."""
    # The signals of a finding are those of its origin, and are kept or not with that.
    signals = _signals(event) if keep_signals and event.origin is None else ()
    found = (
        *_parts(event, outcome),
        *_silenced(outcome),
        *case_rows(event, outcome, case, contested),
        *_origin(event),
    )
    known = _history(event, outcome, case)
    parts = (*found, *known, *_deliveries(sent), *_shadow(outcome, shadow), *signals)
    tally = (*_tally(outcome, parts), *shadow_tally(outcome.decision, shadow))
    return Rows(
        event=_event(event),
        parts=parts,
        tally=(*tally, *(f"evidence_{item.state.value}" for item in items)),
        items=tuple(items),
        leaves=(
            _leaf(event, outcome, parts[0][1][2]),
            *(preserve_leaf(event.id, one) for one in items),
        ),
    )


def write_rows(connection: Connection, batch: Mapping[str, Rows], journal: str) -> set[str]:
    """Write events that are not stored yet, by id; returns the ids of those that were new."""
    # In the order of their ids, so that two processes cannot lock each other out.
    rows = [batch[event_id].event for event_id in sorted(batch)]
    write = _write_sqlite if connection.dialect.name == "sqlite" else _write_postgresql
    numbers = write(connection, rows)
    written: dict[Table, list[Row]] = {table: [] for table in COLUMNS}
    tally: Counter[str] = Counter()
    for event_id, number in numbers.items():
        tally.update(batch[event_id].tally)
        for table, row in batch[event_id].parts:
            written[table].append((number, *row))
    for table, part in written.items():
        insert_rows(connection, table, COLUMNS[table], part)
    kept = {number: batch[event_id].items for event_id, number in numbers.items()}
    write_items(connection, kept, now())
    count(connection, tally, journal)
    # Last: who appends keeps others from appending until the transaction ends.
    append(connection, [leaf for event_id in numbers for leaf in batch[event_id].leaves])
    return set(numbers)


def read_stored(connection: Connection, event_ids: Sequence[str]) -> dict[str, Stored]:
    """What is stored under some event ids."""
    statement = (
        select(events.c.id, events.c.digest, decisions.c.outcome)
        .join_from(events, decisions, decisions.c.event_seq == events.c.seq)
        .where(events.c.id.in_(event_ids))
    )
    return {
        row.id: Stored(
            event_id=row.id,
            digest=row.digest,
            outcome=msgspec.json.decode(row.outcome, type=Outcome),
        )
        for row in connection.execute(statement)
    }


def _leaf(event: Event, outcome: Outcome, answer: str) -> NewLeaf:
    """The decision's leaf: a digest vouches for the stored outcome, whatever it holds."""
    return NewLeaf(
        kind=AuditKind.DECISION,
        by="tutela",
        subject=outcome.event_id,
        data={
            "case": outcome.case_id,
            "lists": outcome.list_version,
            "outcome": hashlib.sha256(answer.encode()).hexdigest(),
            "policy": outcome.decision.policy_version,
            "verdict": outcome.verdict.value,
            **({"contests": event.appeal.of} if event.appeal else {}),
        },
    )


def _event(event: Event) -> Row:
    bare = [msgspec.structs.replace(content, signals=()) for content in event.contents]
    return (
        event.id,
        event.digest,
        microseconds(event.received_at),
        event.kind.value,
        event.surface,
        event.region,
        event.actor.id if event.actor else None,
        event.drill,
        msgspec.json.encode(bare).decode(),
        msgspec.json.encode(_about(event)).decode(),
    )


def _about(event: Event) -> About:
    actor = event.actor
    return About(
        age=actor.age if actor else AgeBand.UNKNOWN,
        age_source=actor.age_source if actor else AgeSource.NOT_TOLD,
        receivers=event.receivers,
        conversation=event.conversation,
        ratings=event.ratings,
        account=event.account,
        history=event.history,
        language=event.language,
        appeal=event.appeal,
    )


def _parts(event: Event, outcome: Outcome) -> Iterator[tuple[Table, Row]]:
    decision = outcome.decision
    answer = msgspec.json.encode(outcome).decode()
    yield decisions, (outcome.verdict.value, decision.policy_version, answer)
    for kind in dict.fromkeys(decision.actions):
        yield actions, (kind.value,)
    marks = content_marks(event) if outcome.matches else {}
    for ordinal, match in enumerate(outcome.matches):
        yield matches, (ordinal, *_found(match), marks.get(match.path))


def _silenced(outcome: Outcome) -> Iterator[tuple[Table, Row]]:
    for ordinal, one in enumerate(outcome.silenced):
        by = (one.by.entry_id, one.by.bank_id) if one.by else (None, None)
        yield silenced, (ordinal, one.reason.value, *_found(one.match), *by)


def _found(match: Match) -> Row:
    return match.entry_id, match.bank_id, match.kind, match.distance, match.list_version


def _history(event: Event, outcome: Outcome, case: Case | None) -> Iterator[tuple[Table, Row]]:
    """What the actor's history is counted from, besides the number of events."""
    if event.actor is None or event.appeal is not None:
        return  # to contest a decision is held against nobody
    known = {
        "match": outcome.verdict is Verdict.MATCH,
        "block": ActionKind.BLOCK in outcome.decision.actions,
        "case": case is not None,
    }
    for what, holds in known.items():
        if holds:
            yield histories, (what, event.actor.id, event.drill, microseconds(event.received_at))


def _deliveries(sent: Sequence[Delivery]) -> Iterator[tuple[Table, Row]]:
    for ordinal, delivery in enumerate(sent):
        created_at = microseconds(delivery.created_at)
        ended_at = None if delivery.ended_at is None else microseconds(delivery.ended_at)
        row = (
            ordinal,
            delivery.id,
            delivery.message.action.value,
            delivery.destination,
            msgspec.json.encode(delivery.message).decode(),
            delivery.state.value,
            delivery.attempts,
            created_at,
            microseconds(delivery.confirm_by),
            created_at if ended_at is None else None,
            ended_at,
            delivery.problem,
        )
        yield deliveries, row


def _shadow(outcome: Outcome, shadow: Shadowed | None) -> Iterator[tuple[Table, Row]]:
    row = shadow_row(outcome.decision, shadow)
    if row is not None:
        yield shadows, row


def _origin(event: Event) -> Iterator[tuple[Table, Row]]:
    origin = event.origin
    if origin is not None:
        yield findings, (origin.rescan, origin.event_id, microseconds(origin.received_at))


def _signals(event: Event) -> Iterator[tuple[Table, Row]]:
    signals = [
        (position, signal)
        for position, content in enumerate(event.contents)
        for signal in content.signals
    ]
    for ordinal, (position, signal) in enumerate(signals):
        value = signal_bytes(signal)
        little = signal.low_information.value if signal.low_information else None
        row = (ordinal, position, signal.kind, value, signal.part, signal.quality, little)
        yield kept_signals, row


def _tally(outcome: Outcome, parts: Sequence[tuple[Table, Row]]) -> Iterator[str]:
    yield "events"
    yield f"events_{outcome.verdict.value}"
    for table, row in parts:
        if table is decisions:
            yield "decisions"
        elif table is actions:
            yield f"actions_{row[0]}"
        elif table is cases:
            yield "cases"
        elif table is findings:
            yield "findings"
        elif table is kept_signals:
            yield "signals_kept"
        elif table is deliveries:
            yield "deliveries"
    yield from law_tally(outcome)
    for match in outcome.matches:
        yield f"matches_{match.kind}"
    for one in outcome.silenced:
        yield "silenced"
        yield f"silenced_{one.reason.value}"


def _write_sqlite(connection: Connection, rows: Sequence[Row]) -> dict[str, int]:
    """Insert events that are new; their numbers. Nobody else writes meanwhile."""
    last = connection.exec_driver_sql("SELECT coalesce(max(seq), 0) FROM events").scalar_one()
    marks = ", ".join("?" * len(EVENT_COLUMNS))
    connection.exec_driver_sql(
        f"INSERT INTO events ({', '.join(EVENT_COLUMNS)}) VALUES ({marks})"  # noqa: S608 - own names
        " ON CONFLICT (id) DO NOTHING",
        list(rows),
    )
    new = connection.exec_driver_sql("SELECT id, seq FROM events WHERE seq > ?", (last,))
    return {row.id: row.seq for row in new}


def _write_postgresql(connection: Connection, rows: Sequence[Row]) -> dict[str, int]:
    """Insert events that are new; their numbers. One array a column keeps the statement short."""
    arrays = ", ".join(f"%s::{kind}[]" for kind in EVENT_COLUMNS.values())
    new = connection.exec_driver_sql(
        f"INSERT INTO events ({', '.join(EVENT_COLUMNS)})"  # noqa: S608 - own names
        f" SELECT * FROM unnest({arrays}) ON CONFLICT (id) DO NOTHING RETURNING id, seq",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )
    return {row.id: row.seq for row in new}


def count(connection: Connection, tally: Counter[str], journal: str) -> None:
    """Add to counters, in rows that belong to `journal` alone."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    if tally:
        connection.exec_driver_sql(
            "INSERT INTO tallies (journal, name, value)"  # noqa: S608 - our own names
            f" VALUES ({mark}, {mark}, {mark})"
            " ON CONFLICT (journal, name) DO UPDATE SET value = tallies.value + excluded.value",
            [(journal, name, by) for name, by in tally.items()],
        )
