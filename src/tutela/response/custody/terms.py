"""How long evidence is kept: as the jurisdiction pack says, or else as the operator does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from tutela.model.custody.evidence import EvidenceKind, Term
from tutela.model.custody.terms import Bound, Moment, due
from tutela.policy.law.records import Pack

BEGUN = frozenset({Moment.DETECTION, Moment.AWARENESS})
"""Moments that have come when something is found. All others are told later, or never."""


_LIKE = {EvidenceKind.MESSAGES: EvidenceKind.CONTENT}
"""Kinds that packs do not name, and what they are kept like."""


class Clock(NamedTuple):
    """When a term began, if it has, and when it ends or waiting for its beginning does."""

    clock_at: datetime | None
    expires_at: datetime


class Terms:
    """Finds the terms of evidence. Thread-safe.

    Args:
        pack_of: gives the pack that covers a region, or None.
        default: how long something is kept that no law names a number for.
        unreported: how long something waits for the report that its term begins with.
    """

    def __init__(
        self, pack_of: Callable[[str], Pack | None], *, default: timedelta, unreported: timedelta
    ) -> None:
        self._pack_of = pack_of
        self._default = default
        self._unreported = unreported

    def of(self, region: str, kind: EvidenceKind) -> Term:
        """The term for something of a kind that was found in a region."""
        pack = self._pack_of(region)
        stated = pack.retention.get(_LIKE.get(kind, kind).value) if pack else None
        if pack is None or stated is None:
            return Term(
                pack=pack.version if pack else "",
                keep=f"{self._default.days} days",
                bound=Bound.EXACT,
                after=Moment.DETECTION,
                source="setting vault.default_days",
            )
        return Term(
            pack=pack.version,
            keep=stated.keep,
            bound=stated.bound,
            after=stated.after,
            window=stated.window,
            source=stated.cited,
        )

    def clock(self, term: Term, detected_at: datetime) -> Clock:
        """When a term that begins at its moment ends, as far as that is known at detection."""
        if term.after not in BEGUN:
            return Clock(None, detected_at + self._unreported)
        return Clock(detected_at, due(term.keep, detected_at) or detected_at + self._default)
