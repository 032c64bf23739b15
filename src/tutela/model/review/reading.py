"""A reading: what one person made of a case. A case may need one, two or three of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record

Note = Annotated[str, msgspec.Meta(max_length=4000)]


class ReviewOutcome(StrEnum):
    """What a person makes of a case."""

    CONFIRMED = "confirmed"
    """It is what it was flagged for: a report may be due."""
    VIOLATION = "violation"
    """It breaks the platform's rules, and is nothing to be reported."""
    HARMLESS = "harmless"
    """It breaks no rule: what was done to it is undone."""
    UNSURE = "unsure"
    """The person cannot tell: a senior reviewer decides."""


class Purpose(StrEnum):
    """What a reading is for."""

    FIRST = "first"
    """The first of a case; often the only one."""
    SECOND = "second"
    """By a second person, who does not see what the first one said."""
    THIRD = "third"
    """The third of three votes."""
    SENIOR = "senior"
    """Settles a case whose readings disagree, or whose reader could not tell."""
    SAMPLE = "sample"
    """Of a case drawn at random after it was decided, to see how well people agree."""


class Reading(Record, frozen=True, kw_only=True):
    """What one person made of a case.

    Attributes:
        id: number of the reading.
        case_id: the case.
        revision: of the case that was read; another one is another collection of events.
        account: id of the reader's account.
        pseudonym: what the reader is called in exports and records that leave the house.
        purpose: what the reading is for.
        outcome: what the reader says.
        category, scheme: how grave the content is, in the words of a scheme of the law's pack.
        reasons: names of reasons that the policy offers.
        note: the reader's own words; stays in the house.
        statement: statement of reasons for the user concerned; empty where none is to be sent.
        unseen: decided without looking at the content.
        contents, stacks, revealed: how many contents the case held, how many different ones, and
            how many of them the reader uncovered.
        at: when it was given.
        settles_at: until then it can be undone; from then on it counts.
        undone_at: when it was undone, or None.
    """

    id: int
    case_id: str
    revision: int
    account: str
    pseudonym: str
    purpose: Purpose
    outcome: ReviewOutcome
    category: str = ""
    scheme: str = ""
    reasons: tuple[str, ...] = ()
    note: Note = ""
    statement: Note = ""
    unseen: bool = False
    contents: int = 0
    stacks: int = 0
    revealed: int = 0
    at: datetime
    settles_at: datetime
    undone_at: datetime | None = None

    @property
    def grade(self) -> str:
        """Scheme and category as one word: a category means nothing without its scheme."""
        return graded(self.scheme, self.category)


def graded(scheme: str, category: str) -> str:
    """Scheme and category as one word; empty where there is none."""
    return ":".join(filter(None, (scheme, category)))
