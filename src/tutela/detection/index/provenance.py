"""From hits to matches: which bank, which entry, how far, in which version of the lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def order(match: Match) -> tuple[bool, int, str, int]:
    """The key by which matches are listed: exact kinds first, then the closest."""
    return not match.exact, match.distance, match.bank, match.entry_id


def to_match(
    hit: Hit,
    signal: Signal,
    path: tuple[str, ...],
    *,
    kinds: SignalKinds,
    bank: BankState,
    facts: Mapping[int, EntryFacts],
    list_version: int,
) -> Match:
    """Join a hit with what the lists say.

    Args:
        hit: what `Matcher.match` found.
        signal, path: what it was found for, and the archive path of its content.
        bank: the bank of the entry.
        facts: facts of entries; a missing one was deleted between search and reading.
        list_version: version of the lists that the search speaks for.
    """
    entry = facts.get(hit.entry_id, NO_FACTS)
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
        low_information=signal.low_information,
    )
