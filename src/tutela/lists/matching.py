"""Signals in, findings out: the search, what silences its hits, and what the lists say of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from msgspec.structs import replace

from tutela.detection.index.matcher import BankState, Hit, Matcher
from tutela.detection.index.provenance import placed_signals
from tutela.detection.signals.registry import SignalKinds
from tutela.detection.silencing import NEAR, Defence, Findings, Question, findings
from tutela.errors import InvalidInput, NotFound, Unavailable
from tutela.model import Content, EntryFacts, Signal

INLINE_SIGNALS = 8
"""So many signals are searched on the event loop (about 0.1 ms each at a million entries, less
than a hop to a thread costs); more go to a thread, so that no other request waits for them."""

MOST_MATCHES = 100
"""So many entries are told of each signal, the closest, unless the caller asks for others."""

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


class _Roles(NamedTuple):
    """Which banks may match, and which silence; ids, the disabled ones included."""

    states: Mapping[int, BankState]
    searched: Collection[int] | None
    allowing: Collection[int]


class _Search(NamedTuple):
    """What a search found, and the lists that it speaks for."""

    hits: Sequence[Hit]
    allowing: Sequence[Hit]
    version: int


class Matching:
    """The one way from signals to findings. Thread-safe; one per process.

    Args:
        ready: whether the index holds the lists; until then nothing may be called clear.
        parked: gives the ids of the entries that are parked now.
        near: greatest distance of a match of a picture with little in it; None sets none.
    """

    def __init__(
        self,
        *,
        matcher: Matcher,
        kinds: SignalKinds,
        facts: KnownFacts,
        ready: Callable[[], bool],
        parked: Callable[[], Container[int]] = frozenset,
        near: int | None = NEAR,
    ) -> None:
        self._matcher = matcher
        self._kinds = kinds
        self._facts = facts
        self.ready = ready
        self._parked = parked
        self._near = near
        self._known_roles = _Roles({}, None, ())

    @property
    def version(self) -> int:
        """Version of the lists that answers speak for at least."""
        return self._matcher.version

    async def of_contents(self, contents: Iterable[Content]) -> Findings:
        """What every signal of an event comes to."""
        signals, paths = placed_signals(contents)
        found = await self._search(signals, None, deciding=True)
        return await self._join(found, signals, paths)

    async def of_signals(
        self,
        signals: Sequence[Signal],
        banks: Collection[str] | None = None,
        limit: int = MOST_MATCHES,
    ) -> list[Findings]:
        """What each signal comes to.

        Args:
            limit: most entries per signal that are told, the closest; see `totals`.
            banks: names of the banks to look in; all enabled ones where it is None. Allow banks
                silence what they know in any case.

        Raises:
            NotFound: a named bank does not exist.
            InvalidInput: a named bank is an allow bank.
            Unavailable: the lists are not loaded yet.
        """
        if not self.ready():
            raise Unavailable("the lists are still being loaded", remedy="try again in a moment")
        chosen = None if banks is None else self._bank_ids(banks)
        found = await self._search(signals, chosen, limit)
        results = [_NOTHING] * len(signals)
        if found.hits:
            paths: list[tuple[str, ...]] = [()] * len(signals)
            allowing = _by_signal(found.allowing)
            for number, own in _by_signal(found.hits).items():
                part = _Search(own, allowing.get(number, ()), found.version)
                results[number] = await self._join(part, signals, paths)
        return results

    async def totals(
        self,
        signals: Sequence[Signal],
        told: Sequence[int],
        banks: Collection[str] | None = None,
        limit: int = MOST_MATCHES,
    ) -> list[int]:
        """Entries that match each signal, of which `limit` were told, silenced ones included.

        Only signals with so many are counted: it takes a while where there are very many.

        Args:
            told: entries that were told of each signal.
            banks: as for `of_signals`.
        """
        searched = self._roles().searched if banks is None else self._bank_ids(banks)
        totals = list(told)
        capped = [number for number, count in enumerate(told) if count >= limit]
        if capped:
            asked = [signals[number] for number in capped]
            counted = await asyncio.to_thread(self._matcher.count, asked, searched)
            for number, total in zip(capped, counted, strict=True):
                totals[number] = max(total, told[number])
        return totals

    def _bank_ids(self, names: Collection[str]) -> set[int]:
        by_name = {bank.name: bank for bank in self._matcher.banks.values()}
        unknown = sorted(set(names) - by_name.keys())
        if unknown:
            raise NotFound(f"there is no bank named {unknown[0]}", where="banks")
        allowing = sorted(name for name in names if by_name[name].allow)
        if allowing:
            raise InvalidInput(
                f"the bank {allowing[0]} is an allow bank: its entries never match",
                where="banks",
                remedy="name other banks; what it silences is listed with their results",
            )
        return {by_name[name].id for name in names}

    async def _search(
        self,
        signals: Sequence[Signal],
        banks: Collection[int] | None,
        limit: int = MOST_MATCHES,
        *,
        deciding: bool = False,
    ) -> _Search:
        # Read first: what is searched is then at least as new as the version that is quoted.
        version, roles = self._matcher.version, self._roles()
        searched = roles.searched if banks is None else banks
        hits = await self._match(signals, searched, limit)
        if len(hits) >= limit:
            states = self._matcher.banks
            chosen = states.keys() if searched is None else searched
            real = {number for number in chosen if number in states and not states[number].drill}
            hits = await self._uncrowded(hits, signals, real, limit)
            if deciding:  # what may block by itself must not stand behind what may not
                trusted = {number for number in real if states[number].trusted}
                hits = await self._uncrowded(hits, signals, trusted, limit)
        if not hits or not roles.allowing:
            return _Search(hits, (), version)
        # Few signals hit anything; only these are looked for in the allow banks.
        numbers = sorted({hit.signal for hit in hits})
        found = await self._match([signals[number] for number in numbers], roles.allowing)
        allowing = [replace(hit, signal=numbers[hit.signal]) for hit in found]
        return _Search(hits, allowing, version)

    async def _uncrowded(
        self, hits: Sequence[Hit], signals: Sequence[Signal], banks: Collection[int], limit: int
    ) -> Sequence[Hit]:
        """The hits, with the closest in some banks in place of the farthest in others.

        Only for signals that hit so many entries that none in these banks is among them.
        """
        by_signal = _by_signal(hits)
        crowded = [
            number
            for number, own in by_signal.items()
            if len(own) >= limit and not any(hit.bank_id in banks for hit in own)
        ]
        if not crowded or not banks:
            return hits
        found = await self._match([signals[number] for number in crowded], banks, limit)
        more = _by_signal(replace(hit, signal=crowded[hit.signal]) for hit in found)
        told: list[Hit] = []
        for number, own in by_signal.items():
            others = more.get(number, [])[: max(1, limit // 2)]
            kept = own[: max(limit - len(others), 0)] if others else own
            told += sorted((*kept, *others), key=lambda hit: (hit.distance, hit.entry_id))
        return told

    def _roles(self) -> _Roles:
        states = self._matcher.banks
        if self._known_roles.states is not states:
            allowing = frozenset(bank.id for bank in states.values() if bank.allow)
            searched = frozenset(states) - allowing if allowing else None
            self._known_roles = _Roles(states, searched, allowing)
        return self._known_roles

    async def _match(
        self,
        signals: Sequence[Signal],
        banks: Collection[int] | None,
        limit: int = MOST_MATCHES,
    ) -> Sequence[Hit]:
        if len(signals) <= INLINE_SIGNALS:
            return self._matcher.match(signals, banks, limit)
        return await asyncio.to_thread(self._matcher.match, signals, banks, limit)

    async def _join(
        self, found: _Search, signals: Sequence[Signal], paths: Sequence[tuple[str, ...]]
    ) -> Findings:
        if not found.hits:
            return _NOTHING
        entries = {hit.entry_id for hit in (*found.hits, *found.allowing)}
        # Only a first match of an entry reads the database, and never on the event loop.
        if self._facts.missing(entries):
            facts = await asyncio.to_thread(self._facts.get, entries)
        else:
            facts = self._facts.get(entries)
        asked = Question(signals, paths, self._kinds, self._matcher.banks, facts, found.version)
        return findings(found.hits, found.allowing, asked, Defence(self._parked(), self._near))


_NOTHING = Findings()


def _by_signal(hits: Iterable[Hit]) -> dict[int, list[Hit]]:
    found: dict[int, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.signal, []).append(hit)
    return found
