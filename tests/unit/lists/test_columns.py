from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.lists.columns import Columns, ColumnsBuilder, joined
from tutela.model import EntryFacts, NewEntry, Signal

BITS = {"md5": 128, "sha1": 160, "sha256": 256, "pdq": 256}

SIGNALS = st.sampled_from(sorted(BITS)).flatmap(
    lambda kind: st.binary(min_size=BITS[kind] // 8, max_size=BITS[kind] // 8).map(
        lambda value: Signal(kind=kind, value=value.hex())
    )
)
FACT = st.sampled_from(["", "a", "b", "Zürich", '"quoted"\n'])
ENTRIES = st.builds(
    lambda signals, label, note: NewEntry(signals=_by_kind(signals), label=label, note=note),
    st.lists(SIGNALS, min_size=1, max_size=4),
    FACT,
    FACT,
)
BANKS = st.lists(st.lists(ENTRIES, max_size=5), min_size=1, max_size=4)


def _by_kind(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Columns keep the signals of an entry kind by kind, in the order of the kinds."""
    order = [kind.name for kind in builtin_kinds()]
    return tuple(sorted(signals, key=lambda signal: order.index(signal.kind)))


def build(kinds: SignalKinds, banks: Sequence[Sequence[NewEntry]], first: int = 0) -> Columns:
    builder = ColumnsBuilder(kinds)
    for number, bank in enumerate(banks, first):
        builder.add_bank(f"bank {number}")
        for entry in bank:
            builder.add(entry)
    return builder.build()


@given(banks=BANKS)
def test_entries_come_back_as_they_went_in(banks: list[list[NewEntry]]) -> None:
    kinds = builtin_kinds()
    columns = build(kinds, banks)
    entries = [entry for bank in banks for entry in bank]
    assert columns.size == len(entries)
    assert list(columns.entries(kinds)) == entries
    assert [columns.bank(number) for number in range(columns.size)] == [
        f"bank {number}" for number, bank in enumerate(banks) for _ in bank
    ]
    for number, entry in enumerate(entries):
        assert columns.facts(number) == EntryFacts(label=entry.label, note=entry.note)


@given(banks=BANKS, cut=st.integers(0, 4))
def test_joined_columns_are_those_of_all_entries(banks: list[list[NewEntry]], cut: int) -> None:
    kinds = builtin_kinds()
    parts = [part for part in (banks[:cut], banks[cut:]) if part]
    firsts = [0, len(parts[0])]
    together = joined(
        [build(kinds, part, first) for part, first in zip(parts, firsts, strict=False)]
    )
    whole = build(kinds, banks)
    assert [(entry.label, _by_kind(entry.signals)) for entry in together.entries(kinds)] == [
        (entry.label, _by_kind(entry.signals)) for bank in banks for entry in bank
    ]
    assert together.banks == whole.banks
    assert together.entry_banks.tolist() == whole.entry_banks.tolist()
    for number in range(whole.size):
        assert together.facts(number) == whole.facts(number)


def test_equal_facts_are_held_once(kinds: SignalKinds) -> None:
    entry = NewEntry(signals=(Signal(kind="md5", value="ab" * 16),), label="lake")
    assert len(build(kinds, [[entry] * 100]).fact_ends) == 2
