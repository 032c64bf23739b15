"""Which entries are parked now, as one process knows it, and the watch for floods."""

from __future__ import annotations

import threading
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from tutela.storage.defence.floods import Flood, Floods
from tutela.storage.defence.parkings import Parkings

REFRESH_SECONDS = 0.5
"""Time between two looks at what is parked: a decision counts within a second everywhere."""


class Quarantine:
    """Follows what is parked, and looks for floods now and then. Thread-safe.

    A look at the database that fails is tried again at the next; meanwhile what was parked stays
    parked, and nothing else is.

    Args:
        parkings: where it stands what is parked.
        floods: looks for floods; None where nobody is to look. What is parked stays so.
        log: where the alarm goes.
        flooded: told of every look that found something, besides the log.
        counted: told how many entries are parked whenever that was looked at.
        refresh_seconds: pause between two looks.
    """

    def __init__(
        self,
        parkings: Parkings,
        floods: Floods | None,
        log: FilteringBoundLogger,
        *,
        flooded: Callable[[Flood], object] = lambda _: None,
        counted: Callable[[int], object] = lambda _: None,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._parkings = parkings
        self._floods = floods
        self._flooded = flooded
        self._counted = counted
        self._refresh_seconds = refresh_seconds
        self._log = log
        self._parked: frozenset[int] = frozenset()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="quarantine", daemon=True)

    def parked(self) -> frozenset[int]:
        """Ids of the entries that are parked."""
        return self._parked

    def start(self) -> None:
        """Read what is parked, then follow in the background; raises `Unavailable`."""
        self.refresh()
        self._thread.start()

    def refresh(self) -> None:
        """Catch up now, so that the caller sees its own decisions; raises `Unavailable`."""
        self._parked = self._parkings.ids()
        self._counted(len(self._parked))

    def look(self) -> None:
        """Look for floods, unless another process has just done so; raises `Unavailable`."""
        flood = self._floods.look() if self._floods else None
        if flood is None or not (flood.parked or flood.noted):
            return
        for parking in flood.parked:
            self._log.error(
                "an entry suddenly matches very much: it is parked until a curator decides",
                parking=parking.id,
                entry=parking.entry_id,
                bank=parking.bank,
                contents_within_an_hour=parking.contents,
                allowed=parking.allowed,
            )
        for parking in flood.noted:
            self._log.error(
                "exact copies of an entry come in great numbers; they go on matching",
                entry=parking.entry_id,
                bank=parking.bank,
                copies_within_an_hour=parking.contents,
            )
        self._flooded(flood)

    def stop(self) -> None:
        """Stop following; what is parked stays so."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(self._refresh_seconds):
            try:
                self.look()
                self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self._log.error("the quarantine could not look", error=type(error).__name__)
