"""Figures as every face of the program asks for them and writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from msgspec import structs

from tutela.errors import NotFound
from tutela.interfaces.protecting import period as times
from tutela.interfaces.review.exporting import harmless
from tutela.model.review.figures import Number, Period
from tutela.response.review.agreement import Kappa, Share
from tutela.response.review.figures import FigureReader, Figures, Line
from tutela.storage.values import now

ALL = "all queues"
"""Stands in a file for all queues together; a queue has no space in its name."""
COLUMNS = ("queue", "figure", "value", "low", "high", "of", "held")


class Practice(StrEnum):
    """Which cases figures are about."""

    NO = "no"
    """Those that are no drill."""
    YES = "yes"
    """Drills."""
    ALL = "all"
    """Both."""


class FiguresFormat(StrEnum):
    """The formats that figures can be had in."""

    JSON = "json"
    """One document: for programs."""
    CSV = "csv"
    """One row for each figure of each queue: for spreadsheets."""

    @property
    def media_type(self) -> str:
        """Media type of a file in this format."""
        return "text/csv; charset=utf-8" if self is FiguresFormat.CSV else "application/json"


_DRILL = {Practice.NO: False, Practice.YES: True, Practice.ALL: None}


def asked_period(since: datetime | None, until: datetime | None, drill: Practice) -> Period:
    """What figures are about; the last 30 days where nothing is said, with the present minute.

    Raises:
        InvalidInput: a point in time has no zone, or the period ends before it begins.
    """
    begins, ends = times(since, until or _next_minute())
    return Period(since=begins, until=ends, drill=_DRILL[drill])


def _next_minute() -> datetime:
    """When the present minute ends, so that whoever asks within it asks for the same."""
    return now().replace(second=0, microsecond=0) + timedelta(minutes=1)


def figures(reader: FigureReader, period: Period, queue: str = "") -> Figures:
    """The figures of a period; of one queue alone, besides those of all, where it is named. Blocks.

    Raises:
        NotFound: there is no such queue, nor anything that was in one.
    """
    found = reader.read(period)
    if not queue:
        return found
    own = tuple(line for line in found.queues if line.queue == queue)
    if not own:
        raise NotFound("no queue has this name", where="queue")
    return structs.replace(found, queues=own)


def figures_csv(found: Figures) -> bytes:
    """Figures as CSV: a row for each figure of each queue; what is not known stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for line in (found.total, *found.queues):
        for row in _rows(line):
            cells = ["" if value is None else str(value) for value in row[1:]]
            writer.writerow([harmless(line.queue or ALL), harmless(row[0]), *cells])
    return text.getvalue().encode(errors="replace")


class _Row(NamedTuple):
    """A figure of a queue; `held` of `of` cases where it is a share."""

    figure: str
    value: float | None
    low: float | None = None
    high: float | None = None
    of: int | None = None
    held: int | None = None


def _rows(line: Line) -> Iterator[_Row]:
    if line.now is not None:
        for name in ("waiting", "held", "imminent", "disputed", "overdue"):
            yield _Row(f"now {name}", getattr(line.now, name))
    yield _Row("now samples waiting", line.samples_waiting)
    for number in Number:
        yield _Row(number.value, line.numbers[number])
    for one in line.outcomes:
        yield _Row(" ".join(filter(None, ("decided", one.outcome, one.category))), one.cases)
    for name, spread in (("waited", line.waited), ("reading", line.reading)):
        yield _Row(f"{name} seconds, half", spread.half, of=spread.of)
        yield _Row(f"{name} seconds, 95 of 100", spread.most, of=spread.of)
    for name in _SHARES:
        share: Share = getattr(line, name)
        yield _Row(f"share {name}", share.value, share.low, share.high, share.of, share.held)
    kappa: Kappa = line.kappa
    yield _Row("kappa", kappa.value, kappa.low, kappa.high, kappa.pairs)
    yield _Row("target", line.target)


_SHARES = (
    *("late", "unseen", "undone", "passed", "agreement"),
    *("accuracy", "samples", "firsts", "granted"),
)
