"""Facts that a test gives are the facts that it says, and nothing is made up."""

from __future__ import annotations

import pytest

from tutela.declarations.source import Source
from tutela.errors import BadConfiguration
from tutela.model import EventKind, GapReason, Verdict
from tutela.policy.engine.invariants import contradicted
from tutela.policy.facts import EventFacts, Facts, GapFacts, HistoryFacts, MatchFacts, RatingFacts
from tutela.policy.probes import PROBES
from tutela.policy.trials.given import facts_given


def given(text: str) -> Facts:
    source = Source(text, "facts.yaml", "")
    return facts_given(source, source.compose())


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("{}", Facts(verdict=Verdict.CLEAR)),
        (
            "event: {kind: message, surface: '3', drill: true}",
            Facts(
                verdict=Verdict.CLEAR,
                event=EventFacts(kind=EventKind.MESSAGE, surface="3", drill=True),
            ),
        ),
        (
            "gaps: [{reason: flat}]",
            Facts(verdict=Verdict.NOT_CHECKED, gaps=(GapFacts(reason=GapReason.FLAT),)),
        ),
        (
            "matches: [{bank: a, trusted: true, distance: 7}]",
            Facts(
                verdict=Verdict.MATCH,
                matches=(MatchFacts(bank="a", trusted=True, exact=False, kind="", distance=7),),
                match_count=1,
            ),
        ),
        (
            "{matches: [{bank: a}], match_count: 2000}",
            Facts(
                verdict=Verdict.MATCH,
                matches=(MatchFacts(bank="a", trusted=False, exact=False, kind=""),),
                match_count=2000,
            ),
        ),
        (
            "ratings: [{name: spam, value: 7}]",
            Facts(verdict=Verdict.CLEAR, ratings=(RatingFacts(name="spam", value=7.0),)),
        ),
        (
            "history: {known: true, blocks_30d: 2}",
            Facts(verdict=Verdict.CLEAR, history=HistoryFacts(known=True, blocks_30d=2)),
        ),
    ],
)
def test_what_is_said_is_what_there_is(text: str, facts: Facts) -> None:
    assert given(text) == facts


@pytest.mark.parametrize(
    "text",
    [
        "verdict: match",
        "{verdict: clear, gaps: [{reason: flat}]}",
        "{match_count: 1}",
        "{silenced: [{bank: a, reason: parked}], silenced_count: 0}",
        "history: {blocks_30d: 2}",
        "event: {age_seconds: 7}",
        "matches: [{bank: a, exact: true, distance: 7}]",
    ],
)
def test_facts_that_contradict_each_other_are_refused(text: str) -> None:
    with pytest.raises(BadConfiguration, match=r"facts\.yaml:1:1: no event has facts like these"):
        given(text)


@pytest.mark.parametrize("facts", PROBES.values(), ids=PROBES)
def test_ordinary_facts_contradict_nothing(facts: Facts) -> None:
    assert contradicted(facts) == ()


@pytest.mark.parametrize("number", ["9223372036854775808", "0x10", "1e3", "yes", "''", "[1]"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(BadConfiguration, match="must be a whole number"):
        given(f"content_count: {number}")
