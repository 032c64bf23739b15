"""The index on disk as one server process uses it: maps it, and keeps it if no other process does.

One process at a time is the keeper. When enough has changed it writes the new signals to files,
merged with those that are not much larger, and publishes a new manifest. Every process, the keeper
too, then maps the new files, learns from the database what has changed since, and lets the result
take the place of what it held, from one search to the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple, Protocol

from structlog.typing import FilteringBoundLogger

from tutela.detection.index.certificate import IndexDefect
from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.folder import IndexFolder, Stamp
from tutela.detection.index.disk.manifest import Listed, Manifest
from tutela.detection.index.disk.segment import IndexForeign, IndexRefused
from tutela.detection.index.layers import HEAD_ROWS, Snapshot
from tutela.detection.index.matcher import Matcher
from tutela.errors import TutelaError
from tutela.storage.entries import Entries

STALE = 0.05
"""Share of signals whose entries changed since they were written above which all is written anew:
each start has to learn of these changes from the database."""

RETRY_SECONDS = 60.0
"""Time until a folder that could not be written is tried again."""

WAIT_SECONDS = 300.0
"""Longest time that a starting process waits for the keeper to make the first index."""


class Held(NamedTuple):
    """What a process holds at one moment, to be written.

    Attributes:
        version, token: list version, and its random number.
        changed: entries that changed by themselves since the files were written.
        rows: signals, removed ones too.
    """

    matcher: Matcher
    version: int
    token: int
    changed: int
    rows: int
    snapshots: dict[str, Snapshot]


class Holder(Protocol):
    """Whoever holds the index of the process."""

    def held(self) -> Held | None:
        """All of it as it is now; None while it holds nothing for sure."""
        ...

    def is_due(self, unfiled: int, share: float) -> bool:
        """Whether more rows are in memory only, or a greater share was changed, than these."""
        ...

    def adopt(self, fresh: Matcher, manifest: Manifest) -> None:
        """Bring files that were mapped up to date, and hold them instead."""
        ...

    def reload(self) -> None:
        """Hold what the database holds, all of it read anew."""
        ...


class FiledState(NamedTuple):
    """What can be said of the files at a glance.

    Attributes:
        mapped: whether this process searches files rather than memory of its own.
        keeper: whether this process keeps them.
        bytes: of all files in use.
        published_at: when they were published; None where there are none.
        rebuilt: how often the index in this folder was made from the database alone.
        refused: files that this process refused.
    """

    mapped: bool = False
    keeper: bool = False
    bytes: int = 0
    published_at: datetime | None = None
    rebuilt: int = 0
    refused: int = 0


class FiledIndex:
    """The files of the index, for one process. A folder that cannot be used is never an error.

    Args:
        folder: where they lie.
        entries: the database that they are made from.
        matcher: any matcher of the kinds that are searched.
        pause: waits so many seconds, or less and then tells that the process is ending.
        log: where it tells of trouble.

    Attributes:
        may_keep: whether this process may become the keeper: whoever does must call `tend`.
    """

    def __init__(
        self,
        folder: IndexFolder,
        entries: Entries,
        matcher: Matcher,
        pause: Callable[[float], bool],
        log: FilteringBoundLogger,
    ) -> None:
        self._folder = folder
        self._entries = entries
        self._matcher = matcher
        self._pause = pause
        self._log = log
        self.may_keep = False
        self._busy = Lock()
        self._manifest: Manifest | None = None
        self._stamp: Stamp | None = None
        self._rebuilt = self._published = self._refused = 0
        self._retry_at = 0.0

    @property
    def state(self) -> FiledState:
        """What can be said of the files now."""
        manifest = self._manifest
        if manifest is None:
            return FiledState(keeper=self._folder.keeps, refused=self._refused)
        return FiledState(
            mapped=True,
            keeper=self._folder.keeps,
            bytes=sum(listed.bytes for listed in manifest.segments),
            published_at=manifest.published_at,
            rebuilt=manifest.rebuilt,
            refused=self._refused,
        )

    def first(self, holder: Holder) -> bool:
        """Let the process hold the index on disk as its first; false where it must make its own.

        Waits while there is none and the keeper is about to make one.

        Raises:
            Unavailable: the database cannot be read.
        """
        with self._busy:
            until = time.monotonic() + WAIT_SECONDS
            while True:
                keeps = self._keep()
                stamp = self._folder.stamp()
                if stamp is not None and self._take(holder, stamp):
                    return True
                if self._folder.stamp() not in (None, stamp):
                    continue  # another one was published meanwhile
                # Whoever could have become the keeper, and did not, knows that there is another.
                waiting = not keeps and self._folder.stamp() is None and self._may_write()
                if not waiting or time.monotonic() > until or self._pause(0.05):
                    return False

    def tend(self, holder: Holder) -> None:
        """Take what another process has published; publish what is due. Called now and then.

        Raises:
            TutelaError: the database cannot be read, or a part failed its certificate.
        """
        with self._busy:
            stamp = self._folder.stamp()
            if stamp is not None and stamp != self._stamp:
                self._take(holder, stamp)
            if not self._keep():
                return
            if stamp is None and self._manifest is not None:
                # Another process has found it damaged, or somebody removed it.
                self._manifest = self._stamp = None
                holder.reload()
            if self._manifest is None or holder.is_due(HEAD_ROWS, STALE):
                self._publish(holder)

    def close(self) -> None:
        """Let another process keep the files."""
        with self._busy:
            self._folder.leave()

    def _keep(self) -> bool:
        """Be the keeper if that is possible."""
        if not self._may_write():
            return False
        try:
            self._folder.open()
            return self._folder.keep()
        except OSError as error:
            self._give_up("the folder of the index cannot be used", error)
            return False

    def _may_write(self) -> bool:
        return self.may_keep and time.monotonic() >= self._retry_at

    def _give_up(self, what: str, error: OSError | None) -> None:
        self._folder.leave()
        self._retry_at = time.monotonic() + RETRY_SECONDS
        remedy = f"memory is used instead; it is tried again in {RETRY_SECONDS:.0f} seconds"
        why = error.strerror if error else "see the error before"
        self._log.warning(what, why=why, folder=str(self._folder.path), remedy=remedy)

    def _take(self, holder: Holder, stamp: Stamp) -> bool:
        """Hold the files of the manifest that is there now, if they can be used."""
        try:
            manifest = self._read()
            if manifest is None:
                return False
            fresh = self._matcher.fresh(self._folder.map(manifest), manifest.bank_ids)
        except (IndexRefused, IndexDefect) as error:
            self._stamp = stamp
            self._refuse(error, stamp)
            return False
        holder.adopt(fresh, manifest)
        self._manifest, self._stamp = manifest, stamp
        return True

    def _read(self) -> Manifest | None:
        manifest = manifests.read(self._folder.path)
        if manifest is not None:
            self._rebuilt, self._published = manifest.rebuilt, manifest.published
            standing = self._entries.standing(manifest.version)
            manifests.check(
                manifest,
                identity=self._entries.identity(),
                version=standing.version,
                token=standing.token,
                kinds=self._matcher.bits,
            )
        return manifest

    def _refuse(self, error: TutelaError, stamp: Stamp) -> None:
        """Say why, and let the keeper make the index anew if it is damaged."""
        if self._folder.stamp() != stamp:
            return  # another one was published meanwhile, and the old files removed
        self._refused += 1
        self._log.error("the index on disk is refused", what=error.what, where=error.where)
        if isinstance(error, IndexForeign) and not self._folder.keeps:
            return  # the keeper may be another program, for which it is right
        try:
            self._folder.refuse()
        except OSError as cause:
            self._give_up("the index that was refused cannot be set aside", cause)

    def _publish(self, holder: Holder) -> None:
        held = holder.held()
        if held is None:
            return
        whole = held.changed > max(HEAD_ROWS, STALE * held.rows)
        known = {} if self._manifest is None else {s.file: s for s in self._manifest.segments}
        try:
            segments = self._write(held, known, whole=whole)
            self._folder.publish(
                Manifest(
                    identity=self._entries.identity(),
                    version=held.version,
                    token=held.token,
                    kinds=self._matcher.bits,
                    bank_ids=held.matcher.bank_ids,
                    segments=tuple(segments),
                    published=self._published + 1,
                    rebuilt=self._rebuilt + (self._manifest is None),
                    published_at=datetime.now(UTC),
                )
            )
        except OSError as error:
            self._sweep(known)
            self._give_up("the index cannot be written", error)
            return
        stamp = self._folder.stamp()
        if stamp is None or not self._take(holder, stamp):
            # Without a pause it would be written again and again.
            self._give_up("the index that was written cannot be used", None)

    def _write(self, held: Held, known: dict[str, Listed], *, whole: bool) -> list[Listed]:
        segments = []
        for kind, snapshot in held.snapshots.items():
            for sealed in held.matcher.compact(kind, snapshot, whole=whole):
                bits = self._matcher.bits[kind]
                segments.append(
                    known.get(sealed.file)
                    or self._folder.write(sealed, bits=bits, version=held.version)
                )
        return segments

    def _sweep(self, known: dict[str, Listed]) -> None:
        """Give the room back that half an index takes."""
        try:
            self._folder.sweep(known)
        except OSError as error:
            self._log.warning("the folder of the index cannot be tidied", why=error.strerror)
