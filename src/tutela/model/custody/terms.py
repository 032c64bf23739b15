"""How long the law gives: a number of hours, days, ... counted from a moment."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from enum import StrEnum

_SPAN = re.compile(r"[1-9][0-9]{0,2} (hour|day|week|month|year)s?|[1-9][0-9]{3,4} days")
_MONTHS = {"month": 1, "year": 12}
_HOURS = {"hour": 1, "day": 24, "week": 168}


class Moment(StrEnum):
    """From when a term counts."""

    AWARENESS = "awareness"
    """The service knows, or is told."""
    NOTICE = "notice"
    """A notice from an authority or a person concerned has come in."""
    QUESTION = "question"
    """An authority has asked for more about a report."""
    REPORT = "report"
    """The report is complete, and its receipt is there."""
    DETECTION = "detection"
    """The content was found."""
    PERIOD = "period"
    """The period that a publication is about has ended."""


class Bound(StrEnum):
    """What a period of retention means."""

    MINIMUM = "minimum"
    """Kept for so long at least."""
    MAXIMUM = "maximum"
    """Kept for so long at most."""
    EXACT = "exact"
    """Kept for so long, then destroyed."""


def is_span(text: str) -> bool:
    """Whether a text is a number of hours, days, weeks, months or years."""
    return _SPAN.fullmatch(text) is not None


def due(within: str, after: datetime) -> datetime | None:
    """When a term ends that began at a moment; None where it is a word and not a number.

    A month or year ends on the day of the same number, or on the last day of a shorter month.
    """
    return _counted(within, after, 1)


def since(window: str, before: datetime) -> datetime | None:
    """When a span begins that ends at a moment; None where it is a word and not a number."""
    return _counted(window, before, -1)


def _counted(span: str, start: datetime, sign: int) -> datetime | None:
    if not is_span(span):
        return None
    stated, _, unit = span.removesuffix("s").partition(" ")
    number = sign * int(stated)
    if unit in _HOURS:
        return start + timedelta(hours=number * _HOURS[unit])
    months = start.month - 1 + number * _MONTHS[unit]
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day)
