"""Signals in, matches out: the search, joined with what the lists say of what it found."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Lock

from tutela.detection.index.matcher import Hit, Matcher
from tutela.detection.index.provenance import placed_signals, to_matches
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import NotFound, Unavailable
from tutela.model import Content, EntryFacts, Match, Signal

INLINE_SIGNALS = 8
"""So many signals are searched on the event loop (about 0.1 ms each at a million entries, less
than a hop to a thread costs); more go to a thread, so that no other request waits for them."""

KNOWN_ENTRIES = 100_000
"""Entries whose facts are kept in memory. Facts of an entry never change, so none goes stale."""


class KnownFacts:
    """Facts of entries that matched lately, read from the lists on first use. Thread-safe."""

    def __init__(self, read: Callable[[Sequence[int]], dict[int, EntryFacts]]) -> None:
        self._read = read
        self._known: OrderedDict[int, EntryFacts] = OrderedDict()
        self._lock = Lock()

    def missing(self, entry_ids: Iterable[int]) -> list[int]:
        """Those that would have to be read."""
        return [entry for entry in set(entry_ids) if entry not in self._known]

    def get(self, entry_ids: Iterable[int]) -> dict[int, EntryFacts]:
        """Facts by entry id; an entry that is gone has none."""
        wanted = set(entry_ids)
        missing = self.missing(wanted)
        fresh = self._read(missing) if missing else {}
        with self._lock:
            self._known.update(fresh)
            found = {entry: self._known[entry] for entry in wanted if entry in self._known}
            while len(self._known) > KNOWN_ENTRIES:
                self._known.popitem(last=False)
        return found


class Matching:
    """The one way from signals to matches. Thread-safe; one per process.

    Args:
        ready: whether the index holds the lists; until then nothing may be called clear.
    """

    def __init__(
        self,
        *,
        matcher: Matcher,
        kinds: SignalKinds,
        facts: KnownFacts,
        ready: Callable[[], bool],
    ) -> None:
        self._matcher = matcher
        self._kinds = kinds
        self._facts = facts
        self.ready = ready

    @property
    def version(self) -> int:
        """Version of the lists that answers speak for at least."""
        return self._matcher.version

    async def of_contents(self, contents: Iterable[Content]) -> tuple[Match, ...]:
        """Every match of every signal of an event, exact ones first, then the closest."""
        signals, paths = placed_signals(contents)
        hits, version = await self._search(signals, None)
        return await self._join(hits, signals, paths, version)

    async def of_signals(
        self, signals: Sequence[Signal], banks: Collection[str] | None = None
    ) -> list[list[Match]]:
        """The matches of each signal, closest first.

        Args:
            banks: names of the banks to look in; all enabled ones where it is None.

        Raises:
            NotFound: a named bank does not exist.
            Unavailable: the lists are not loaded yet.
        """
        if not self.ready():
            raise Unavailable("the lists are still being loaded", remedy="try again in a moment")
        chosen = None if banks is None else self._bank_ids(banks)
        hits, version = await self._search(signals, chosen)
        results: list[list[Match]] = [[] for _ in signals]
        if hits:
            paths: list[tuple[str, ...]] = [()] * len(signals)
            by_signal: dict[int, list[Hit]] = {}
            for hit in hits:
                by_signal.setdefault(hit.signal, []).append(hit)
            for number, own in by_signal.items():
                results[number] = list(await self._join(own, signals, paths, version))
        return results

    def _bank_ids(self, names: Collection[str]) -> set[int]:
        ids = {bank.name: bank.id for bank in self._matcher.banks.values()}
        unknown = sorted(set(names) - ids.keys())
        if unknown:
            raise NotFound(f"there is no bank named {unknown[0]}", where="banks")
        return {ids[name] for name in names}

    async def _search(
        self, signals: Sequence[Signal], banks: Collection[int] | None
    ) -> tuple[list[Hit], int]:
        # Read first: what is searched is then at least as new as the version that is quoted.
        version = self._matcher.version
        if len(signals) <= INLINE_SIGNALS:
            return self._matcher.match(signals, banks), version
        return await asyncio.to_thread(self._matcher.match, signals, banks), version

    async def _join(
        self,
        hits: Sequence[Hit],
        signals: Sequence[Signal],
        paths: Sequence[tuple[str, ...]],
        version: int,
    ) -> tuple[Match, ...]:
        if not hits:
            return ()
        entries = {hit.entry_id for hit in hits}
        # Only a first match of an entry reads the database, and never on the event loop.
        if self._facts.missing(entries):
            facts = await asyncio.to_thread(self._facts.get, entries)
        else:
            facts = self._facts.get(entries)
        return to_matches(
            hits,
            signals,
            paths,
            kinds=self._kinds,
            banks=self._matcher.banks,
            facts=facts,
            list_version=version,
        )
