"""Times that people write, by their own clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = len("2026-11-30")


def moment_in(text: str, zone: ZoneInfo, *, through: bool = False) -> datetime:
    """A day or a time that somebody has written, in UTC.

    What names no offset is by the reader's clock. An hour that comes twice, when clocks are set
    back, is the first of the two; one that no clock shows is as long after the gap as it says.

    Args:
        text: `2026-11-30`, `2026-11-30T14:05`, or with seconds or an offset as well.
        zone: of whoever has written it.
        through: whether a day is meant with all of itself, up to where the next one begins.

    Raises:
        ValueError: it is neither.
    """
    try:
        return _written(text, zone, through=through).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def _written(text: str, zone: ZoneInfo, *, through: bool) -> datetime:
    if len(text) == DAY:
        day = date.fromisoformat(text) + timedelta(days=1 if through else 0)
        return datetime.combine(day, time(), zone)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
