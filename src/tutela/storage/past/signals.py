"""Kept signals: read in windows of events, oldest first, and deleted when their time is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, delete, func, select

from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.past.counting import add_to_tally
from tutela.storage.tables import events, findings, kept_signals
from tutela.storage.values import now

EXPIRED_AT_ONCE = 500
"""Events whose signals are deleted in one transaction: short, so that live events are written."""


class KeptPart(Record, frozen=True, kw_only=True, eq=False):
    """Kept signals of one kind as arrays of equal length n.

    Attributes:
        codes: uint8, (n, bits / 8): the canonical bytes.
        events: int64, (n,): number of the event that each belongs to.
    """

    kind: str
    codes: NDArray[np.uint8]
    events: NDArray[np.int64]


class Window(Record, frozen=True, kw_only=True, eq=False):
    """The kept signals of some events that follow each other.

    Attributes:
        last: number of the last event that the window covers.
        events: events in it, without findings.
        bare: those of them that have no signals kept.
        barred: those that have, and may not be looked at.
        signals: signals in `parts`.
    """

    last: int
    events: int
    bare: int
    barred: int = 0
    parts: tuple[KeptPart, ...]

    @property
    def signals(self) -> int:
        """Signals in all parts."""
        return sum(len(part.events) for part in self.parts)


class Span(Record, frozen=True, kw_only=True):
    """Which events to look at.

    Attributes:
        after, up_to: numbers of events: above the one, not above the other.
        since, until: when they were received: not before the one, before the other.
    """

    after: int
    up_to: int
    since: datetime | None = None
    until: datetime | None = None

    @property
    def timed(self) -> bool:
        """Whether the time counts, too."""
        return self.since is not None or self.until is not None


class Expired(Record, frozen=True, kw_only=True):
    """What one step of `KeptSignals.expire` did.

    Attributes:
        last: where the next step begins; 0 where it is the last of a round.
        signals: signals that it deleted.
    """

    last: int
    signals: int


class KeptSignals:
    """The kept signals in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def window(
        self,
        span: Span,
        kinds: Collection[str],
        size: int,
        permitted: Callable[[str, str, str], bool] | None = None,
    ) -> Window:
        """The first events of a span with about `size` signals of some kinds; never half an event.

        Args:
            span: the events; the next window begins after `Window.last`.
            kinds: names of signal kinds; others are not read.
            size: signals to read, at least 1; and most events, so that a window of few signals
                does not take long either.
            permitted: whether content of a region, a surface and a kind of event may be looked at
                now; the signals of other events are left out.
        """
        span = _until(span, min(span.up_to, span.after + size))
        with self._database.read() as connection:
            rows = _rows(connection, span, kinds, size)
            last = span.up_to
            if len(rows) == size:
                last = rows[-1].event_seq - 1
                rows = [row for row in rows if row.event_seq <= last]
                if not rows:  # one event has more signals than the window
                    last += 1
                    rows = _rows(connection, _until(span, last), kinds, None)
            barred = _barred(connection, _until(span, last), permitted) if permitted else set()
            total, bare = _count(connection, _until(span, last))
        kept = [row for row in rows if row.event_seq not in barred]
        out = len({row.event_seq for row in rows} & barred)
        return Window(last=last, events=total, bare=bare, barred=out, parts=_parts(kept))

    def oldest(self) -> datetime | None:
        """When the oldest event came in whose signals are kept; None where none are."""
        first = select(func.min(kept_signals.c.event_seq)).scalar_subquery()
        with self._database.read() as connection:
            return connection.scalar(select(events.c.received_at).where(events.c.seq == first))

    def expire(self, before: datetime, after: int = 0) -> Expired:
        """Delete the signals of some events that came in before a time; one step of a round.

        Events are looked at in the order of their numbers, which is nearly that of their times. A
        round ends where many in a row are younger; those whose time lies in the future, written
        by a clock that was wrong, do not end it.
        """
        with self._database.read() as connection:
            seen = _next(connection, after)
        old = [seq for seq, came in seen if came < before]
        present = now()
        goes_on = old or any(came > present for _, came in seen)
        if old:
            with self._database.write() as connection:
                gone = connection.execute(
                    delete(kept_signals).where(kept_signals.c.event_seq.in_(old))
                ).rowcount
                add_to_tally(connection, "signals_expired", gone)
        else:
            gone = 0
        return Expired(last=seen[-1][0] if goes_on else 0, signals=gone)


def _until(span: Span, last: int) -> Span:
    return Span(after=span.after, up_to=last, since=span.since, until=span.until)


def _rows(
    connection: Connection, span: Span, kinds: Collection[str], size: int | None
) -> Sequence[Any]:
    wanted = select(kept_signals.c.event_seq, kept_signals.c.kind, kept_signals.c.value)
    if span.timed:
        wanted = wanted.join(events, events.c.seq == kept_signals.c.event_seq)
    number = kept_signals.c.event_seq
    wanted = wanted.where(
        number > span.after, number <= span.up_to, kept_signals.c.kind.in_(kinds), *_times(span)
    )
    return connection.execute(wanted.order_by(number).limit(size)).all()


def _times(span: Span) -> list[ColumnElement[bool]]:
    times = []
    if span.since is not None:
        times.append(events.c.received_at >= span.since)
    if span.until is not None:
        times.append(events.c.received_at < span.until)
    return times


def _count(connection: Connection, span: Span) -> tuple[int, int]:
    """Events of a span that are no findings, and those of them without kept signals."""
    kept = select(1).where(kept_signals.c.event_seq == events.c.seq).exists()
    found = select(1).where(findings.c.event_seq == events.c.seq).exists()
    inside = (events.c.seq > span.after, events.c.seq <= span.up_to, *_times(span), ~found)
    total = connection.scalar(select(func.count()).select_from(events).where(*inside)) or 0
    bare = connection.scalar(select(func.count()).select_from(events).where(*inside, ~kept)) or 0
    return total, bare


def _barred(
    connection: Connection, span: Span, permitted: Callable[[str, str, str], bool]
) -> set[int]:
    """Numbers of the events of a span that may not be looked at."""
    places = select(events.c.seq, events.c.region, events.c.surface, events.c.kind).where(
        events.c.seq > span.after, events.c.seq <= span.up_to
    )
    known: dict[tuple[str, str, str], bool] = {}
    found = set()
    for seq, region, surface, kind in connection.execute(places):
        place = (region, surface, kind)
        if place not in known:
            known[place] = permitted(*place)
        if not known[place]:
            found.add(seq)
    return found


def _parts(rows: Sequence[Any]) -> tuple[KeptPart, ...]:
    by_kind: dict[str, tuple[list[int], list[bytes]]] = defaultdict(lambda: ([], []))
    for seq, kind, value in rows:
        numbers, values = by_kind[kind]
        numbers.append(seq)
        values.append(value)
    return tuple(
        KeptPart(
            kind=kind,
            codes=np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1),
            events=np.array(numbers, np.int64),
        )
        for kind, (numbers, values) in sorted(by_kind.items())
    )


def _next(connection: Connection, after: int) -> list[tuple[int, datetime]]:
    """The next events with kept signals, and when each came in."""
    kept = (
        select(kept_signals.c.event_seq)
        .where(kept_signals.c.event_seq > after)
        .distinct()
        .order_by(kept_signals.c.event_seq)
        .limit(EXPIRED_AT_ONCE)
        .subquery()
    )
    statement = (
        select(events.c.seq, events.c.received_at)
        .join(kept, kept.c.event_seq == events.c.seq)
        .order_by(events.c.seq)
    )
    return [(row.seq, row.received_at) for row in connection.execute(statement)]
