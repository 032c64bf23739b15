"""Actors: who did something or is to receive it, and what is known of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record

Name = Annotated[str, msgspec.Meta(max_length=256)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class AgeBand(StrEnum):
    """How old an actor is, as far as the platform knows."""

    UNKNOWN = "unknown"
    UNDER_13 = "under_13"
    FROM_13_TO_15 = "from_13_to_15"
    FROM_16_TO_17 = "from_16_to_17"
    ADULT = "adult"


class AgeSource(StrEnum):
    """How the age is known."""

    NOT_TOLD = "not_told"
    DECLARED = "declared"
    """The person said so."""
    ESTIMATED = "estimated"
    """A machine or a person guessed."""
    VERIFIED = "verified"
    """It was shown with a document or by somebody who knows."""


class Actor(Record, frozen=True, kw_only=True):
    """Who did it or is to receive it, as the platform names them: a pseudonymous id is enough."""

    id: Name
    age: AgeBand = AgeBand.UNKNOWN
    age_source: AgeSource = AgeSource.NOT_TOLD


class AccountSignals(Record, frozen=True, kw_only=True):
    """What is counted about the actor's account; works where messages are encrypted.

    The platform counts it, or Tutela from the messages that it is told of. Every field may be left
    out; None is "not told", which no rule mistakes for zero.

    Attributes:
        age_days: days since the account was made.
        minors_contacted_1d, minors_contacted_7d, minors_contacted_30d: distinct minors that the
            actor wrote to first.
        unanswered_share: share of first messages that nobody answered, 0 to 1.
        reports_30d: reports of users about the actor.
        blocks_30d: users who blocked the actor.
        started_share: share of those whom the actor first had to do with in the last 30 days to
            whom the actor wrote first, 0 to 1.
        openers_alike_30d: first messages of the last 30 days that are nearly the same, in the
            largest group of such.
        age_band_gap: by how many age bands half of those whom the actor wrote to first in the last
            30 days are younger, or more.
    """

    age_days: Count | None = None
    minors_contacted_1d: Count | None = None
    minors_contacted_7d: Count | None = None
    minors_contacted_30d: Count | None = None
    unanswered_share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    reports_30d: Count | None = None
    blocks_30d: Count | None = None
    started_share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    openers_alike_30d: Count | None = None
    age_band_gap: Annotated[int, msgspec.Meta(ge=0, le=3)] | None = None


class History(Record, frozen=True, kw_only=True):
    """What is stored of the actor's earlier events; drills count drills only.

    Attributes:
        events_1d, events_30d: events of the last day and of the last 30.
        matches_30d: those of the last 30 days with the verdict `match`.
        blocks_30d: those that were blocked.
        cases_30d: those that opened a case.
    """

    events_1d: int = 0
    events_30d: int = 0
    matches_30d: int = 0
    blocks_30d: int = 0
    cases_30d: int = 0
