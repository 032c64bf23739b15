"""From hits to matches: which bank, which entry, how far, in which version of the lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tutela.detection.index.matcher import BankState, Hit
from tutela.detection.signals.registry import SignalKinds
from tutela.model import Content, EntryFacts, Match, Signal

NO_FACTS = EntryFacts()
"""Stands for an entry that was deleted between the search and the reading of its facts."""


def placed_signals(
    contents: Iterable[Content],
) -> tuple[list[Signal], list[tuple[str, ...]]]:
    """All signals of some contents, and beside each the archive path of its content."""
    signals: list[Signal] = []
    paths: list[tuple[str, ...]] = []
    for content in contents:
        signals.extend(content.signals)
        paths.extend([content.path] * len(content.signals))
    return signals, paths


def to_matches(
    hits: Sequence[Hit],
    signals: Sequence[Signal],
    paths: Sequence[tuple[str, ...]],
    *,
    kinds: SignalKinds,
    banks: Mapping[int, BankState],
    facts: Mapping[int, EntryFacts],
    list_version: int,
) -> tuple[Match, ...]:
    """Join hits with what the lists say. Closest first; exact kinds before perceptual ones.

    Args:
        hits: what `Matcher.match` found; `Hit.signal` points into `signals` and `paths`.
        facts: facts of every entry among the hits; a missing one was deleted meanwhile.
        list_version: version of the lists that the search speaks for.
    """
    matches = (
        _to_match(hit, signals[hit.signal], paths[hit.signal], kinds, banks, facts, list_version)
        for hit in hits
        if hit.bank_id in banks
    )
    return tuple(sorted(matches, key=lambda m: (not m.exact, m.distance, m.bank, m.entry_id)))


def _to_match(
    hit: Hit,
    signal: Signal,
    path: tuple[str, ...],
    kinds: SignalKinds,
    banks: Mapping[int, BankState],
    facts: Mapping[int, EntryFacts],
    list_version: int,
) -> Match:
    bank, entry = banks[hit.bank_id], facts.get(hit.entry_id, NO_FACTS)
    return Match(
        bank=bank.name,
        bank_id=bank.id,
        entry_id=hit.entry_id,
        kind=hit.kind,
        distance=hit.distance,
        exact=kinds.exact(hit.kind),
        list_version=list_version,
        exchange=bank.exchange,
        trusted=bank.trusted,
        drill=bank.drill,
        label=entry.label,
        category=entry.category,
        scheme=entry.scheme,
        source=entry.source,
        part=signal.part,
        path=path,
    )
