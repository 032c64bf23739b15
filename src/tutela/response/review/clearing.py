"""What is kept of harmless cases goes: what was preserved at once, what it was like after a term.

Most of it goes when the case is closed. The rest is found here: what was to be read again and has
been, what a process that was killed left behind, and what a hold kept that was lifted since.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from tutela.model.record import Record
from tutela.storage.review.settling import FADED_AT_ONCE, Harmless


class Erase(Protocol):
    """Erases what was preserved of an event, as far as law and holds permit."""

    def __call__(self, event_id: str, *, again: bool) -> int:
        """How many items were erased.

        Args:
            event_id: the event.
            again: whether it was tried before.
        """
        ...


class Cleared(Record, frozen=True, kw_only=True):
    """What was let go.

    Attributes:
        items: items of evidence that were erased.
        cases: cases whose fingerprints were forgotten.
    """

    items: int = 0
    cases: int = 0


class Clearing:
    """Lets go what is kept of harmless cases. Thread-safe; several may do so at once.

    Args:
        harmless: tells what is kept of them.
        erase: erases what was preserved of an event.
        keep: how long fingerprints of a case stay once it is closed.
    """

    def __init__(self, harmless: Harmless, erase: Erase, keep: timedelta) -> None:
        self._harmless = harmless
        self._erase = erase
        self._keep = keep

    def erase(self, event_id: str) -> int:
        """Erase what was preserved of an event, which was just found harmless; how many items."""
        return self._erase(event_id, again=False)

    def clear(self, at: datetime) -> Cleared:
        """Let go what may go now; raises `Unavailable`.

        Args:
            at: what time it is.
        """
        items, after = 0, 0
        while page := self._harmless.kept(after):
            for event_id in {one.event_id for one in page}:
                items += self._erase(event_id, again=True)
            after = page[-1].item_seq
        return Cleared(items=items, cases=self._fade(at - self._keep))

    def _fade(self, before: datetime) -> int:
        faded = 0
        while some := self._harmless.fade(before):
            faded += some
            if some < FADED_AT_ONCE:
                break
        return faded
