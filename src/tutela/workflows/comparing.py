"""Kept signals compared with the entries of a re-scan; what matches becomes an event of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec.structs import replace

from tutela.detection.index.matcher import BankState, Matcher, Piece
from tutela.detection.silencing import Findings
from tutela.lists.matching import Matching
from tutela.model import Bank, Event, EventKind, Match, Origin, Outcome, PolicyReport
from tutela.policy.law.law import unlawful
from tutela.response.conclusion import conclude
from tutela.storage.events import EventFile
from tutela.storage.past.origins import Lists
from tutela.storage.past.rescans import Task
from tutela.storage.past.scope import ScopeCodes
from tutela.storage.past.signals import KeptPart
from tutela.workflows.tools import Overtaken, Tools, Whole

LARGE = 200_000
"""Entries of a bank from which on every list is opened instead: the server has it on disk."""
TOGETHER = 256
"""Events with a hit that are looked at together: their findings share few transactions."""


class Comparison:
    """One re-scan that compares; see `Work`.

    Loads the entries of its scope as they stand now, with all allow banks, so that a finding is
    silenced just as a live match would be.

    Args:
        rest: called after each part of the entries; whatever it raises ends the loading.

    Raises:
        Overtaken: the bank was deleted.
        Unavailable: the database is.
    """

    def __init__(self, task: Task, tools: Tools, rest: Callable[[], object] = lambda: None) -> None:
        self.cursor = task.span.after
        self.tally = task.tally
        self.entries = 0
        self._task = task
        self._tools = tools
        self._rest = rest
        self._parked = tools.parked()
        self._whole = self._open(tools.past.lists())
        self._load()

    def finished(self) -> bool:
        """Whether everything has been looked at."""
        return self.cursor >= self._task.span.up_to

    @property
    def report(self) -> PolicyReport | None:
        """Nothing: a comparison is told in numbers."""
        return None

    def step(self, size: int) -> None:
        """Compare the next window of about `size` signals; see `Work.step`."""
        self._follow(self._tools.past.lists())
        span = replace(self._task.span, after=self.cursor)
        window = self._tools.kept.window(span, self._kinds, size, self._permitted)
        seqs = sorted({seq for part in window.parts for seq in self._hits(part)})
        for start in range(0, len(seqs), TOGETHER):
            self._look_closer(self._tools.past.events(seqs[start : start + TOGETHER]))
        if not self._task.tail:
            self._count(
                events=window.events,
                signals=window.signals,
                without_signals=window.bare,
                not_permitted=window.barred,
            )
        self.cursor = window.last

    def close(self) -> None:
        """Let go of the lists."""
        if self._whole is not None:
            self._whole.close()

    def _open(self, lists: Lists) -> Whole | None:
        """Every list, where that is quicker than to load the entries one by one."""
        scope, whole = self._task.scope, self._tools.whole
        large = sum(bank.entries for bank in lists.banks if bank.id in scope.banks) >= LARGE
        return whole() if whole is not None and (scope.everything or large) else None

    def _load(self) -> None:
        """Load the entries as they stand now."""
        if self._whole is None:
            self._matcher = Matcher(self._tools.kinds)
            self._load_scope()
        else:
            self._whole.refresh()
            self._matcher = self._whole.matcher
            self._kinds = {kind for kind, size in self._matcher.sizes().items() if size}
            self._version = -1
            self._follow(self._tools.past.lists())
        self._matching = Matching(
            matcher=self._matcher,
            kinds=self._tools.kinds,
            facts=self._tools.facts,
            ready=lambda: True,
            parked=lambda: self._parked,
            near=self._tools.near,
        )

    def _load_scope(self) -> None:
        known = {kind.name for kind in self._tools.kinds}
        pieces: list[Piece] = []

        def take(codes: ScopeCodes) -> None:
            if codes.kind in known:
                own = codes.distances if (codes.distances >= 0).any() else None
                pieces.append(Piece(codes.kind, codes.codes, codes.entry_ids, codes.bank_ids, own))
            self._rest()

        lists = self._tools.past.read(self._task.scope, take)
        finding = [bank.id for bank in lists.banks if not bank.allow]
        ids = [piece.entry_ids[np.isin(piece.bank_ids, finding)] for piece in pieces]
        self.entries = len(np.unique(np.concatenate(ids))) if ids else 0
        # What only allow banks have can be no finding.
        self._kinds = {piece.kind for piece, own in zip(pieces, ids, strict=True) if len(own)}
        self._matcher.load_all(pieces)
        self._version = -1
        self._follow(lists)

    def _follow(self, lists: Lists) -> None:
        """Heed what changed of the banks since."""
        if lists.version == self._version:
            return
        if self._task.bank_id not in {None, *(bank.id for bank in lists.banks)}:
            raise Overtaken("the bank was deleted", where="bank")
        chosen = [
            bank for bank in lists.banks if not bank.allow and self._task.bank_id in {None, bank.id}
        ]
        self._finding = {bank.id for bank in chosen}
        if self._whole is None:
            self._matcher.version = lists.version
            self._matcher.set_banks(map(_state, lists.banks))
        else:
            self._whole.refresh()
            self.entries = sum(bank.entries for bank in chosen if bank.enabled)
        self._version = lists.version

    def _permitted(self, region: str, surface: str, kind: str) -> bool:
        """Whether the law as it is now lets content be compared, whatever it was then."""
        return not unlawful(self._tools.law(region, surface, EventKind(kind)))

    def _hits(self, part: KeptPart) -> Sequence[int]:
        """Numbers of the events of which a signal matches an entry."""
        found = self._matcher.match_many(
            part.kind, part.codes, limit=1, threads=self._tools.threads, banks=self._finding
        )
        hits: list[int] = np.unique(part.events[found.queries]).tolist()
        return hits

    def _look_closer(self, files: Sequence[EventFile]) -> None:
        """Match whole events as a live check would, and store what is new of it."""
        found = self._found(files)
        before = self._tools.past.earlier([file.event.id for file in files])
        stored = []
        for file, own in zip(files, found, strict=True):
            if not own.matches:
                self._count(silenced=bool(own.silenced))
                continue
            event = finding_of(file.event, self._task.id)
            earlier = [file.outcome, *before.get(file.event.id, ())]
            if _known(own.matches, (one for one in earlier if one.event_id != event.id), event):
                self._count(known=1)
                continue
            policy = self._tools.policy()
            conclusion = conclude(
                self._tools.histories.complete(event) if policy.history else event,
                own.matches,
                (*own.gaps, *file.outcome.gaps),
                policy=policy,
                list_version=self._version,
                silenced=own.silenced,
                law=self._tools.law(event.region, event.surface, event.kind),
                routes=self._tools.routes(),
            )
            stored.append(conclusion)
        self._tools.recording.record_past(stored)

    def _found(self, files: Sequence[EventFile]) -> list[Findings]:
        """What whole events come to, with the lists as they are now."""
        self._parked = self._tools.parked()
        found = self._searched(files)
        if self._counting(found) >= _named(found):
            return found
        # Entries that were disabled or deleted since must neither find nor silence.
        self._load()
        found = self._searched(files)
        counting = self._counting(found)
        return [
            replace(own, matches=tuple(m for m in own.matches if m.entry_id in counting))
            for own in found
        ]

    def _searched(self, files: Sequence[EventFile]) -> list[Findings]:
        """What whole events come to in the banks that are compared."""
        return [
            replace(
                own,
                matches=tuple(m for m in own.matches if m.bank_id in self._finding),
                silenced=tuple(s for s in own.silenced if s.match.bank_id in self._finding),
            )
            for own in asyncio.run(self._search(files))
        ]

    async def _search(self, files: Sequence[EventFile]) -> list[Findings]:
        return [await self._matching.of_contents(file.event.contents) for file in files]

    def _counting(self, found: Sequence[Findings]) -> set[int]:
        """Ids of the entries in what was found that take part in matching now."""
        return self._tools.past.counting(sorted(_named(found)))

    def _count(self, **more: int) -> None:
        counts = {name: getattr(self.tally, name) + by for name, by in more.items()}
        self.tally = replace(self.tally, **counts)


def finding_of(event: Event, rescan: int) -> Event:
    """The event that a finding is: of the content of another, found by a re-scan.

    Its id follows from both, so that a re-scan that goes on after a crash cannot store it twice.
    """
    name = hashlib.sha256(f"{rescan} {event.id}".encode()).hexdigest()
    return replace(
        event,
        id=f"finding-{name[:32]}",
        digest=name,
        received_at=datetime.now(UTC),
        origin=Origin(event_id=event.id, received_at=event.received_at, rescan=rescan),
    )


def _named(found: Sequence[Findings]) -> set[int]:
    """Ids of the entries that were found, and of those that silenced others."""
    matches = {match.entry_id for own in found for match in own.matches}
    return matches | {one.by.entry_id for own in found for one in own.silenced if one.by}


def _known(matches: Iterable[Match], before: Iterable[Outcome], event: Event) -> bool:
    """Whether the content has matched something before that is at least as strong."""
    earlier = [_strength(match, event) for outcome in before for match in outcome.matches]
    return bool(earlier) and max(earlier) >= max(_strength(match, event) for match in matches)


def _strength(match: Match, event: Event) -> int:
    """2 for a bank that is trusted as far as this event goes, else 1."""
    return 2 if match.trusted and (event.drill or not match.drill) else 1


def _state(bank: Bank) -> BankState:
    return BankState(
        id=bank.id,
        name=bank.name,
        distance=bank.distance,
        enabled=bank.enabled,
        trusted=bank.trusted,
        drill=bank.drill,
        exchange=bank.exchange,
        allow=bank.allow,
    )
