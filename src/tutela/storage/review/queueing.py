"""Which queue has a case: the first, in their order, whose filter takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select, text, update

from tutela.model import Severity
from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.queue import EVERYTHING, Queue, QueueFilter
from tutela.storage.review.searching import WAITING
from tutela.storage.review.tables import queue_sorting, queues
from tutela.storage.tables import cases

ARRANGING = 0x7455_7465_6C61_0001
"""Number of PostgreSQL's lock that whoever puts cases together or into queues holds."""
SORTED_AT_ONCE = 500

COLUMNS = (
    cases.c.event_seq,
    cases.c.principles,
    cases.c.severity,
    cases.c.imminent,
    cases.c.language,
    cases.c.region,
    cases.c.kind,
    cases.c.second_look,
    cases.c.opened_at,
    cases.c.queue,
    cases.c.moved,
    cases.c.waits_until,
    cases.c.readings_wanted,
)


class Queued(Record, frozen=True, kw_only=True):
    """What queues ask about a case."""

    principles: tuple[int, ...]
    severity: Severity
    imminent: bool
    language: str
    region: str
    kind: CaseKind
    second_look: bool
    opened_at: datetime
    queue: str = EVERYTHING
    moved: bool = False


def arranging(connection: Connection) -> None:
    """Keep everybody else from putting cases together or into queues until the transaction ends.

    Of SQLite nothing is to be done: there, only one transaction writes at a time.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ARRANGING})


def queues_of(connection: Connection) -> list[Queue]:
    """Every queue in the order in which they are asked."""
    rows = connection.execute(select(queues).order_by(queues.c.position, queues.c.name))
    return [_queue(row) for row in rows.mappings()]


def takes(wanted: QueueFilter, one: Queued) -> bool:
    """Whether a filter holds of a case."""
    return (
        (not wanted.principles or not set(wanted.principles).isdisjoint(one.principles))
        and (not wanted.severities or one.severity in wanted.severities)
        and (wanted.imminent is None or wanted.imminent is one.imminent)
        and (not wanted.languages or any(_spoken(tag, one.language) for tag in wanted.languages))
        and (not wanted.regions or one.region in wanted.regions)
        and (not wanted.kinds or one.kind in wanted.kinds)
    )


def _spoken(tag: str, language: str) -> bool:
    """Whether a language tag begins with another one, part by part: `en` takes `en-GB`."""
    return f"{language.lower()}-".startswith(f"{tag.lower()}-")


def queue_for(known: Sequence[Queue], one: Queued) -> Queue:
    """The queue that has a case; where somebody put it into one that there is, that one."""
    if one.moved:
        for queue in known:
            if queue.name == one.queue:
                return queue
    return next((queue for queue in known if takes(queue.filter, one)), known[-1])


def placed(known: Sequence[Queue], one: Queued) -> dict[str, Any]:
    """What a case's row says of its place: the queue, and what that promises."""
    queue = queue_for(known, one)
    return {
        "queue": queue.name,
        "moved": one.moved and queue.name == one.queue,
        "waits_until": one.opened_at + timedelta(seconds=queue.wait_seconds),
        "readings_wanted": max(queue.readings, 2 if one.second_look else 1),
    }


def queued(row: Mapping[str, Any]) -> Queued:
    """What queues ask about a case, of its row."""
    return Queued(
        principles=msgspec.json.decode(row["principles"], type=tuple[int, ...]),
        severity=Severity(row["severity"]),
        imminent=row["imminent"],
        language=row["language"],
        region=row["region"],
        kind=CaseKind(row["kind"]),
        second_look=row["second_look"],
        opened_at=row["opened_at"],
        queue=row["queue"],
        moved=row["moved"],
    )


def sort_again(connection: Connection) -> None:
    """Have every waiting case looked at, because the queues have changed; see `sort_some`."""
    connection.execute(update(queue_sorting).values(sorted_to=0))


def sort_some(connection: Connection) -> bool:
    """Put some waiting cases into the queues that take them now; whether any are left."""
    last = connection.scalar(select(queue_sorting.c.sorted_to))
    if last is None:
        return False
    known = queues_of(connection)
    # In the order of their numbers, whatever state they are in, so that each is met once.
    statement = (
        select(*COLUMNS, cases.c.state, cases.c.gathered_at)
        .where(cases.c.event_seq > last)
        .order_by(cases.c.event_seq)
        .limit(SORTED_AT_ONCE)
    )
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    for row in rows:
        if row["state"] in WAITING and row["gathered_at"] is not None:
            _place(connection, known, row)
    more = len(rows) == SORTED_AT_ONCE
    reached = rows[-1]["event_seq"] if more else None
    connection.execute(update(queue_sorting).values(sorted_to=reached))
    return more


def heirs_of(connection: Connection, name: str, most: int) -> dict[str, int]:
    """Which queues would have the cases that wait in one, were it not there; of `most` cases."""
    others = [one for one in queues_of(connection) if one.name != name]
    own = (cases.c.state.in_(WAITING), cases.c.queue == name)
    rows = connection.execute(select(*COLUMNS).where(*own).limit(most)).mappings()
    return dict(Counter(queue_for(others, queued(dict(row))).name for row in rows))


def _place(connection: Connection, known: Sequence[Queue], row: Mapping[str, Any]) -> None:
    place = placed(known, queued(row))
    if any(row[name] != value for name, value in place.items()):
        own = cases.c.event_seq == row["event_seq"]
        connection.execute(update(cases).where(own).values(**place))


def _queue(row: RowMapping) -> Queue:
    return Queue(
        name=row["name"],
        position=row["position"],
        filter=msgspec.json.decode(row["filter"], type=QueueFilter),
        readings=row["readings"],
        sample_share=row["sample_permille"] / 1000,
        wait_seconds=row["wait_seconds"],
        accuracy=row["accuracy_permille"] / 1000,
    )
