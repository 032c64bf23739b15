"""The form of a queue: what was typed, the queue that it makes, and where it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tutela.errors import InvalidInput
from tutela.interfaces.language import later
from tutela.model import Severity
from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.queue import Queue, QueueFilter

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
"""Units of the promised time, in seconds."""
PRINCIPLES = tuple(range(1, 12))
IMMINENT = {"": None, "yes": True, "no": False}
NEW = Queue(name="a", position=1)
"""What a new queue is like where nobody says otherwise; its name is no default."""


class QueueRefused(InvalidInput):
    """What was typed makes no queue; `where` names the field."""

    code = "invalid-queue"


class Typed(Record, frozen=True, kw_only=True):
    """What stands in the form, as it was typed; boxes that are ticked by what they stand for.

    Attributes:
        sample, accuracy: per cent.
        wait, unit: the promised time.
    """

    name: str = ""
    principles: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    imminent: str = ""
    languages: str = ""
    regions: str = ""
    kinds: tuple[str, ...] = ()
    readings: str = ""
    sample: str = ""
    wait: str = ""
    unit: str = "hours"
    accuracy: str = ""


def typed_in(fields: Mapping[str, str]) -> Typed:
    """What a form says."""
    boxes: Mapping[str, Sequence[str]] = {
        "principles": [str(number) for number in PRINCIPLES],
        "severities": [one.value for one in Severity],
        "kinds": [one.value for one in CaseKind],
    }
    said: dict[str, Any] = {
        name: tuple(one for one in known if f"{name}-{one}" in fields)
        for name, known in boxes.items()
    }
    texts = set(Typed.__struct_fields__) - set(boxes)
    said |= {name: fields.get(name, "").strip() for name in texts}
    return Typed(**said)


def typed_of(queue: Queue) -> Typed:
    """A queue as it stands in its form."""
    takes = queue.filter
    seconds = queue.wait_seconds
    whole = (unit for unit, size in reversed(UNITS.items()) if seconds % size == 0)
    unit = next(whole, "minutes")
    imminent = next(said for said, meant in IMMINENT.items() if meant is takes.imminent)
    return Typed(
        name=queue.name,
        principles=tuple(map(str, takes.principles)),
        severities=tuple(one.value for one in takes.severities),
        imminent=imminent,
        languages=" ".join(takes.languages),
        regions=" ".join(takes.regions),
        kinds=tuple(one.value for one in takes.kinds),
        readings=str(queue.readings),
        sample=_plain(queue.sample_share * 100),
        wait=_plain(seconds / UNITS[unit]),
        unit=unit,
        accuracy=_plain(queue.accuracy * 100),
    )


def queue_of(typed: Typed, *, name: str, position: int, with_filter: bool = True) -> Queue:
    """The queue that was typed.

    Args:
        typed: what stands in the form.
        name: of the queue.
        position: where it is to stand.
        with_filter: whether the form has a filter: that of the last queue has none.

    Raises:
        QueueRefused: it is none, and in which field.
    """
    document: dict[str, Any] = {
        "name": name,
        "position": position,
        "filter": _filter(typed) if with_filter else {},
        "readings": typed.readings,
        "sample_share": _number("sample", typed.sample) / 100,
        "wait_seconds": round(_number("wait", typed.wait) * UNITS.get(typed.unit, 0)),
        "accuracy": _number("accuracy", typed.accuracy) / 100,
    }
    try:
        return msgspec.convert(document, Queue, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(_field(str(error))) from None


def _filter(typed: Typed) -> Mapping[str, object]:
    if typed.imminent not in IMMINENT:
        raise _refused("imminent")
    return {
        "principles": typed.principles,
        "severities": typed.severities,
        "imminent": IMMINENT[typed.imminent],
        "languages": _listed(typed.languages),
        "regions": _listed(typed.regions),
        "kinds": typed.kinds,
    }


def _listed(text: str) -> Sequence[str]:
    """Words between commas and spaces, each once."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,;]+", text))))


def _number(field: str, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise _refused(field) from None
    if not 0 <= number < 2**53:
        raise _refused(field)
    return number


def _field(error: str) -> str:
    """The field of the form that an error of the record is about."""
    path = error.rpartition("`$.")[2].rstrip("`").partition("[")[0]
    parts = {"sample_share": "sample", "wait_seconds": "wait"}
    name = path.removeprefix("filter.")
    known = {*Typed.__struct_fields__, *QueueFilter.__struct_fields__}
    return parts.get(name, name if name in known else "")


def _refused(field: str) -> QueueRefused:
    return QueueRefused(
        later("this cannot be a queue"), where=field, remedy=later("change what is marked")
    )


def _plain(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
