"""Ordinary facts on which every condition is tried when a policy is loaded.

A condition that fails on these would fail on a great share of all events, and each would be held.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tutela.model import AgeBand, AgeSource, EventKind, GapReason, Verdict
from tutela.policy.facts import (
    AccountFacts,
    ActorFacts,
    ContactFacts,
    ContentFacts,
    EventFacts,
    Facts,
    GapFacts,
    HistoryFacts,
    MatchFacts,
    RatingFacts,
)

_PICTURE = ContentFacts(media_type="image/jpeg", size=100_000, width=800, height=600, frames=1)

_NOTHING = (GapFacts(reason=GapReason.NO_CONTENT),)

PROBES: Mapping[str, Facts] = MappingProxyType(
    {
        "ready-made signals without a match": Facts(verdict=Verdict.CLEAR),
        "a clear picture": Facts(verdict=Verdict.CLEAR, contents=(_PICTURE,), content_count=1),
        "a picture that could not be decoded": Facts(
            verdict=Verdict.NOT_CHECKED,
            gaps=(GapFacts(reason=GapReason.DAMAGED, media_type="image/jpeg"),),
            contents=(ContentFacts(media_type="image/jpeg", size=100_000),),
            content_count=1,
        ),
        "a picture that matched": Facts(
            verdict=Verdict.MATCH,
            matches=(MatchFacts(bank="probe", trusted=True, exact=False, kind="pdq", distance=4),),
            contents=(_PICTURE,),
            match_count=1,
            content_count=1,
        ),
        "a message that told nothing of anybody": Facts(
            verdict=Verdict.NOT_CHECKED, event=EventFacts(kind=EventKind.MESSAGE), gaps=_NOTHING
        ),
        "a message of which everything is told": Facts(
            verdict=Verdict.NOT_CHECKED,
            event=EventFacts(kind=EventKind.MESSAGE, has_actor=True, conversation=True),
            actor=ActorFacts(age=AgeBand.ADULT, age_source=AgeSource.VERIFIED),
            receivers=(ActorFacts(age=AgeBand.FROM_13_TO_15, minor=True),),
            contact=ContactFacts(
                receivers=1,
                minor_receivers=1,
                may_reach_minor=True,
                adult_to_minor=True,
                ages_known=True,
            ),
            ratings=(RatingFacts(name="probe", value=2),),
            account=AccountFacts(told=True, age_days=100),
            history=HistoryFacts(known=True, events_30d=10),
            gaps=_NOTHING,
        ),
    }
)
"""Facts by what they stand for."""
