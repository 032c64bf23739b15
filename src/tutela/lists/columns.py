"""A list as columns: how entries are held where there is no database."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.model import EntryFacts, NewEntry, Signal

_FACT_NAMES = EntryFacts.__struct_fields__

BANKS_DISTANCE = 255
"""Stands in a column of distances for that of the bank."""


class SignalColumns(NamedTuple):
    """All signals of one kind, in the order of their entries.

    Attributes:
        codes: (n, bits / 8) uint8, the canonical bytes.
        entries: (n,) int64, ascending: the entry that each code belongs to, counted from 0.
    """

    codes: NDArray[np.uint8]
    entries: NDArray[np.int64]


class Columns(NamedTuple):
    """Entries of one or more banks. Equal facts are held once.

    Attributes:
        banks: names.
        entry_banks: (entries,) int64, index into `banks`.
        entry_facts: (entries,) int64, number of the entry's facts.
        entry_distances: (entries,) uint8, the entry's own distance, or `BANKS_DISTANCE`.
        fact_ends: (facts + 1,) int64, where in `fact_text` the facts of a number begin and end.
        fact_text: uint8, each facts as a JSON array of its five texts.
        signals: signals by kind.
    """

    banks: tuple[str, ...]
    entry_banks: NDArray[np.int64]
    entry_facts: NDArray[np.int64]
    entry_distances: NDArray[np.uint8]
    fact_ends: NDArray[np.int64]
    fact_text: NDArray[np.uint8]
    signals: Mapping[str, SignalColumns]

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.entry_banks)

    def bank(self, entry: int) -> str:
        """Name of the bank that an entry belongs to."""
        return self.banks[int(self.entry_banks[entry])]

    def facts(self, entry: int) -> EntryFacts:
        """What the list says about an entry."""
        return EntryFacts(**self._fact_texts(int(self.entry_facts[entry])))

    def entries(self, kinds: SignalKinds) -> Iterator[NewEntry]:
        """Yield all entries with their signals."""
        at = dict.fromkeys(self.signals, 0)
        for entry in range(self.size):
            signals: list[Signal] = []
            for kind, column in self.signals.items():
                while at[kind] < len(column.entries) and column.entries[at[kind]] == entry:
                    value = kinds[kind].text(column.codes[at[kind]].tobytes())
                    signals.append(Signal(kind=kind, value=value))
                    at[kind] += 1
            own = int(self.entry_distances[entry])
            facts = msgspec.structs.asdict(self.facts(entry))
            yield NewEntry(
                signals=tuple(signals), distance=None if own == BANKS_DISTANCE else own, **facts
            )

    def _fact_texts(self, number: int) -> dict[str, str]:
        text = self.fact_text[self.fact_ends[number] : self.fact_ends[number + 1]]
        try:
            values = msgspec.json.decode(text.tobytes(), type=tuple[str, str, str, str, str])
        except msgspec.DecodeError:
            raise InvalidInput("the facts of an entry cannot be read") from None
        return dict(zip(_FACT_NAMES, values, strict=True))


def joined(parts: Sequence[Columns]) -> Columns:
    """All entries of some columns, in their order, as one."""
    texts = _offsets([len(part.fact_text) for part in parts])
    facts = _offsets([len(part.fact_ends) - 1 for part in parts])
    return Columns(
        banks=tuple(bank for part in parts for bank in part.banks),
        entry_banks=_moved(
            [part.entry_banks for part in parts], _offsets([len(part.banks) for part in parts])
        ),
        entry_facts=_moved([part.entry_facts for part in parts], facts),
        entry_distances=np.concatenate([part.entry_distances for part in parts]),
        # Each part begins where the one before it ends, so that its first end is said already.
        fact_ends=np.concatenate(
            [[0], _moved([part.fact_ends[1:] for part in parts], texts)], dtype=np.int64
        ),
        fact_text=np.concatenate([part.fact_text for part in parts]),
        signals={
            kind: _joined_signals(kind, parts)
            for kind in dict.fromkeys(kind for part in parts for kind in part.signals)
        },
    )


def _joined_signals(kind: str, parts: Sequence[Columns]) -> SignalColumns:
    starts = _offsets([part.size for part in parts])
    having = [
        (part.signals[kind], start)
        for part, start in zip(parts, starts, strict=True)
        if kind in part.signals
    ]
    return SignalColumns(
        np.concatenate([signals.codes for signals, _ in having]),
        _moved([signals.entries for signals, _ in having], [start for _, start in having]),
    )


def _offsets(sizes: Sequence[int]) -> list[int]:
    return [sum(sizes[:at]) for at in range(len(sizes))]


def _moved(parts: Sequence[NDArray[np.int64]], offsets: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([part + offset for part, offset in zip(parts, offsets, strict=True)])


class ColumnsBuilder:
    """Collects entries, bank after bank, into columns."""

    def __init__(self, kinds: SignalKinds) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._banks: list[str] = []
        self._entry_banks = array("q")
        self._entry_facts = array("q")
        self._entry_distances = bytearray()
        # Facts as they will be stored: the garbage collector need not look into a dict of bytes,
        # which it would do again and again while millions of rows are read.
        self._facts: dict[bytes, int] = {}
        self._encode = msgspec.json.Encoder().encode
        self._codes = {name: bytearray() for name in self._kinds}
        self._entries = {name: array("q") for name in self._kinds}

    def add_bank(self, name: str) -> None:
        """Begin a bank; the entries that follow belong to it."""
        self._banks.append(name)

    def add(self, entry: NewEntry) -> None:
        """Add an entry to the bank that was begun last."""
        number = len(self._entry_banks)
        self._entry_banks.append(len(self._banks) - 1)
        facts = self._encode((entry.label, entry.category, entry.scheme, entry.source, entry.note))
        self._entry_facts.append(self._facts.setdefault(facts, len(self._facts)))
        own = BANKS_DISTANCE if entry.distance is None else entry.distance
        self._entry_distances.append(own)
        for signal in entry.signals:
            self._codes[signal.kind] += self._kinds[signal.kind].parse(signal.value)
            self._entries[signal.kind].append(number)

    def build(self) -> Columns:
        """The columns of everything that was added. The builder is then used up."""
        ends = np.zeros(len(self._facts) + 1, np.int64)
        np.cumsum([len(text) for text in self._facts], out=ends[1:])
        return Columns(
            banks=tuple(self._banks),
            entry_banks=np.frombuffer(self._entry_banks, np.int64),
            entry_facts=np.frombuffer(self._entry_facts, np.int64),
            entry_distances=np.frombuffer(self._entry_distances, np.uint8),
            fact_ends=ends,
            fact_text=np.frombuffer(b"".join(self._facts), np.uint8),
            signals={name: self._column(name) for name in self._kinds if self._entries[name]},
        )

    def _column(self, name: str) -> SignalColumns:
        codes = np.frombuffer(self._codes[name], np.uint8)
        return SignalColumns(
            codes.reshape(-1, self._kinds[name].bits // 8),
            np.frombuffer(self._entries[name], np.int64),
        )
