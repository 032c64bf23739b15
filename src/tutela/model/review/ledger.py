"""The ledger: which contents nobody had to uncover, and which were uncovered.

Each content of each reading that counts stands in one column, and in no other.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record


class Column(StrEnum):
    """What became of a content of a case that was decided."""

    UNSEEN = "unseen"
    """The case was decided without looking: trusted lists agree on what it is."""
    ALIKE = "alike"
    """It lay in a stack of what looks alike: a look at another one decided it."""
    COVERED = "covered"
    """It was decided as it was sorted and covered; nobody uncovered it."""
    UNCOVERED = "uncovered"
    """Somebody uncovered it."""


AVOIDED = (Column.UNSEEN, Column.ALIKE, Column.COVERED)


class Split(Record, frozen=True, kw_only=True):
    """How many contents stand in each column."""

    unseen: int = 0
    alike: int = 0
    covered: int = 0
    uncovered: int = 0


class LedgerCounts(Record, frozen=True, kw_only=True):
    """The ledger of a time.

    Attributes:
        since, until: readings that were given from then, until just before then.
        readings: how many readings it is about; those that were undone are none.
        contents: how many contents they decided.
        split: where those stand.
    """

    since: datetime
    until: datetime
    readings: int
    contents: int
    split: Split

    @property
    def avoided(self) -> int:
        """Contents that nobody had to uncover."""
        return self.contents - self.split.uncovered


class LedgerRow(Record, frozen=True, kw_only=True):
    """A reading as it stands in the ledger; it does not say whose.

    Attributes:
        id: number of the reading.
        case_id: the case that was read.
        queue: where the case stood.
        drill: whether it was an exercise.
    """

    id: int
    case_id: str
    queue: str
    at: datetime
    drill: bool
    contents: int
    split: Split


def split_of(contents: int, stacks: int, revealed: int, *, unseen: bool) -> Split:
    """In which columns the contents of one reading stand.

    Args:
        contents: how many the case held.
        stacks: how many of them look different; 0 where nobody counted, and none is alike then.
        revealed: how many were uncovered.
        unseen: whether it was decided without looking.
    """
    different = min(stacks, contents) if stacks > 0 else contents
    uncovered = min(revealed, contents)
    if unseen:
        return Split(unseen=contents - uncovered, uncovered=uncovered)
    return Split(
        alike=contents - max(different, uncovered),
        covered=max(different - uncovered, 0),
        uncovered=uncovered,
    )
