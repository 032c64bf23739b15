"""Bytes in the store that nobody knows: sealed before a crash, or left when a key was destroyed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tutela.evidence.vault.vault import Vault
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now

AGE = timedelta(hours=1)
"""What was sealed may wait so long to be written down."""


class Orphans:
    """Discards blobs that nobody knows, once nobody has known them for an hour.

    The hour is measured by a clock that never jumps, and begins when a blob is first seen: a wall
    clock that jumps ahead must not discard what was sealed a moment ago.

    Args:
        items: knows which objects are needed.
        age: how long to wait.
        clock: seconds that pass; never set.
        wall: what time it is.
    """

    def __init__(
        self,
        items: EvidenceItems,
        *,
        age: timedelta = AGE,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = now,
    ) -> None:
        self._items = items
        self._age = age
        self._clock = clock
        self._wall = wall
        self._first_seen: dict[str, float] = {}
        self._met: set[str] = set()

    def tidy(self, vault: Vault) -> int:
        """Discard what is old enough; how many blobs that were.

        Raises:
            StoreUnavailable: the store cannot be asked now.
            Unavailable: the database cannot.
        """
        self._met.clear()
        deleted = vault.tidy(self._wall() - self._age, self._needed)
        self._first_seen = {one: at for one, at in self._first_seen.items() if one in self._met}
        return deleted

    def _needed(self, ids: Sequence[str]) -> set[str]:
        """Those that are known, and those that have not been unknown for long enough."""
        known, present = self._items.known(ids), self._clock()
        for one in set(ids) - known:
            self._met.add(one)
            seen = self._first_seen.setdefault(one, present)
            if present - seen < self._age.total_seconds():
                known.add(one)
        return known
