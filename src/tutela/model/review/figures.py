"""Figures of review: what is counted over a period, each number being a search for cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import structs

from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.reading import ReviewOutcome
from tutela.model.review.search import CaseQuery


class Number(StrEnum):
    """What is counted: cases, each at most once in a number."""

    OPENED = "opened"
    """Opened in the period."""
    DECIDED = "decided"
    """Decided in the period."""
    LATE = "late"
    """Of those, decided later than the queue promised."""
    HANDLED = "handled"
    """Read or passed on in the period."""
    UNSEEN = "unseen"
    """Of those, decided by somebody without looking."""
    UNDONE = "undone"
    """Of those, with a reading that was taken back."""
    PASSED = "passed"
    """Of those, passed on by somebody."""
    REREAD = "reread"
    """Read by two people in the period, neither knowing of the other."""
    DISAGREED = "disagreed"
    """Of those, the two do not say the same."""
    SAMPLED = "sampled"
    """Drawn at random and read again in the period."""
    SAMPLES = "samples"
    """Of those, settled by now."""
    OVERTURNED = "overturned"
    """Of those, decided otherwise after the sample."""
    SECONDS = "seconds"
    """Read by a second person in the period, and settled by now."""
    CORRECTED = "corrected"
    """Of those, decided otherwise than the first person said."""
    APPEALS = "appeals"
    """Appeals that were decided in the period."""
    GRANTED = "granted"
    """Of those, granted: the case that they contest is called harmless."""


_OPENED, _DECIDED, _READ = "opened", "decided", "read"
_ASKED: Mapping[Number, tuple[str, Mapping[str, Any]]] = {
    Number.OPENED: (_OPENED, {}),
    Number.DECIDED: (_DECIDED, {}),
    Number.LATE: (_DECIDED, {"late": True}),
    Number.HANDLED: (_READ, {}),
    Number.UNSEEN: (_READ, {"unseen": True}),
    Number.UNDONE: (_READ, {"undone": True}),
    Number.PASSED: (_READ, {"passed": True}),
    Number.REREAD: (_READ, {"reread": True}),
    Number.DISAGREED: (_READ, {"disagreed": True}),
    Number.SAMPLED: (_READ, {"sampled": True}),
    Number.SAMPLES: (_READ, {"sampled": True, "waiting": False}),
    Number.OVERTURNED: (_READ, {"overturned": True}),
    Number.SECONDS: (_READ, {"second_read": True, "waiting": False}),
    Number.CORRECTED: (_READ, {"corrected": True}),
    Number.APPEALS: (_DECIDED, {"kind": CaseKind.APPEAL}),
    Number.GRANTED: (_DECIDED, {"kind": CaseKind.APPEAL, "outcome": ReviewOutcome.HARMLESS}),
}
"""For each number which time must lie in the period, and what else is asked of a case."""


class Period(Record, frozen=True, kw_only=True):
    """Which cases figures are about.

    Attributes:
        since, until: from, and before.
        drill: whether those that are practice; None for all.
    """

    since: datetime
    until: datetime
    drill: bool | None = False

    def asked(self, number: Number, queue: str = "") -> CaseQuery:
        """The search for the cases of a number, of one queue or of all."""
        time, more = _ASKED[number]
        bounds = {f"{time}_from": self.since, f"{time}_until": self.until}
        return structs.replace(CaseQuery(queue=queue, drill=self.drill), **bounds, **more)


class OutcomeCount(Record, frozen=True, kw_only=True):
    """Cases decided in the period, by what people made of them; a category may be empty."""

    outcome: ReviewOutcome
    category: str
    cases: int


class Pair(Record, frozen=True, kw_only=True):
    """What two people said of a case independently, and of how many cases they did.

    Attributes:
        first, other: outcome and category.
    """

    first: tuple[str, str]
    other: tuple[str, str]
    cases: int


class Spread(Record, frozen=True, kw_only=True):
    """How long something took; None where there is too little to say so.

    Attributes:
        of: how many there are.
        half, most: seconds within which half of them, and 95 of 100, were done.
    """

    of: int = 0
    half: float | None = None
    most: float | None = None


class Counted(Record, frozen=True, kw_only=True):
    """What was counted of one queue, or of all.

    Attributes:
        numbers: every number.
        outcomes: of the cases decided, the most frequent first.
        pairs: what two people said independently.
        waited: time from opening to decision.
        reading: time from claim to decision, of each reading.
    """

    numbers: Mapping[Number, int]
    outcomes: tuple[OutcomeCount, ...] = ()
    pairs: tuple[Pair, ...] = ()
    waited: Spread = Spread()
    reading: Spread = Spread()
