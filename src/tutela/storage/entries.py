"""Entries: what the banks list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime

from tutela.model import Entry, EntryFacts, NewEntry
from tutela.model.record import Record
from tutela.storage.database import Database


class ImportResult(Record, frozen=True, kw_only=True):
    """What an addition did.

    Attributes:
        added: entries that were added.
        first_id: id of the first; the others follow in ascending order, without gaps when no more
            than 5 000 were added; 0 when none was.
        version: list version in which they became visible.
    """

    added: int
    first_id: int
    version: int


class Entries:
    """The entries in a database. Every change bumps the list version once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        bank: str,
        entries: Iterable[NewEntry],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> ImportResult:
        """Add all entries or none: they become visible together, when the last has been stored.

        Args:
            bank: name of the bank.
            entries: read as a stream; any error that it raises undoes the whole addition and is
                raised again.
            progress: called now and then with the number of entries stored so far.

        Raises:
            NotFound: no bank has this name.
            InvalidInput: an entry has no signal, or a signal is not in its canonical text.
        """
        raise NotImplementedError

    def get(self, entry_id: int) -> Entry:
        """One entry with its signals; raises `NotFound`."""
        raise NotImplementedError

    def list(self, bank: str, *, after: int = 0, limit: int = 100) -> Sequence[Entry]:
        """Up to `limit` entries of a bank with ids above `after`, by id; raises `NotFound`."""
        raise NotImplementedError

    def export(self, bank: str) -> Iterator[Entry]:
        """Every entry of a bank, by id, as a stream; raises `NotFound` at once."""
        raise NotImplementedError

    def disable(self, entry_id: int, until: datetime | None = None) -> Entry:
        """Take an entry out of matching, for good or until a time, after which it counts again.

        Raises:
            NotFound: no entry has this id.
            InvalidInput: `until` has no time zone or is past.
        """
        raise NotImplementedError

    def enable(self, entry_id: int) -> Entry:
        """Let an entry take part in matching; raises `NotFound`."""
        raise NotImplementedError

    def delete(self, entry_id: int) -> None:
        """Erase an entry's signals and facts and keep its number; raises `NotFound`."""
        raise NotImplementedError

    def facts(self, entry_ids: Collection[int]) -> dict[int, EntryFacts]:
        """What the lists say of some entries; deleted and unknown ones are left out."""
        raise NotImplementedError
