"""Signals in, findings out: what the limit of entries must not hide."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import pytest

from tutela.detection.index.matcher import BankState, Matcher
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput, NotFound, Unavailable
from tutela.lists.matching import KnownFacts, Matching
from tutela.model import Content, EntryFacts, Signal, Silencing

MANY = 250
"""More than are told of one signal."""
DRILLS, LISTED, HARMLESS, HARMLESS_DRILLS, DOUBTFUL = 1, 2, 3, 4, 5
STATES = (
    BankState(id=DRILLS, name="drills", drill=True),
    BankState(id=LISTED, name="listed", trusted=True),
    BankState(id=HARMLESS, name="harmless", allow=True),
    BankState(id=HARMLESS_DRILLS, name="harmless-drills", allow=True, drill=True),
    BankState(id=DOUBTFUL, name="doubtful"),
)


def pdq(bits: int) -> Signal:
    return Signal(kind="pdq", value=f"{(1 << bits) - 1:064x}")


def facts(entries: Collection[int]) -> dict[int, EntryFacts]:
    return {entry: EntryFacts(label=f"entry {entry}") for entry in entries}


def matching_of(
    kinds: SignalKinds, rows: Sequence[tuple[int, int]], *, ready: bool = True
) -> Matching:
    """A matching over entries (bits, bank), numbered from 1."""
    matcher = Matcher(kinds)
    matcher.set_banks(STATES)
    values = b"".join(bytes.fromhex(pdq(bits).value) for bits, _ in rows)
    codes = np.frombuffer(values, np.uint8).reshape(-1, 32)
    banks = np.array([bank for _, bank in rows], np.int64)
    matcher.load("pdq", codes, np.arange(1, len(rows) + 1), banks)
    return Matching(matcher=matcher, kinds=kinds, facts=KnownFacts(facts), ready=lambda: ready)


def test_entries_of_drills_never_hide_those_of_real_lists(kinds: SignalKinds) -> None:
    rows = [(0, DRILLS)] * MANY + [(5, LISTED), (0, HARMLESS_DRILLS)]
    matching = matching_of(kinds, rows)
    found = asyncio.run(matching.of_contents([Content(signals=(pdq(0),))]))
    assert [(match.bank, match.distance) for match in found.matches] == [("listed", 5)]
    assert {one.reason for one in found.silenced} == {Silencing.ALLOWED}
    assert len(found.matches) + len(found.silenced) == 100
    (again,) = asyncio.run(matching.of_signals([pdq(0)], limit=3))
    assert [match.bank for match in again.matches] == ["listed"]
    assert len(again.silenced) == 2


def test_entries_of_doubtful_lists_never_hide_that_a_trusted_one_matches(
    kinds: SignalKinds,
) -> None:
    rows = [(0, DRILLS)] * MANY + [(1, DOUBTFUL)] * MANY + [(9, LISTED)] * MANY
    matching = matching_of(kinds, rows)
    found = asyncio.run(matching.of_contents([Content(signals=(pdq(0), pdq(150)))]))
    told = Counter(match.bank for match in found.matches)
    assert told == {"drills": 50, "listed": 50}
    assert [match.distance for match in found.matches] == sorted(m.distance for m in found.matches)
    # Whoever asks for a number of the closest gets these.
    (closest,) = asyncio.run(matching.of_signals([pdq(0)], ["doubtful", "listed"], limit=3))
    assert [match.bank for match in closest.matches] == ["doubtful"] * 3


def test_where_there_are_drills_only_all_told_are_drills(kinds: SignalKinds) -> None:
    found = asyncio.run(
        matching_of(kinds, [(0, DRILLS)] * MANY).of_contents([Content(signals=(pdq(3),))])
    )
    assert len(found.matches) == 100
    assert {match.bank for match in found.matches} == {"drills"}


@pytest.mark.parametrize("extra", [0, 20])
def test_each_signal_is_silenced_by_itself(kinds: SignalKinds, extra: int) -> None:
    """A few signals are searched on the event loop, many in a thread."""
    matching = matching_of(kinds, [(0, LISTED), (12, HARMLESS)])
    signals = [pdq(4), pdq(8), *[pdq(200)] * extra]
    near, far, *rest = asyncio.run(matching.of_signals(signals))
    assert (len(near.matches), len(near.silenced)) == (1, 0)
    assert (len(far.matches), len(far.silenced)) == (0, 1)
    assert far.silenced[0].by is not None
    assert (far.silenced[0].by.label, far.silenced[0].by.distance) == ("entry 2", 4)
    assert not any(one.matches or one.silenced for one in rest)
    whole = asyncio.run(matching.of_contents([Content(signals=tuple(signals))]))
    assert (len(whole.matches), len(whole.silenced)) == (1, 1)


def test_allow_banks_are_not_looked_in(kinds: SignalKinds) -> None:
    matching = matching_of(kinds, [(0, HARMLESS)])
    assert not asyncio.run(matching.of_signals([pdq(0)]))[0].matches
    with pytest.raises(InvalidInput, match="never match"):
        asyncio.run(matching.of_signals([pdq(0)], ["harmless"]))
    with pytest.raises(NotFound):
        asyncio.run(matching.of_signals([pdq(0)], ["nowhere"]))
    with pytest.raises(Unavailable):
        asyncio.run(matching_of(kinds, [(0, LISTED)], ready=False).of_signals([pdq(0)]))
