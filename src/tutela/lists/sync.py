"""Keeps the index of one process equal to the lists in the database."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import structlog

from tutela.detection.index.matcher import BankState, Matcher
from tutela.model import Bank
from tutela.storage.banks import Banks
from tutela.storage.changes import Changes, Codes
from tutela.storage.database import Database
from tutela.storage.entries import Entries

TIDY_EVERY = timedelta(minutes=5)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class IndexSync:
    """Loads every list into a matcher, then follows the changes. Thread-safe.

    A look at the database that fails is tried again at the next; meanwhile the index answers as
    before, and its age grows.

    Args:
        database: where the lists are.
        matcher: what is to be kept equal to them; nothing else may change it.
        refresh_seconds: pause between two looks at the list version.
        clock: tells when an entry that is disabled until a time counts again.
    """

    def __init__(
        self,
        database: Database,
        matcher: Matcher,
        refresh_seconds: float = 0.25,
        *,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._banks = Banks(database)
        self._entries = Entries(database)
        self._matcher = matcher
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._log = structlog.get_logger("lists.sync")
        self._lock = threading.Lock()
        self._equal_at = -math.inf
        self._whole = False  # whether the index holds just what its version says
        self._due: dict[int, datetime] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="lists-sync", daemon=True)

    def start(self, *, wait: bool = True) -> None:
        """Load everything, here (`wait`) or in the background, then follow in the background.

        Raises:
            Unavailable: the database cannot be read (only with `wait`).
        """
        if wait:
            self.refresh()
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether everything has been loaded once."""
        return self._equal_at > -math.inf

    @property
    def age_seconds(self) -> float:
        """Seconds since the index was last known to equal the database; infinite before that."""
        return time.monotonic() - self._equal_at

    def refresh(self) -> None:
        """Catch up now, so that the caller sees its own changes; raises `Unavailable`."""
        with self._lock:
            looked_at = time.monotonic()
            version = self._entries.version()
            if not self._whole or version < self._matcher.version:
                self._load(self._entries.changed_since(0))
            elif version > self._matcher.version:
                self._apply(self._entries.changed_since(self._matcher.version))
            self._enable_due()
            self._equal_at = looked_at

    def stop(self) -> None:
        """Stop following; the index stays as it is."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        next_tidy = 0.0
        while not self._stopping.wait(self._refresh_seconds):
            try:
                self.refresh()
                if time.monotonic() >= next_tidy:
                    self._entries.tidy()
                    self._banks.tidy()
                    next_tidy = time.monotonic() + TIDY_EVERY.total_seconds()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                age = round(self.age_seconds, 1)
                self._log.error("index sync failed", error=type(error).__name__, age_seconds=age)

    def _load(self, changes: Changes) -> None:
        """Replace all that the index holds."""
        self._whole = False
        by_kind: dict[str, list[Codes]] = defaultdict(list)
        for codes in changes.added:
            by_kind[codes.kind].append(codes)
        known = self._matcher.sizes()
        for kind, length in self._entries.lengths().items():
            if kind in known:
                whole = _joined(kind, length, by_kind[kind])
                self._matcher.load(kind, whole.codes, whole.entry_ids, whole.bank_ids)
        self._due.clear()
        self._switch(changes)

    def _apply(self, changes: Changes) -> None:
        """Change what has changed; if this fails midway, the next look loads everything anew."""
        self._whole = False
        known = self._matcher.sizes()
        for codes in changes.added:
            if codes.kind in known:
                self._matcher.add(codes.kind, codes.codes, codes.entry_ids, codes.bank_ids)
        self._matcher.remove(changes.removed)
        self._matcher.set_enabled(changes.enabled, True)
        for entry_id in (*changes.removed, *changes.enabled):
            self._due.pop(entry_id, None)
        self._switch(changes)

    def _switch(self, changes: Changes) -> None:
        """Disable what is disabled, then let the banks take part, then speak for the version."""
        self._matcher.set_enabled([entry_id for entry_id, _ in changes.disabled], False)
        for entry_id, until in changes.disabled:
            self._due.pop(entry_id, None)
            if until is not None:
                self._due[entry_id] = until
        self._matcher.set_banks(map(_state, changes.banks))
        self._matcher.version = changes.version
        self._whole = True

    def _enable_due(self) -> None:
        present = self._clock()
        due = [entry_id for entry_id, until in self._due.items() if until <= present]
        if due:
            self._matcher.set_enabled(due, True)
            for entry_id in due:
                del self._due[entry_id]


def _joined(kind: str, length: int, parts: list[Codes]) -> Codes:
    """The parts as one; empty where there are none."""
    no_ids = np.empty(0, np.int64)
    return Codes(
        kind=kind,
        codes=np.concatenate([np.empty((0, length), np.uint8), *(part.codes for part in parts)]),
        entry_ids=np.concatenate([no_ids, *(part.entry_ids for part in parts)]),
        bank_ids=np.concatenate([no_ids, *(part.bank_ids for part in parts)]),
    )


def _state(bank: Bank) -> BankState:
    return BankState(
        id=bank.id,
        name=bank.name,
        distance=bank.distance,
        enabled=bank.enabled,
        trusted=bank.trusted,
        drill=bank.drill,
        exchange=bank.exchange,
    )
