"""The journal: stores what came in and what came of it, many events in one transaction."""

from __future__ import annotations

from concurrent.futures import Future
from types import TracebackType
from typing import Self

from tutela.model import Event, Outcome
from tutela.model.record import Record
from tutela.storage.database import Database


class Stored(Record, frozen=True, kw_only=True):
    """An event that is already in the database: the digest of its request and its answer."""

    event_id: str
    digest: str
    outcome: Outcome


class Journal:
    """The one writer of events in a process; thread-safe; a context manager.

    Whatever waits is written in one transaction (group commit) by a thread of its own.

    Args:
        database: where to write.
        keep_signals: whether the signals of what was checked stay.
        capacity: events that may wait; one more is refused.
        batch: events in one transaction, at most.
    """

    def __init__(
        self,
        database: Database,
        *,
        keep_signals: bool = True,
        capacity: int = 10_000,
        batch: int = 512,
    ) -> None:
        raise NotImplementedError

    def record(self, event: Event, outcome: Outcome) -> Future[Outcome]:
        """Store an event with its outcome; never blocks and never raises.

        The future's result is the outcome that is stored under the event's id, once it is durable:
        `outcome` itself, or that of an earlier event with the same id and digest. Its exception is:

        - `Conflict`: the id is taken by an event with another digest;
        - `Unavailable`: the database is down, full or locked, too much waits, or the journal is
          closed. Trying again with the same id is safe;
        - `InvalidInput`: the event holds something that no database can store.
        """
        raise NotImplementedError

    def find(self, event_id: str) -> Stored | None:
        """What is stored under an event id, if anything. Blocks."""
        raise NotImplementedError

    def close(self) -> None:
        """Write what waits, then stop. Afterwards `record` answers `Unavailable`."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
