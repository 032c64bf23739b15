"""Times as files of conversations write them: with a date, as a number, or of the day only."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

_OF_DAY = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$", re.ASCII)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_DAY = 12 * 3600
_MILLISECONDS = 1e11
"""A larger number of seconds lies after the year 5000, so that it counts milliseconds."""


class Clock:
    """The times of one conversation, in the order of its messages.

    Times of the day have no date. The first falls on 1970-01-01; one that is more than half a day
    before its forerunner belongs to the next day, a smaller step back is a clock that went back.
    """

    def __init__(self) -> None:
        self._day = _START
        self._before: int | None = None

    def read(self, written: object) -> datetime | None:
        """The time that was written, in UTC; None where it cannot be understood.

        Args:
            written: text in ISO 8601 (UTC where it names no zone) or `HH:MM`, or seconds or
                milliseconds since 1970.
        """
        try:
            if isinstance(written, str):
                return self._text(written)
            if isinstance(written, int | float) and not isinstance(written, bool):
                return _of_number(float(written))
        except (ValueError, OverflowError, OSError):
            return None
        return None

    def _text(self, written: str) -> datetime:
        if found := _OF_DAY.match(written):
            return self._of_day(*(int(part or 0) for part in found.groups()))
        text = written.strip()
        if text.replace(".", "", 1).isdecimal():
            return _of_number(float(text))
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)

    def _of_day(self, hour: int, minute: int, second: int) -> datetime:
        time = self._day.replace(hour=hour, minute=minute, second=second)
        seconds = hour * 3600 + minute * 60 + second
        if self._before is not None and self._before - seconds > _HALF_DAY:
            self._day += timedelta(days=1)
            time += timedelta(days=1)
        self._before = seconds
        return time


def _of_number(number: float) -> datetime:
    if not math.isfinite(number):
        raise ValueError(number)
    seconds = number / 1000 if abs(number) >= _MILLISECONDS else number
    return datetime.fromtimestamp(seconds, UTC)
