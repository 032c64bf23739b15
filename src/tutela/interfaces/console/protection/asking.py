"""What forms and addresses of these pages ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from tutela.errors import InvalidInput
from tutela.interfaces.protecting import LEDGER_DAYS, period
from tutela.model.record import Record
from tutela.model.review.budget import NewLift
from tutela.model.review.ledger import Column
from tutela.model.review.protection import Floor, Protection

T = TypeVar("T")
QUEUE = "queue-"
"""Beginning of the names of the boxes for queues."""
SWITCHES = ("grey", "mute", "region", "sheet")


class Asked(Record, frozen=True, kw_only=True):
    """Which readings of the ledger a page shows; `days` and `column` as its address has them."""

    since: datetime
    until: datetime
    days: int
    column: Column | None
    before: int | None


def asked(query: Mapping[str, str]) -> Asked:
    """Read an address.

    Raises:
        InvalidInput: a part of it is none.
    """
    try:
        days = msgspec.convert(query.get("days", LEDGER_DAYS), int, strict=False)
        before = msgspec.convert(query.get("before"), int | None, strict=False)
        column = msgspec.convert(query.get("column") or None, Column | None)
    except msgspec.ValidationError:
        raise InvalidInput("this address cannot be read", remedy="use a link of the page") from None
    if not (0 < days <= 3660 and (before is None or 0 < before < 2**62)):  # noqa: PLR2004 - ten years, 64 bits
        raise InvalidInput("this address cannot be read", remedy="use a link of the page")
    _, until = period(None, None)
    return Asked(
        since=until - timedelta(days=days), until=until, days=days, column=column, before=before
    )


def protection_in(fields: Mapping[str, str]) -> Protection:
    """How content is to be shown; raises `InvalidInput`."""
    return _converted(_parts(fields), Protection)


def floor_in(fields: Mapping[str, str]) -> Floor:
    """The weakest protection that anybody may choose; raises `InvalidInput`."""
    return _converted(_parts(fields), Floor)


def lift_in(fields: Mapping[str, str]) -> NewLift:
    """What is to be lifted; raises `InvalidInput`."""
    numbers = {name: fields.get(name) or "0" for name in ("items", "minutes")}
    told = {"kind": fields.get("kind", ""), "reason": fields.get("reason", "").strip(), **numbers}
    return _converted(told, NewLift)


def queues_in(fields: Mapping[str, str]) -> Sequence[str]:
    """The queues whose boxes are ticked."""
    return [name.removeprefix(QUEUE) for name in fields if name.startswith(QUEUE)]


def _parts(fields: Mapping[str, str]) -> dict[str, object]:
    numbers: dict[str, object] = {name: fields.get(name, "") for name in ("blur", "size")}
    return numbers | {name: name in fields for name in SWITCHES}


def _converted(told: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(told, kind, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("`$.")[2].rstrip("`")
        where = name if name in kind.__struct_fields__ else ""  # type: ignore[attr-defined]
        raise InvalidInput(
            "the form cannot be used as it is", where=where, remedy="fill in what is missing"
        ) from None
