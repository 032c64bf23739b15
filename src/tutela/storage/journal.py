"""The journal: stores what came in and what came of it, many events in one transaction.

Waiting for the disk is the price of an answer that is never taken back. The journal pays it once
for all events that wait at the same time (group commit), so the busier it is the less each pays.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

import structlog
from structlog.typing import FilteringBoundLogger

from tutela.errors import Conflict, InvalidInput, TutelaError, Unavailable
from tutela.model import Case, Delivery, Event, Outcome
from tutela.model.custody.evidence import NewItem
from tutela.storage.database import Database
from tutela.storage.journal_rows import Rows, Stored, read_stored, rows_of, write_rows
from tutela.storage.review.opening import Contested
from tutela.storage.rules.shadowed import Shadowed

__all__ = ["Journal", "Shadowed", "Stored"]


@dataclass(frozen=True, slots=True)
class _Waiting:
    event_id: str
    digest: str
    outcome: Outcome
    rows: Rows
    future: Future[Outcome]


class Journal:
    """The one writer of events in a process; thread-safe; a context manager.

    Whatever waits is written in one transaction (group commit) by a thread of its own.

    Args:
        database: where to write.
        keep_signals: whether the signals of what was checked stay.
        capacity: events that may wait; one more is refused.
        batch: events in one transaction, at most.
        written: told after each transaction how many events it made durable.
        log: where it tells of trouble; structlog's own where it is None.
    """

    def __init__(
        self,
        database: Database,
        *,
        keep_signals: bool = True,
        capacity: int = 10_000,
        batch: int = 512,
        written: Callable[[int], object] = lambda _: None,
        log: FilteringBoundLogger | None = None,
    ) -> None:
        self._database = database
        self._keep_signals = keep_signals
        self._capacity = capacity
        self._batch = batch
        self._written = written
        self._id = secrets.token_hex(8)
        self._log = log or structlog.get_logger()
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._writer = threading.Thread(target=self._run, name="journal", daemon=True)
        self._writer.start()

    def record(
        self,
        event: Event,
        outcome: Outcome,
        case: Case | None = None,
        sent: Sequence[Delivery] = (),
        shadow: Shadowed | None = None,
        items: Sequence[NewItem] = (),
        contested: Contested | None = None,
    ) -> Future[Outcome]:
        """Store an event with all that came of it; never blocks and never raises.

        Args:
            event: the event.
            outcome: its outcome.
            case: the case that it opens.
            sent: the actions that are to be sent, written to the outbox.
            shadow: what a policy in shadow made of it.
            items: the evidence that is kept of it; what they say of the vault lies there already.
            contested: what it contests, if it is an appeal.

        The future's result is the outcome that is stored under the event's id, once it is durable:
        `outcome` itself, or that of an earlier event with the same id and digest. Its exception is:

        - `Conflict`: the id is taken by an event with another digest;
        - `Unavailable`: the database is down, full or locked, too much waits, or the journal is
          closed. Trying again with the same id is safe;
        - `InvalidInput`: the event holds something that cannot be stored.
        """
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()  # what was handed in is stored, wanted or not
        try:
            parts = (event, outcome, case, sent, shadow, items, contested)
            rows = rows_of(*parts, keep_signals=self._keep_signals)
            self._put(_Waiting(event.id, event.digest, outcome, rows, future))
        except TutelaError as error:
            future.set_exception(error)
        except (ValueError, TypeError, OverflowError) as error:
            future.set_exception(_not_storable(error))
        return future

    @property
    def depth(self) -> int:
        """Events that wait to be written now."""
        return self._waiting.qsize()

    def find(self, event_id: str) -> Stored | None:
        """What is stored under an event id, if anything. Blocks; raises `Unavailable`."""
        with self._database.read() as connection:
            return read_stored(connection, [event_id]).get(event_id)

    def close(self) -> None:
        """Write what waits, then stop. Afterwards `record` answers `Unavailable`."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._writer.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, item: _Waiting) -> None:
        with self._closing:
            if self._closed:
                raise Unavailable("the journal is closed", remedy="try again later")
            if self._waiting.qsize() >= self._capacity:
                raise Unavailable("too many events wait to be stored", remedy="try again later")
            self._waiting.put(item)

    def _run(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._next()
            if batch:
                self._write(batch)

    def _next(self) -> tuple[Sequence[_Waiting], bool]:
        """All that waits, up to a batch, after waiting for the first; and whether it is the end."""
        taken = [self._waiting.get()]
        with suppress(Empty):
            while taken[-1] is not None and len(taken) < self._batch:
                taken.append(self._waiting.get_nowait())
        return [item for item in taken if item is not None], taken[-1] is None

    def _write(self, batch: Sequence[_Waiting]) -> None:
        first: dict[str, _Waiting] = {}
        for item in batch:
            first.setdefault(item.event_id, item)
        try:
            stored = self._store(first)
        except Unavailable as error:
            self._log.warning("events were not stored", count=len(batch), reason=error.what)
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the neighbours must be written
            if len(batch) == 1:
                _fail(batch, _not_storable(error))
            else:
                middle = len(batch) // 2
                self._write(batch[:middle])
                self._write(batch[middle:])
        else:
            for item in batch:
                _answer(item, stored.get(item.event_id))
            self._written(len(batch))

    def _store(self, batch: Mapping[str, _Waiting]) -> dict[str, Stored]:
        """Write what is new in one transaction; what is stored afterwards, by event id."""
        with self._database.write() as connection:
            rows = {event_id: item.rows for event_id, item in batch.items()}
            new = write_rows(connection, rows, self._id)
            old = [event_id for event_id in batch if event_id not in new]
            stored = read_stored(connection, old) if old else {}
        for event_id in new:
            item = batch[event_id]
            stored[event_id] = Stored(event_id=event_id, digest=item.digest, outcome=item.outcome)
        return stored


def _answer(item: _Waiting, stored: Stored | None) -> None:
    if stored is None:
        item.future.set_exception(Unavailable("the event is stored without its decision"))
    elif stored.digest == item.digest:
        item.future.set_result(stored.outcome)
    else:
        item.future.set_exception(
            Conflict(
                "another event was stored under this id before",
                where="id",
                remedy="give every event an id of its own",
            )
        )


def _fail(batch: Sequence[_Waiting], error: TutelaError) -> None:
    for item in batch:
        item.future.set_exception(error)


def _not_storable(error: Exception) -> InvalidInput:
    return InvalidInput(f"the event holds something that cannot be stored ({type(error).__name__})")
