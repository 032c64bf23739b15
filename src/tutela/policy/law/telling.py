"""What staff should know of rulings: that content is not looked at for want of a name."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from tutela.model import EventKind, Ruling
from tutela.policy.law.law import Law, unlawful

MOST_TOLD = 50
"""Surfaces that one process tells of: their names come from clients, and may be many."""


class Telling:
    """Makes rulings, and tells once of each surface that is not scanned because nobody named it.

    A name that the law file does not list counts as private messages. Where that stops a scan, the
    operator must hear of it, and not from the outcomes only.

    Args:
        law: what makes the rulings.
        log: where it is told.
    """

    def __init__(self, law: Law, log: FilteringBoundLogger) -> None:
        self._law = law
        self._log = log
        self._told: set[str] = set()

    def ruling(self, region: str, surface: str, kind: EventKind) -> Ruling | None:
        """As `Law.ruling`."""
        ruling = self._law.ruling(region, surface, kind)
        if unlawful(ruling) and surface and not self._law.named(surface):
            self._tell(surface, ruling.pack if ruling else "")
        return ruling

    def _tell(self, surface: str, pack: str) -> None:
        if surface in self._told or len(self._told) >= MOST_TOLD:
            return
        self._told.add(surface)
        self._log.warning(
            "a surface is not scanned, because the law file does not say what it is",
            surface=surface,
            pack=pack,
            remedy="name it under surfaces in the file of the setting law.file",
        )
