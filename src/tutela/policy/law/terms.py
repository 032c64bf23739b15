"""How long the law gives: a number of hours, days, ... or a word such as "without delay"."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from enum import StrEnum

WORDS = (
    "immediately",
    "at once",
    "promptly",
    "without delay",
    "without undue delay",
    "as soon as reasonably practicable",
    "as soon as reasonably possible",
    "as soon as feasible",
    "within a reasonable time",
)
"""Terms of the law that name no number. They have no due time, and none is made up for them."""

NOT_STATED = "not stated"
"""Of retention: the law that was looked at names no period."""

_SPAN = re.compile(r"(?P<number>[1-9][0-9]{0,2}) (?P<unit>hour|day|week|month|year)s?")
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
    found = _SPAN.fullmatch(within)
    if found is None:
        return None
    number, unit = int(found["number"]), found["unit"]
    if unit in _HOURS:
        return after + timedelta(hours=number * _HOURS[unit])
    months = after.month - 1 + number * _MONTHS[unit]
    year, month = after.year + months // 12, months % 12 + 1
    day = min(after.day, calendar.monthrange(year, month)[1])
    return after.replace(year=year, month=month, day=day)
