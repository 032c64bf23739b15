"""What follows from the readings of a case: one pure function, whoever asks.

A case wants one, two or three readings. One stands alone; two must agree; of three, two. Who cannot
tell, and readers who disagree, leave the case to a senior reviewer, whose reading settles it. A
sample is read again after it was decided: a senior reviewer settles it, too, where that disagrees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tutela.model.record import Record
from tutela.model.response.case import CaseState
from tutela.model.review.reading import Purpose, ReviewOutcome

Said = tuple[ReviewOutcome, str]
"""What a reading says: outcome and category."""


class Given(Record, frozen=True, kw_only=True):
    """A reading that counts, as far as settling needs to know it."""

    purpose: Purpose
    outcome: ReviewOutcome
    category: str = ""

    @property
    def said(self) -> Said:
        """Outcome and category."""
        return self.outcome, self.category


class Standing(Record, frozen=True, kw_only=True):
    """Where a case stands after its readings.

    Attributes:
        state: `open`, `second`, `disputed` or `decided`.
        outcome, category: what was decided; None and empty while nothing is.
        wants: what the next reading is for; None where no reading is wanted.
    """

    state: CaseState
    outcome: ReviewOutcome | None = None
    category: str = ""
    wants: Purpose | None = None


_LATER = (Purpose.SECOND, Purpose.THIRD)


def standing_of(given: Sequence[Given], wanted: int) -> Standing:
    """Where a case stands.

    Args:
        given: readings that were not undone, in the order in which they were given.
        wanted: how many people are to read the case: 1, 2 or 3.
    """
    senior = [one for one in given if one.purpose is Purpose.SENIOR]
    if senior:
        return _decided(senior[-1].said)
    votes = [one for one in given if one.purpose is not Purpose.SAMPLE]
    stands = _voted(votes, wanted)
    samples = [one for one in given if one.purpose is Purpose.SAMPLE]
    if stands.state is CaseState.DECIDED and samples:
        said = (stands.outcome, stands.category)
        if any(one.said != said for one in samples):
            return _disputed()
    return stands


def _voted(votes: Sequence[Given], wanted: int) -> Standing:
    if not votes:
        return Standing(state=CaseState.OPEN, wants=Purpose.FIRST)
    if any(one.outcome is ReviewOutcome.UNSURE for one in votes):
        return _disputed()
    said, count = Counter(one.said for one in votes).most_common(1)[0]
    needed = 1 if wanted == 1 else 2
    if count >= needed:
        return _decided(said)
    if len(votes) >= wanted:
        return _disputed()
    return Standing(state=CaseState.SECOND, wants=_LATER[len(votes) - 1])


def _decided(said: Said) -> Standing:
    if said[0] is ReviewOutcome.UNSURE:
        return _disputed()  # a senior who cannot tell leaves it to another
    return Standing(state=CaseState.DECIDED, outcome=said[0], category=said[1])


def _disputed() -> Standing:
    return Standing(state=CaseState.DISPUTED, wants=Purpose.SENIOR)
