"""Events as stored, with what came of them."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model import Event, Outcome
from tutela.model.record import Record
from tutela.storage.database import Database


class EventFile(Record, frozen=True, kw_only=True):
    """An event and its outcome."""

    event: Event
    outcome: Outcome


class Events:
    """The events in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, event_id: str) -> EventFile:
        """One event with its kept signals, and its outcome; raises `NotFound`."""
        raise NotImplementedError

    def list(self, *, after: str | None = None, limit: int = 50) -> Sequence[EventFile]:
        """Up to `limit` events, latest first, without signals; `after` is the last id of a page."""
        raise NotImplementedError
