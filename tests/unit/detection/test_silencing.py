from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.index.matcher import BankState, Hit
from tutela.detection.signals.registry import builtin_kinds
from tutela.detection.silencing import (
    NEAR,
    Defence,
    Findings,
    Question,
    Silence,
    findings,
    placed,
    silences,
)
from tutela.model import (
    EntryFacts,
    Gap,
    GapReason,
    LowInformation,
    Signal,
    Silencing,
)

KINDS = builtin_kinds()
BANKS = {
    bank.id: bank
    for bank in (
        BankState(id=1, name="listed", trusted=True),
        BankState(id=2, name="drills", drill=True),
        BankState(id=3, name="harmless", allow=True),
        BankState(id=4, name="harmless-drills", allow=True, drill=True),
    )
}
PDQ = Signal(kind="pdq", value="00" * 32)
PLAIN = Signal(kind="pdq", value="0f" * 32, low_information=LowInformation.PLAIN)
MD5 = Signal(kind="md5", value="11" * 16)
SIGNALS = (PDQ, PLAIN, MD5)


def hit(signal: int, distance: int, *, bank: int = 1, entry: int = 10) -> Hit:
    kind = SIGNALS[signal].kind
    return Hit(entry_id=entry, bank_id=bank, kind=kind, distance=distance, signal=signal)


def why(one: Hit, *allowing: Hit, defence: Defence = Defence()) -> Silence | None:  # noqa: B008 - frozen
    (found,) = silences([one], allowing, SIGNALS, kinds=KINDS, banks=BANKS, defence=defence)
    return found


@pytest.mark.parametrize(
    ("found", "allowing", "reason"),
    [
        # Perceptual findings: an allow entry must be at least as close, to the same signal.
        (hit(0, 9), hit(0, 8, bank=3), Silencing.ALLOWED),
        (hit(0, 9), hit(0, 9, bank=3), Silencing.ALLOWED),
        (hit(0, 9), hit(0, 10, bank=3), None),
        (hit(0, 9), hit(1, 0, bank=3), None),
        (hit(0, 9), hit(2, 0, bank=3), None),
        # Exact findings: only an equal exact allow entry.
        (hit(2, 0), hit(2, 0, bank=3), Silencing.ALLOWED),
        (hit(2, 0), hit(0, 0, bank=3), None),
        # A drill allow bank knows harmless drill pictures, and nothing of real lists.
        (hit(0, 9), hit(0, 0, bank=4), None),
        (hit(0, 9, bank=2), hit(0, 0, bank=4), Silencing.ALLOWED),
        (hit(0, 9, bank=2), hit(0, 0, bank=3), Silencing.ALLOWED),
        # A hit in a bank that is no allow bank never silences.
        (hit(0, 9), hit(0, 0, bank=2), None),
    ],
)
def test_what_an_allow_entry_silences(found: Hit, allowing: Hit, reason: Silencing | None) -> None:
    silence = why(found, allowing)
    assert (silence.reason if silence else None) is reason
    assert silence is None or silence.by == allowing


def test_a_parked_entry_matches_exactly_but_not_by_likeness() -> None:
    defence = Defence(parked={10})
    assert why(hit(2, 0), defence=defence) is None
    assert why(hit(0, 3, entry=11), defence=defence) is None
    silence = why(hit(0, 0), defence=defence)
    assert silence is not None
    assert silence.reason is Silencing.PARKED
    assert "parked until a curator has decided" in silence.detail


def test_a_plain_picture_matches_what_is_near() -> None:
    assert why(hit(1, NEAR)) is None
    silence = why(hit(1, NEAR + 1))
    assert silence is not None
    assert silence.reason is Silencing.LOW_INFORMATION
    assert f"only entries within {NEAR} bits count; this one is {NEAR + 1} away" in silence.detail
    assert why(hit(1, 31), defence=Defence(near=None)) is None


def test_being_parked_outweighs_being_plain_because_it_is_never_clear() -> None:
    silence = why(hit(1, 30), defence=Defence(parked={10}))
    assert silence is not None
    assert silence.reason is Silencing.PARKED


