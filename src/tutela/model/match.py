"""A match: a known entry within its bank's distance of a signal, with its provenance."""

from __future__ import annotations

from tutela.model.record import Record


class Match(Record, frozen=True, kw_only=True):
    """Where a signal was found.

    Attributes:
        bank, bank_id, entry_id: what it was found in.
        kind: signal kind that matched.
        distance: Hamming distance in bits; 0 for exact kinds.
        exact: whether the kind compares by equality (MD5, SHA-1, SHA-256).
        list_version: version of the lists that were compared with.
        exchange: exchange that feeds the bank, or None.
        trusted: whether the bank is trusted.
        label, category, scheme, source: what the list says of the entry.
        part: which part of the content matched, in the words of `Signal.part`.
        path: where that content lay inside archives.
    """

    bank: str
    bank_id: int
    entry_id: int
    kind: str
    distance: int
    exact: bool
    list_version: int
    exchange: str | None = None
    trusted: bool = False
    drill: bool = False
    label: str = ""
    category: str = ""
    scheme: str = ""
    source: str = ""
    part: str = ""
    path: tuple[str, ...] = ()
