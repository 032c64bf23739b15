"""Records of conversations as rows of their tables, and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from sqlalchemy import RowMapping

from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import ConversationRating, Lane
from tutela.storage.conversation.standing import ActorStanding, Alert, AlertFacts, Standing, Step

Row = dict[str, Any]
T = TypeVar("T")


def standing_row(standing: Standing) -> Row:
    """A conversation's row, with the revision that it has from now on."""
    row = {name: getattr(standing, name) for name in standing.__struct_fields__}
    for name in ("numbers", "people", "steps", "lanes"):
        row[name] = _text(row[name])
    return row | {"revision": standing.revision + 1}


def standing_of(row: RowMapping) -> Standing:
    """The inverse of `standing_row`, as it was stored."""
    return Standing(
        **{
            **row,
            "numbers": _read(row["numbers"], tuple[tuple[int, int], ...]),
            "people": _read(row["people"], tuple[Participant, ...]),
            "steps": _read(row["steps"], tuple[Step, ...]),
            "lanes": _read(row["lanes"], tuple[Lane, ...]),
        }
    )


def actor_row(standing: ActorStanding) -> Row:
    """An actor's row, with the revision that it has from now on."""
    row = {name: getattr(standing, name) for name in standing.__struct_fields__}
    return row | {"revision": standing.revision + 1}


def alert_row(alert: Alert) -> Row:
    """An alert's row."""
    row = {name: getattr(alert, name) for name in alert.__struct_fields__}
    return row | {"rating": _text(alert.rating), "facts": _text(alert.facts)}


def alert_of(row: RowMapping) -> Alert:
    """The inverse of `alert_row`."""
    rating = _read(row["rating"], ConversationRating)
    return Alert(**{**row, "rating": rating, "facts": _read(row["facts"], AlertFacts)})


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _read(text: str, kind: type[T]) -> T:
    return msgspec.json.decode(text, type=kind)
