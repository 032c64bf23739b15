"""Keeps the index of one process equal to the lists in the database."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import structlog
from structlog.typing import FilteringBoundLogger

from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.disk.manifest import Manifest
from tutela.detection.index.matcher import BankState, Matcher, Piece
from tutela.errors import TutelaError
from tutela.lists.keeping import FiledIndex, FiledState, Held
from tutela.model import Bank
from tutela.storage.banks import Banks
from tutela.storage.changes import Changes, Codes
from tutela.storage.database import Database
from tutela.storage.entries import Entries

TIDY_EVERY = timedelta(minutes=5)

STOPPING_SECONDS = 5.0

KEEPING_PAUSE = 10.0
"""Seconds after which keeping the files is tried again when it failed."""


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
        folder: where the index is shared with other processes; without it, or where it cannot be
            used, the process holds a copy of its own. Who never calls `start` only reads it.
        log: where it tells of trouble; structlog's own where it is None.
        clock: tells when an entry that is disabled until a time counts again.
    """

    def __init__(
        self,
        database: Database,
        matcher: Matcher,
        refresh_seconds: float = 0.25,
        *,
        folder: IndexFolder | None = None,
        log: FilteringBoundLogger | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._banks = Banks(database)
        self._entries = Entries(database)
        self._matcher = matcher
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._log = log or structlog.get_logger()
        self._lock = threading.Lock()
        self._equal_at = -math.inf
        self._whole = False  # whether the index holds just what its version says
        self._token: int | None = None  # of that version
        self._beginning = threading.Lock()
        self._tried = False  # whether the index on disk was looked for
        self._changed = 0  # entries that changed by themselves since the files were written
        self._due: dict[int, datetime] = {}
        self._stopping = threading.Event()
        self._files = (
            FiledIndex(folder, self._entries, matcher, self._stopping.wait, self._log)
            if folder
            else None
        )
        self._threads = [
            threading.Thread(target=self._follow, name="lists-sync", daemon=True),
            threading.Thread(target=self._keep, name="lists-keeping", daemon=True),
        ]

    def start(self, *, wait: bool = True) -> None:
        """Load everything, here (`wait`) or in the background, then follow in the background.

        Raises:
            Unavailable: the database cannot be read (only with `wait`).
        """
        if self._files:
            self._files.may_keep = True
        if wait:
            self.refresh()
        for thread in self._threads:
            thread.start()

    @property
    def ready(self) -> bool:
        """Whether everything has been loaded once."""
        return self._equal_at > -math.inf

    @property
    def files(self) -> FiledState:
        """What can be said of the index on disk."""
        return self._files.state if self._files else FiledState()

    @property
    def age_seconds(self) -> float:
        """Seconds since the index was last known to equal the database; infinite before that."""
        return time.monotonic() - self._equal_at

    def refresh(self) -> None:
        """Catch up now, so that the caller sees its own changes; raises `Unavailable`."""
        self._begin_once()
        with self._lock:
            looked_at = time.monotonic()
            known = self._matcher.version
            standing = self._entries.standing(known)
            if not self._whole or standing.version < known or standing.token != self._token:
                self._load()
            elif standing.version > known:
                self._apply(self._entries.changed_since(known))
            self._enable_due(self._matcher, self._due)
            self._equal_at = looked_at

    def stop(self) -> None:
        """Stop following; the index stays as it is."""
        self._stopping.set()
        following, keeping = self._threads
        if following.ident is not None:
            following.join()
            # Half an index that is being written is no loss: who keeps the folder next tidies up.
            keeping.join(STOPPING_SECONDS)
        if self._files and not keeping.is_alive():
            self._files.close()

    def held(self) -> Held | None:
        """All that is held now; None while that is not for sure what the database holds."""
        with self._lock:
            if not self._whole or self._token is None:
                return None
            snapshots = self._matcher.snapshots()
            rows = sum(self._matcher.sizes().values())
            return Held(
                self._matcher, self._matcher.version, self._token, self._changed, rows, snapshots
            )

    def is_due(self, unfiled: int, share: float) -> bool:
        """Whether more rows are in memory only, or a greater share was changed, than these."""
        if self._matcher.unfiled > unfiled:
            return True
        rows = sum(self._matcher.sizes().values())
        return self._changed > max(unfiled, share * rows)

    def adopt(self, fresh: Matcher, manifest: Manifest) -> None:
        """Bring files that were mapped up to date, and hold them instead; raises `Unavailable`."""
        with self._lock:
            looked_at = time.monotonic()
            since = self._entries.changed_since(manifest.version, states_after=manifest.oldest)
            self._begin(fresh, since)
            self._equal_at = looked_at

    def reload(self) -> None:
        """Hold what the database holds, all of it read anew; raises `Unavailable`."""
        with self._lock:
            self._load()

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

    def _begin_once(self) -> None:
        """Before anything is held: take the index on disk, if there is one."""
        with self._beginning:
            if self._files and not self.ready and not self._tried:
                self._tried = True
                self._files.first(self)

    def _keep(self) -> None:
        while self._files and not self._stopping.wait(self._refresh_seconds):
            if not self.ready:
                continue
            try:
                self._files.tend(self)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next time may do
                what = error.what if isinstance(error, TutelaError) else ""
                self._log.error("index keeping failed", error=type(error).__name__, what=what)
                self._stopping.wait(KEEPING_PAUSE)

    def _load(self) -> None:
        """Hold what the database holds, all of it read anew."""
        self._whole = False
        told: list[Changes] = []
        fresh = self._matcher.fresh()
        fresh.load_all(self._pieces(told))
        self._begin(fresh, told[0])

    def _pieces(self, told: list[Changes]) -> Iterator[Piece]:
        """All signals of one state of the lists; what else is to be known of it ends in `told`."""
        kinds = self._matcher.bits
        with self._entries.snapshot() as snapshot:
            yield from (piece_of(codes) for codes in snapshot.codes() if codes.kind in kinds)
            told.append(snapshot.changes(after=snapshot.version, states_after=0))

    def _begin(self, fresh: Matcher, changes: Changes) -> None:
        """Let a new matcher learn what it does not know yet, and then take the old one's place."""
        due: dict[int, datetime] = {}
        take_in(fresh, changes, due)
        self._enable_due(fresh, due)
        self._matcher.take_over(fresh)
        self._token, self._whole, self._due = changes.token, True, due
        self._changed = _changed(changes)

    def _apply(self, changes: Changes) -> None:
        """Change what has changed; if this fails midway, the next look loads everything anew."""
        self._whole = False
        take_in(self._matcher, changes, self._due)
        self._token, self._whole = changes.token, True
        self._changed += _changed(changes)

    def _enable_due(self, matcher: Matcher, due: dict[int, datetime]) -> None:
        present = self._clock()
        again = [entry_id for entry_id, until in due.items() if until <= present]
        if again:
            matcher.set_enabled(again, True)
            for entry_id in again:
                del due[entry_id]


def take_in(matcher: Matcher, changes: Changes, due: dict[int, datetime]) -> None:
    """Let a matcher learn what has changed, and speak for the version that this leads to.

    Args:
        due: when entries that are disabled until a time count again; changed too.
    """
    known = matcher.bits
    for codes in changes.added:
        if codes.kind in known:
            matcher.add(*piece_of(codes))
    matcher.remove(changes.removed)
    matcher.set_distances(changes.distances)
    matcher.set_enabled(changes.enabled, True)
    disabled = (*changes.disabled, *changes.timed)
    matcher.set_enabled([entry_id for entry_id, _ in disabled], False)
    for entry_id in (*changes.removed, *changes.enabled):
        due.pop(entry_id, None)
    for entry_id, until in disabled:
        due.pop(entry_id, None)
        if until is not None:
            due[entry_id] = until
    matcher.set_banks(map(_state, changes.banks))
    matcher.version = changes.version


def _changed(changes: Changes) -> int:
    """Entries that changed by themselves."""
    return len(changes.removed) + len(changes.distances)


def piece_of(codes: Codes) -> Piece:
    """Signals from the database as a matcher takes them."""
    return Piece(codes.kind, codes.codes, codes.entry_ids, codes.bank_ids, codes.distances)


def _state(bank: Bank) -> BankState:
    return BankState(
        id=bank.id,
        name=bank.name,
        distance=bank.distance,
        enabled=bank.enabled,
        trusted=bank.trusted,
        allow=bank.allow,
        drill=bank.drill,
        exchange=bank.exchange,
    )
