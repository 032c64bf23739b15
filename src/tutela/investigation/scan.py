"""The scan: files of a disk go to the decoders, their signals to the lists, findings to a report.

    walk -> open file -> decoder pool -> contents -> matcher -> ScannedFile -> report

The scan opens files but never reads them: decoding and hashing happen in the pool's sandboxed
children. Files are decoded in any order and reported in the order in which they were found.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import NamedTuple, Protocol

import msgspec

from tutela.detection.index.matcher import Hit, Matcher
from tutela.detection.index.provenance import placed_signals
from tutela.detection.media.pool import DecoderPool
from tutela.detection.signals.registry import SignalKinds
from tutela.detection.silencing import Defence, Findings, Question, findings
from tutela.errors import TutelaError, Unavailable
from tutela.investigation.findings import (
    BankUsed,
    ScannedFile,
    Summary,
    Tally,
    scanned_file,
)
from tutela.investigation.walk import Obstacle, OpenFile, Walk
from tutela.model import Content, EntryFacts, Gap, GapReason, Match, Signal, Verdict

IN_FLIGHT = 256
"""Files that are open at once: enough that one large file does not starve the other decoders."""
BATCH = 64
"""Files whose signals are matched together."""
BATCH_SECONDS = 0.2
"""Age at which a smaller batch is matched, so that a slow scan still shows what it finds."""


class Lists(Protocol):
    """What the scan must know of the entries in its matcher."""

    def facts(self, entry_ids: Iterable[int]) -> Mapping[int, EntryFacts]:
        """Facts of entries."""

    def number(self, entry_id: int) -> int:
        """Number of an entry in its bank, from 1."""


class _Decoded(NamedTuple):
    number: int
    file: OpenFile
    future: Future[tuple[Content, ...]]


class Scan:
    """One run over some paths. Used once; `stop` may be called from a signal handler.

    Attributes:
        tally: what was looked at so far.
    """

    def __init__(
        self,
        *,
        walk: Walk,
        pool: DecoderPool,
        matcher: Matcher,
        kinds: SignalKinds,
        lists: Lists,
        report: Callable[[ScannedFile], None],
    ) -> None:
        self._walk = walk
        self._pool = pool
        self._matcher = matcher
        self._kinds = kinds
        self._lists = lists
        self._report = report
        self.tally = Tally()
        self._stopped = False
        # A SimpleQueue because its `put` may be called from a signal handler.
        self._done: SimpleQueue[_Decoded | None] = SimpleQueue()
        self._open: dict[int, OpenFile] = {}
        self._batch: list[tuple[_Decoded, tuple[Content, ...]]] = []
        self._matched_at = time.monotonic()
        self._waiting: dict[int, ScannedFile] = {}
        self._next = 0

    def stop(self) -> None:
        """End the scan soon: what is decoded already is still matched and reported."""
        self._stopped = True
        self._done.put(None)

    def run(self) -> None:
        """Look at every file, and tell the report of each. Returns early after `stop`."""
        try:
            for number, item in enumerate(self._walk):
                self._take(number, item)
                self._collect(wait=False)
                while len(self._open) >= IN_FLIGHT and not self._stopped:
                    self._collect(wait=True)
                if self._stopped:
                    break
            while self._open and not self._stopped:
                self._collect(wait=True)
            self._match()
            self._report_rest()
        finally:
            for file in self._open.values():
                os.close(file.descriptor)

    def _take(self, number: int, item: OpenFile | Obstacle) -> None:
        if isinstance(item, Obstacle):
            gap = Gap(reason=item.reason, detail=item.detail)
            self._finish(number, scanned_file(item.path, obstacles=(gap,)))
            return
        self._open[number] = item
        try:
            future = self._pool.submit(item.descriptor, size_hint=item.status.st_size)
        except Unavailable as error:
            future = Future()
            future.set_exception(error)
        future.add_done_callback(lambda done: self._done.put(_Decoded(number, item, done)))

    def _collect(self, *, wait: bool) -> None:
        """Take in what the decoders have finished, and match it when it is enough or old."""
        while (decoded := self._decoded(wait=wait)) is not None:
            wait = False
            self._batch.append((decoded, _contents(decoded.future)))
            if len(self._batch) >= BATCH:
                self._match()
        if self._batch and time.monotonic() - self._matched_at > BATCH_SECONDS:
            self._match()

    def _decoded(self, *, wait: bool) -> _Decoded | None:
        """The next file that is decoded; None where none is, or after `stop`."""
        try:
            return self._done.get(block=wait, timeout=BATCH_SECONDS if self._batch else None)
        except Empty:
            return None

    def _match(self) -> None:
        """Compare the signals of all files of the batch in one search."""
        batch, self._batch = self._batch, []
        contents = [content for _, contents in batch for content in contents]
        owners = [at for at, (_, own) in enumerate(batch) for c in own for _ in c.signals]
        signals, paths = placed_signals(contents)
        hits, allowing = self._search(signals)
        found, allowed = _by_owner(hits, owners), _by_owner(allowing, owners)
        for at, (decoded, own) in enumerate(batch):
            outcome = Findings()
            if at in found:
                near = (*found[at], *allowed.get(at, ()))
                facts = self._lists.facts(hit.entry_id for hit in near)
                banks, version = self._matcher.banks, self._matcher.version
                asked = Question(signals, paths, self._kinds, banks, facts, version)
                outcome = findings(found[at], allowed.get(at, ()), asked, Defence())
            self._conclude(decoded, own, outcome)
        self._matched_at = time.monotonic()

    def _search(self, signals: Sequence[Signal]) -> tuple[Sequence[Hit], Sequence[Hit]]:
        """Hits that may count, and those in allow banks."""
        allow = {bank.id for bank in self._matcher.banks.values() if bank.allow}
        rest = self._matcher.banks.keys() - allow if allow else None
        hits = self._matcher.match(signals, rest) if signals else []
        return hits, self._matcher.match(signals, allow) if hits and allow else []

    def _conclude(self, decoded: _Decoded, contents: tuple[Content, ...], found: Findings) -> None:
        number, file, _ = decoded
        obstacles = _changes(file)
        os.close(file.descriptor)
        del self._open[number]
        self._finish(
            number,
            scanned_file(
                file.path,
                size=file.status.st_size,
                contents=contents,
                matches=tuple(map(self._numbered, found.matches)),
                silenced=tuple(
                    msgspec.structs.replace(
                        one,
                        match=self._numbered(one.match),
                        by=self._numbered(one.by) if one.by else None,
                    )
                    for one in found.silenced
                ),
                obstacles=obstacles,
            ),
        )

    def _numbered(self, match: Match) -> Match:
        """The match with the number of its entry in its bank, from 1."""
        return msgspec.structs.replace(match, entry_id=self._lists.number(match.entry_id))

    def _finish(self, number: int, file: ScannedFile) -> None:
        """Report files in the order in which they were found."""
        self.tally.add(file)
        self._waiting[number] = file
        while (ready := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            self._report(ready)

    def _report_rest(self) -> None:
        """After an interruption: what was finished behind files that were not."""
        for number in sorted(self._waiting):
            self._report(self._waiting.pop(number))

    def summary(self, *, seconds: float, distance: int, banks: Sequence[BankUsed]) -> Summary:
        """The sum of what was looked at until now."""
        return Summary(
            complete=not self._stopped,
            files=self.tally.files,
            matched=self.tally.verdicts[Verdict.MATCH],
            clear=self.tally.verdicts[Verdict.CLEAR],
            not_checked=self.tally.verdicts[Verdict.NOT_CHECKED],
            not_checked_reasons=dict(self.tally.reasons.most_common()),
            members=self.tally.members,
            folders=self._walk.folders,
            links=self._walk.links,
            silenced=self.tally.silenced,
            bytes=self.tally.bytes,
            seconds=round(seconds, 3),
            distance=distance,
            banks=tuple(banks),
        )


def _by_owner(hits: Iterable[Hit], owners: Sequence[int]) -> dict[int, list[Hit]]:
    """Hits by the file that their signal belongs to."""
    found: dict[int, list[Hit]] = {}
    for hit in hits:
        found.setdefault(owners[hit.signal], []).append(hit)
    return found


def _contents(future: Future[tuple[Content, ...]]) -> tuple[Content, ...]:
    """What a decoder made of a file. A defect of ours is a gap, never a file called clear."""
    error = future.exception()
    if error is None:
        return future.result()
    why = error.what if isinstance(error, TutelaError) else type(error).__name__
    gap = Gap(reason=GapReason.DECODER_DIED, detail=f"the decoder failed: {why}")
    return (Content(media_type="", gaps=(gap,)),)


def _changes(file: OpenFile) -> tuple[Gap, ...]:
    """Whether the file was written to while it was read."""
    now = os.fstat(file.descriptor)
    if (now.st_size, now.st_mtime_ns) == (file.status.st_size, file.status.st_mtime_ns):
        return ()
    return (Gap(reason=GapReason.CHANGED, detail="the file changed while it was being read"),)
