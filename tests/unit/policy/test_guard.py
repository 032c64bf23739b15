"""No policy, however it is written, blocks without a match in a trusted bank."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model import ActionKind, Verdict
from tutela.policy.facts import EventFacts, Facts, MatchFacts
from tutela.policy.guard import LOW_INFORMATION, NO_TRUSTED_MATCH, NOT_CONFIRMED, guarded
from tutela.policy.policy import Policy

BLOCKS_ALWAYS = Policy.load(
    "policy: harsh\nrules:\n  - {name: all, when: true, actions: [block], reason: Always.}\n",
    "harsh.yaml",
)

matches = st.builds(
    MatchFacts,
    bank=st.just("b"),
    trusted=st.booleans(),
    exact=st.booleans(),
    kind=st.just("pdq"),
    drill=st.booleans(),
)
facts = st.builds(
    Facts,
    verdict=st.sampled_from(Verdict),
    event=st.builds(EventFacts, drill=st.booleans()),
    matches=st.lists(matches, max_size=4).map(tuple),
)


@settings(deadline=None)
@given(facts)
def test_a_block_stands_only_on_a_trusted_match(of: Facts) -> None:
    decision = BLOCKS_ALWAYS.decide(of)
    grounds = [m for m in of.matches if m.trusted and (of.event.drill or not m.drill)]
    assert (ActionKind.BLOCK in decision.actions) == bool(grounds)
    if not grounds:
        assert decision.actions == (ActionKind.HOLD, ActionKind.OPEN_CASE)
        assert decision.reasons[-1] == NO_TRUSTED_MATCH


@settings(deadline=None)
@given(facts)
def test_a_block_on_a_perceptual_match_opens_a_case(of: Facts) -> None:
    decision = BLOCKS_ALWAYS.decide(of)
    grounds = [m for m in of.matches if m.trusted and (of.event.drill or not m.drill)]
    if grounds and not any(m.exact for m in grounds):
        assert decision.actions == (ActionKind.BLOCK, ActionKind.OPEN_CASE)
        assert decision.reasons[-1] == NOT_CONFIRMED
    if any(m.exact for m in grounds):
        assert decision.actions == (ActionKind.BLOCK,)
        assert [reason.rule for reason in decision.reasons] == ["all"]


@settings(deadline=None)
@given(facts, st.sets(st.sampled_from([ActionKind.HOLD, ActionKind.OPEN_CASE, ActionKind.ALLOW])))
def test_milder_actions_are_left_alone(of: Facts, actions: set[ActionKind]) -> None:
    assert guarded(actions, of) == (actions, ())


def plain(*, exact: bool = False) -> MatchFacts:
    kind = "md5" if exact else "pdq"
    return MatchFacts(bank="b", trusted=True, exact=exact, kind=kind, low_information=not exact)


def test_a_picture_with_little_in_it_does_not_block() -> None:
    little = Facts(verdict=Verdict.MATCH, matches=(plain(), plain()))
    decision = BLOCKS_ALWAYS.decide(little)
    assert decision.actions == (ActionKind.HOLD, ActionKind.OPEN_CASE)
    assert decision.reasons[-1] == LOW_INFORMATION
    other = MatchFacts(bank="b", trusted=True, exact=False, kind="pdq")
    assert BLOCKS_ALWAYS.decide(Facts(verdict=Verdict.MATCH, matches=(plain(), other))).actions == (
        ActionKind.BLOCK,
        ActionKind.OPEN_CASE,
    )
    exactly = Facts(verdict=Verdict.MATCH, matches=(plain(), plain(exact=True)))
    assert BLOCKS_ALWAYS.decide(exactly).actions == (ActionKind.BLOCK,)
