"""What of a batch can be taken at all, whatever the law says."""

from __future__ import annotations

from datetime import datetime

from tutela.errors import InvalidInput
from tutela.model.conversation.batch import NewMessage, NewReport


def check(message: NewMessage) -> None:
    """Refuse what no conversation can hold.

    Raises:
        InvalidInput: an id holds control characters, or a time has no zone.
    """
    _check_time(message.time)
    named = (message.conversation, message.surface, message.region, message.language)
    for text in (*named, *(one.id for one in message.people)):
        _check_id(text)


def check_report(report: NewReport) -> None:
    """Refuse a report that cannot be counted; raises `InvalidInput`."""
    _check_time(report.time)
    _check_id(report.actor)
    _check_id(report.by)


def _check_time(time: datetime | None) -> None:
    if time is not None and time.tzinfo is None:
        what = "a point in time needs a time zone"
        raise InvalidInput(what, where="time", remedy="add an offset such as Z")


def _check_id(text: str) -> None:
    """Ids are shown to people and stored as they are: nothing in them may be unprintable control.

    What looks odd, such as marks of the direction of writing, is somebody's name.
    """
    if text.isprintable():
        return
    if any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in text):  # noqa: PLR2004 - C0 and C1
        raise InvalidInput("an id holds control characters", where="id")
    if any(0xD800 <= ord(one) < 0xE000 for one in text):  # noqa: PLR2004 - halves of a pair
        raise InvalidInput("an id is not valid Unicode", where="id")
