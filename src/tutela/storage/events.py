"""Events as stored, with what came of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Select, select

from tutela.errors import NotFound
from tutela.model import Actor, Content, Event, EventKind, LowInformation, Origin, Outcome, Signal
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.journal_rows import About
from tutela.storage.tables import decisions, events, findings, kept_signals

ORIGIN = (
    findings.c.origin,
    findings.c.received_at.label("origin_received_at"),
    findings.c.rescan_id,
)


class EventFile(Record, frozen=True, kw_only=True):
    """An event and its outcome."""

    event: Event
    outcome: Outcome


class Events:
    """The events in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, event_id: str) -> EventFile:
        """One event with its kept signals, and its outcome; raises `NotFound`."""
        with self._database.read() as connection:
            statement = select_files().where(events.c.id == event_id)
            row = connection.execute(statement).mappings().one_or_none()
            if row is None:
                raise NotFound("no event has this id", where="event")
            return file_of(row, kept_of(connection, row["seq"]))

    def list(self, *, after: str | None = None, limit: int = 50) -> Sequence[EventFile]:
        """Up to `limit` events, latest first, without signals; `after` is the last id of a page.

        Raises:
            NotFound: there is no event `after`.
        """
        statement = select_files().order_by(events.c.seq.desc()).limit(limit)
        with self._database.read() as connection:
            if after is not None:
                number = connection.scalar(select(events.c.seq).where(events.c.id == after))
                if number is None:
                    raise NotFound("no event has this id", where="after")
                statement = statement.where(events.c.seq < number)
            return [file_of(row) for row in connection.execute(statement).mappings()]


def select_files(*more: Any) -> Select[Any]:  # noqa: ANN401 - columns of any type
    """Every event with its outcome, and more columns of joined tables."""
    joined = events.join(decisions, decisions.c.event_seq == events.c.seq).outerjoin(
        findings, findings.c.event_seq == events.c.seq
    )
    columns = (*events.c, decisions.c.outcome, *ORIGIN, *more)
    return select(*columns).select_from(joined)


def file_of(row: RowMapping, signals: Mapping[int, Sequence[Signal]] | None = None) -> EventFile:
    """The event and outcome of a row of `select_files`, with signals by position of the content."""
    contents = msgspec.json.decode(row["contents"], type=tuple[Content, ...])
    if signals:
        contents = tuple(
            msgspec.structs.replace(content, signals=tuple(signals.get(position, ())))
            for position, content in enumerate(contents)
        )
    about = msgspec.json.decode(row["about"] or "{}", type=About)
    event = Event(
        id=row["id"],
        digest=row["digest"],
        received_at=row["received_at"],
        kind=EventKind(row["kind"]),
        surface=row["surface"],
        region=row["region"],
        actor=_actor(row["actor"], about),
        drill=row["drill"],
        contents=contents,
        origin=_origin(row),
        receivers=about.receivers,
        conversation=about.conversation,
        ratings=about.ratings,
        account=about.account,
        history=about.history,
        language=about.language,
        appeal=about.appeal,
    )
    return EventFile(event=event, outcome=msgspec.json.decode(row["outcome"], type=Outcome))


def _actor(name: str | None, about: About) -> Actor | None:
    if name is None:
        return None
    return Actor(id=name, age=about.age, age_source=about.age_source)


def _origin(row: RowMapping) -> Origin | None:
    if row["origin"] is None:
        return None
    return Origin(
        event_id=row["origin"], received_at=row["origin_received_at"], rescan=row["rescan_id"]
    )


def kept_of(connection: Connection, number: int) -> Mapping[int, Sequence[Signal]]:
    """The kept signals of an event, by position of their content."""
    kept: dict[int, list[Signal]] = defaultdict(list)
    statement = select(kept_signals).where(kept_signals.c.event_seq == number)
    for row in connection.execute(statement.order_by(kept_signals.c.ordinal)):
        little = LowInformation(row.low_information) if row.low_information else None
        signal = Signal(
            kind=row.kind,
            value=row.value.hex(),
            part=row.part,
            quality=row.quality,
            low_information=little,
        )
        kept[row.content].append(signal)
    return kept
