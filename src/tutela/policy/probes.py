"""Ordinary facts on which every condition is tried when a policy is loaded.

A condition that fails on these would fail on a great share of all events, and each would be held.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tutela.model import GapReason, Verdict
from tutela.policy.facts import ContentFacts, Facts, GapFacts, MatchFacts

_PICTURE = ContentFacts(media_type="image/jpeg", size=100_000, width=800, height=600, frames=1)

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
    }
)
"""Facts by what they stand for."""