HITS = st.builds(
    lambda signal, distance, bank, entry: hit(
        signal, distance if SIGNALS[signal].kind == "pdq" else 0, bank=bank, entry=entry
    ),
    st.integers(0, 2),
    st.integers(0, 31),
    st.sampled_from([1, 2]),
    st.integers(1, 5),
)
ALLOWING = st.builds(
    lambda signal, distance, bank, entry: hit(
        signal, distance if SIGNALS[signal].kind == "pdq" else 0, bank=bank, entry=entry
    ),
    st.integers(0, 2),
    st.integers(0, 31),
    st.sampled_from([3, 4]),
    st.integers(6, 9),
)


def may_be_silenced(one: Hit, allowing: Sequence[Hit], parked: set[int]) -> bool:
    """The rules once more, as plainly as can be."""
    if any(
        other.signal == one.signal
        and other.distance <= one.distance
        and (not BANKS[other.bank_id].drill or BANKS[one.bank_id].drill)
        for other in allowing
    ):
        return True
    if one.kind != "pdq":
        return False
    return one.entry_id in parked or (SIGNALS[one.signal] is PLAIN and one.distance > NEAR)


@given(
    hits=st.lists(HITS, max_size=6),
    allowing=st.lists(ALLOWING, max_size=6),
    parked=st.sets(st.integers(1, 5)),
)
def test_nothing_is_silenced_without_evidence_that_is_as_strong(
    hits: list[Hit], allowing: list[Hit], parked: set[int]
) -> None:
    found = silences(
        hits, allowing, SIGNALS, kinds=KINDS, banks=BANKS, defence=Defence(parked=parked)
    )
    assert [silence is not None for silence in found] == [
        may_be_silenced(one, allowing, parked) for one in hits
    ]


def asked(paths: Sequence[tuple[str, ...]] = ((), (), ())) -> Question:
    facts = {10: EntryFacts(label="a lake"), 20: EntryFacts(label="a logo")}
    return Question(SIGNALS, paths, KINDS, BANKS, facts, 7)


def test_nothing_gets_lost_between_what_counts_and_what_is_silenced() -> None:
    hits = [hit(0, 20), hit(0, 5, entry=11), hit(2, 0), hit(1, 31, entry=12)]
    found = findings(hits, [hit(0, 20, bank=3, entry=20)], asked(), Defence())
    assert [(match.kind, match.entry_id) for match in found.matches] == [("md5", 10), ("pdq", 11)]
    allowed, plain = found.silenced
    assert (allowed.match.entry_id, allowed.reason) == (10, Silencing.ALLOWED)
    assert allowed.by is not None
    assert (allowed.by.bank, allowed.by.label, allowed.by.distance) == ("harmless", "a logo", 20)
    assert (plain.match.entry_id, plain.reason, plain.by) == (12, Silencing.LOW_INFORMATION, None)
    assert plain.match.low_information is LowInformation.PLAIN
    assert found.gaps == ()


def test_what_is_parked_leaves_one_gap_for_each_part() -> None:
    paths = (("album.zip", "1.png"), (), ())
    hits = [hit(0, 2), hit(0, 4, entry=11), hit(1, 3), hit(2, 0)]
    found = findings(hits, [], asked(paths), Defence(parked={10, 11}))
    assert [match.kind for match in found.matches] == ["md5"]
    assert [(gap.reason, gap.part) for gap in found.gaps] == [
        (GapReason.ENTRY_PARKED, "album.zip/1.png"),
        (GapReason.ENTRY_PARKED, ""),
    ]


def test_hits_in_a_bank_that_is_gone_are_left_out() -> None:
    found = findings([hit(0, 2, bank=99)], [hit(0, 1, bank=98)], asked(), Defence())
    assert found == Findings()


def test_a_gap_tells_where_it_lies() -> None:
    gap = Gap(reason=GapReason.FLAT, detail="x", part="frame 2")
    assert placed(gap, ()) == gap
    assert placed(gap, ("a.zip", "b.gif")).part == "a.zip/b.gif: frame 2"
