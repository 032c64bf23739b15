"""Which hits count as findings, and which are silenced: the one place that decides it.

A miss is the worst error, so a silence is narrow. The rules, and nothing else, silence a hit:

1. `allowed`: an entry of an allow bank was hit by the very same signal, at a distance that is not
   greater. Signals of other kinds, parts or files never count, so that an exact finding is silenced
   only by an equal exact allow entry. A drill allow bank silences findings of drill banks only.
2. `parked`: the entry floods, and a curator was asked. Perceptual hits only; a gap says that the
   content counts as not checked, so that it is never called clear.
3. `low_information`: the signal is of a picture with little in it, and the entry is further away
   than such a picture may be. Perceptual hits only.

The first rule that applies is named. What is silenced stays in the outcome, with its reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from tutela.detection.index.matcher import BankState, Hit
from tutela.detection.index.provenance import order, to_match
from tutela.detection.signals.registry import SignalKinds
from tutela.model import (
    EntryFacts,
    Gap,
    GapReason,
    LowInformation,
    Match,
    Signal,
    Silenced,
    Silencing,
)
from tutela.model.record import Record

NEAR = 20
"""Bits within which a match of a picture with little in it still counts."""

IN_WORDS: Mapping[LowInformation, str] = {
    LowInformation.PLAIN: "nearly all of the picture is one colour",
}


class Findings(Record, frozen=True, kw_only=True):
    """What the search of some signals came to.

    Attributes:
        matches: what counts, exact ones first, then the closest.
        silenced: what does not count, with why, in the same order.
    """

    matches: tuple[Match, ...] = ()
    silenced: tuple[Silenced, ...] = ()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Parts that count as not compared, because what they matched is parked."""
        details: dict[tuple[tuple[str, ...], str], str] = {}
        for one in self.silenced:
            if one.reason is Silencing.PARKED:
                details.setdefault((one.match.path, one.match.part), one.detail)
        return tuple(
            placed(Gap(reason=GapReason.ENTRY_PARKED, detail=detail, part=part), path)
            for (path, part), detail in details.items()
        )


class Defence(NamedTuple):
    """What the rules need to know beyond the hits.

    Attributes:
        parked: ids of the entries that are parked.
        near: the distance up to which a picture with little in it may match; None lets such
            pictures match as any other.
    """

    parked: Container[int] = frozenset()
    near: int | None = NEAR


class Silence(NamedTuple):
    """Why a hit does not count.

    Attributes:
        by: the hit in an allow bank that silences it, or None for other reasons.
    """

    reason: Silencing
    detail: str
    by: Hit | None = None


class Question(NamedTuple):
    """What was searched for, and how the lists stand.

    Attributes:
        signals: what was searched for; `Hit.signal` points into it.
        paths: the archive path of each signal's content.
        banks: every bank by id.
        facts: facts of every entry among the hits; a missing one was deleted meanwhile.
        list_version: version of the lists that the search speaks for.
    """

    signals: Sequence[Signal]
    paths: Sequence[tuple[str, ...]]
    kinds: SignalKinds
    banks: Mapping[int, BankState]
    facts: Mapping[int, EntryFacts]
    list_version: int


def silences(
    hits: Sequence[Hit],
    allowing: Iterable[Hit],
    signals: Sequence[Signal],
    *,
    kinds: SignalKinds,
    banks: Mapping[int, BankState],
    defence: Defence,
) -> list[Silence | None]:
    """For each hit why it does not count, or None where it does.

    Args:
        hits: hits in banks that may match.
        allowing: hits of the same signals in allow banks.
        signals: what was searched for; `Hit.signal` points into it.
    """
    nearest = _nearest(allowing, banks)
    return [
        _allowed(hit, nearest, banks)
        or (None if kinds.exact(hit.kind) else _weak(hit, signals[hit.signal], banks, defence))
        for hit in hits
    ]


def findings(
    hits: Sequence[Hit], allowing: Sequence[Hit], asked: Question, defence: Defence
) -> Findings:
    """Sort hits into what counts and what is silenced, joined with what the lists say.

    Hits in banks that are gone are left out.
    """
    hits = [hit for hit in hits if hit.bank_id in asked.banks]
    allowing = [hit for hit in allowing if hit.bank_id in asked.banks]
    why = silences(
        hits, allowing, asked.signals, kinds=asked.kinds, banks=asked.banks, defence=defence
    )
    counting: list[Match] = []
    silenced: list[Silenced] = []
    for hit, silence in zip(hits, why, strict=True):
        match = _match(hit, asked)
        if silence is None:
            counting.append(match)
            continue
        by = _match(silence.by, asked) if silence.by else None
        silenced.append(Silenced(match=match, reason=silence.reason, detail=silence.detail, by=by))
    return Findings(
        matches=tuple(sorted(counting, key=order)),
        silenced=tuple(sorted(silenced, key=lambda one: order(one.match))),
    )


def placed(gap: Gap, path: tuple[str, ...]) -> Gap:
    """The gap with the archive path of its content in `part`."""
    if not path:
        return gap
    part = ": ".join(filter(None, ["/".join(path), gap.part]))
    return Gap(reason=gap.reason, detail=gap.detail, part=part)


def _nearest(
    allowing: Iterable[Hit], banks: Mapping[int, BankState]
) -> dict[tuple[int, bool], Hit]:
    """The closest allowing hit by signal, and by whether findings of drill banks alone heed it."""
    nearest: dict[tuple[int, bool], Hit] = {}
    for hit in allowing:
        bank = banks[hit.bank_id]
        if not bank.allow:
            continue
        key = hit.signal, bank.drill
        if key not in nearest or hit.distance < nearest[key].distance:
            nearest[key] = hit
    return nearest


def _allowed(
    hit: Hit, nearest: Mapping[tuple[int, bool], Hit], banks: Mapping[int, BankState]
) -> Silence | None:
    heeded = (False, True) if banks[hit.bank_id].drill else (False,)
    for drill in heeded:
        by = nearest.get((hit.signal, drill))
        if by is not None and by.distance <= hit.distance:
            detail = (
                f"an entry of the allow bank {banks[by.bank_id].name} is known to be harmless and "
                f"at least as close: {by.distance} bits, the match {hit.distance}"
            )
            return Silence(Silencing.ALLOWED, detail, by)
    return None


def _weak(
    hit: Hit, signal: Signal, banks: Mapping[int, BankState], defence: Defence
) -> Silence | None:
    if hit.entry_id in defence.parked:
        detail = (
            f"the entry of the bank {banks[hit.bank_id].name} suddenly matched so much that it is "
            "parked until a curator has decided"
        )
        return Silence(Silencing.PARKED, detail)
    little = signal.low_information
    if little is None or defence.near is None or hit.distance <= defence.near:
        return None
    detail = (
        f"{IN_WORDS[little]}, so that only entries within {defence.near} bits count; "
        f"this one is {hit.distance} away"
    )
    return Silence(Silencing.LOW_INFORMATION, detail)


def _match(hit: Hit, asked: Question) -> Match:
    return to_match(
        hit,
        asked.signals[hit.signal],
        asked.paths[hit.signal],
        kinds=asked.kinds,
        bank=asked.banks[hit.bank_id],
        facts=asked.facts,
        list_version=asked.list_version,
    )
