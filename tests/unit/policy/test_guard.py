"""No policy, however it is written, punishes without a match in a trusted bank."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tutela.model import ActionKind, Verdict
from tutela.policy.asked import ASKS
from tutela.policy.current import InForce
from tutela.policy.facts import EventFacts, Facts, HistoryFacts, MatchFacts
from tutela.policy.guard import (
    EARLIER_BLOCKS,
    INSTEAD,
    NOT_CONFIRMED,
    PUNISHING,
    guarded,
    read_for,
    refusal,
)
from tutela.policy.policy import Policy

BLOCK, RESTRICT = ActionKind.BLOCK, ActionKind.RESTRICT_CONTACT
CASE, HOLD, SLOW = ActionKind.OPEN_CASE, ActionKind.HOLD, ActionKind.SLOW
matches = st.builds(
    MatchFacts,
    bank=st.just("b"),
    trusted=st.booleans(),
    exact=st.booleans(),
    kind=st.just("pdq"),
    drill=st.booleans(),
    low_information=st.booleans(),
)
facts = st.builds(
    Facts,
    verdict=st.sampled_from(Verdict),
    event=st.builds(EventFacts, drill=st.booleans()),
    matches=st.lists(matches, max_size=4).map(tuple),
    history=st.builds(HistoryFacts, known=st.just(value=True), blocks_30d=st.integers(0, 2)),
)
DETAILED = {
    ActionKind.SUSPEND: "{suspend: {days: 7}}",
    ActionKind.RESTRICT_CONTACT: "{restrict_contact: {days: 7}}",
    ActionKind.SLOW: "{slow: {seconds: 30}}",
    ActionKind.NOTIFY: "{notify: {to: moderators}}",
}
RULED = [kind for kind in ActionKind if kind not in {ActionKind.RESTORE, ActionKind.ANSWER}]
"""What a rule may ask for."""
asked_for = st.sets(st.sampled_from(RULED))


def grounds(of: Facts) -> list[MatchFacts]:
    """The matches that may punish, told independently of the guard."""
    return [
        match
        for match in of.matches
        if match.trusted and not match.low_information and (not match.drill or of.event.drill)
    ]


def may(action: ActionKind, of: Facts) -> bool:
    """Whether an action has a ground."""
    past = action is RESTRICT and of.history.blocks_30d > 0
    return action not in PUNISHING or bool(grounds(of)) or past


def harsh(*wanted: set[ActionKind]) -> Policy:
    """A policy that always asks for each of these, one rule for each."""
    rules = []
    for number, actions in enumerate(wanted):
        ask = next((one for one in ASKS if one in actions), ActionKind.ALLOW)
        asked = sorted(actions - set(ASKS) | {ask})
        listed = ", ".join(DETAILED.get(action, action) for action in asked)
        when = f"match_count >= -{number}"
        rules.append(
            f"  - {{name: r{number}, when: {when}, actions: [{listed}], reason: Always., "
            "notice: Wait.}\n"
        )
    return Policy.load("policy: harsh\nowner: safety\nrules:\n" + "".join(rules), "harsh.yaml")


@settings(deadline=None)
@given(facts, asked_for)
def test_what_punishes_stands_only_on_its_ground(of: Facts, asked: set[ActionKind]) -> None:
    allowed, reasons = guarded(set(asked), of)
    refused = {action for action in asked if not may(action, of)}
    assert allowed & PUNISHING == asked & PUNISHING - refused
    # Whatever was refused leaves what is milder, and a person looks.
    assert {INSTEAD[action] for action in refused} <= allowed
    assert CASE in allowed or not refused
    # Nothing else is taken away, and nothing added that is not needed.
    assert asked - refused <= allowed
    assert allowed - asked <= {INSTEAD[action] for action in refused} | {CASE}
    assert bool(reasons) == (allowed != asked or bool(refused))
    assert {reason.rule for reason in reasons} <= {"guard"}


@settings(deadline=None)
@given(facts, asked_for)
def test_what_rests_on_no_exact_match_is_seen_by_a_person(
    of: Facts, asked: set[ActionKind]
) -> None:
    allowed, reasons = guarded(set(asked), of)
    if allowed & PUNISHING and not any(match.exact for match in grounds(of)):
        assert CASE in allowed
    elif not asked & PUNISHING or grounds(of):
        assert (allowed, reasons) == (asked, ())


@settings(deadline=None)
@given(facts, asked_for)
def test_the_guard_has_nothing_to_add_to_what_it_gave(of: Facts, asked: set[ActionKind]) -> None:
    allowed, _ = guarded(set(asked), of)
    assert guarded(set(allowed), of) == (allowed, ())


@settings(deadline=None, max_examples=30)
@given(facts, st.lists(asked_for, min_size=1, max_size=3))
def test_no_set_of_rules_gets_past_the_guard(of: Facts, rules: list[set[ActionKind]]) -> None:
    decision = harsh(*rules).decide(of)
    assert all(may(action, of) for action in decision.actions)
    wanted = set().union(*rules) & set(DETAILED)
    assert {order.kind for order in decision.orders} == wanted & set(decision.actions)
    # Nothing that the rules asked for falls away but what has no ground, and what is outdone.
    refused = {action for action in set().union(*rules) if not may(action, of)}
    kept = set().union(*rules) - refused - set(ASKS)
    assert kept <= set(decision.actions)


def of_match(**changes: bool) -> Facts:
    plain = MatchFacts(bank="b", trusted=True, exact=False, kind="pdq")
    match = replace(plain, **changes)
    return Facts(verdict=Verdict.MATCH, matches=(match,))


@pytest.mark.parametrize("action", sorted(PUNISHING))
def test_each_action_that_punishes_becomes_its_milder_one(action: ActionKind) -> None:
    milder = {INSTEAD[action], CASE}
    untrusted = refusal({action}, little=False)
    little = refusal({action}, little=True)
    assert guarded({action}, of_match(trusted=False)) == (milder, (untrusted,))
    assert guarded({action}, of_match(drill=True)) == (milder, (untrusted,))
    assert guarded({action}, of_match(low_information=True)) == (milder, (little,))
    assert guarded({action}, of_match()) == ({action, CASE}, (NOT_CONFIRMED,))
    assert guarded({action, CASE}, of_match()) == ({action, CASE}, ())
    assert guarded({action}, of_match(exact=True)) == ({action}, ())


def test_earlier_blocks_restrict_contact_and_nothing_else() -> None:
    before = Facts(
        verdict=Verdict.NOT_CHECKED, history=HistoryFacts(known=True, matches_30d=9, blocks_30d=1)
    )
    assert guarded({RESTRICT}, before) == ({RESTRICT, CASE}, (EARLIER_BLOCKS,))
    assert guarded({RESTRICT, CASE}, before) == ({RESTRICT, CASE}, ())
    both = guarded({RESTRICT, ActionKind.SUSPEND, BLOCK}, before)
    reason = refusal({ActionKind.SUSPEND, BLOCK}, little=False)
    assert both == ({RESTRICT, SLOW, HOLD, CASE}, (reason,))
    matched_only = HistoryFacts(known=True, matches_30d=9, cases_30d=9)
    assert guarded({RESTRICT}, Facts(verdict=Verdict.CLEAR, history=matched_only))[0] == {
        SLOW,
        CASE,
    }


def test_the_reasons_say_what_was_asked_and_what_is_done_instead() -> None:
    assert refusal({BLOCK}, little=False).text == (
        "A rule asked to block, but only a match in a trusted bank allows that, and one in a drill "
        "bank in a drill only. It is held for a person to look at instead."
    )
    assert refusal(set(PUNISHING), little=True).text == (
        "A rule asked to block and to quarantine and to stop a stream and to suspend an account "
        "and to restrict contact, but the picture has too little in it to be told from others with "
        "certainty. It is held and slowed for a person to look at instead."
    )


def test_the_guard_reads_the_past_only_where_it_may_be_a_ground() -> None:
    """Else nobody would look it up: the rules themselves need not speak of it."""
    for action in RULED:
        reads = {"history.blocks_30d"} if action is RESTRICT else set()
        assert read_for([action, CASE]) == reads
        needed = InForce(harsh({action})).history
        assert needed == (action is RESTRICT)
