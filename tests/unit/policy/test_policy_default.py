"""What the policy that ships decides, rule by rule."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model import ActionKind, AgeBand, EventKind, GapReason, Order, Silencing, Verdict
from tutela.policy.facts import (
    MINORS,
    AccountFacts,
    ActorFacts,
    ContactFacts,
    EventFacts,
    Facts,
    GapFacts,
    HistoryFacts,
    MatchFacts,
    RatingFacts,
    SilencedFacts,
)
from tutela.policy.guard import PUNISHING
from tutela.policy.policy import Policy
from tutela.policy.thresholds.changing import with_thresholds
from tutela.response.routing import HERE

DEFAULT = Policy.default()
ALLOW, HOLD, BLOCK = ActionKind.ALLOW, ActionKind.HOLD, ActionKind.BLOCK
CASE, PRESERVE, SECOND = ActionKind.OPEN_CASE, ActionKind.PRESERVE, ActionKind.SECOND_LOOK
SLOW, WARN = ActionKind.SLOW, ActionKind.WARN_RECEIVER
QUARANTINE, STOP = ActionKind.QUARANTINE, ActionKind.STOP_STREAM
RESTRICT = ActionKind.RESTRICT_CONTACT
MESSAGE, CONTACT = EventKind.MESSAGE, EventKind.CONTACT

TO_A_CHILD = ContactFacts(receivers=1, minor_receivers=1, may_reach_minor=True)
TO_ADULTS = ContactFacts(receivers=2, ages_known=True)
BLOCKED = HistoryFacts(known=True, events_30d=9, matches_30d=1, blocks_30d=1, cases_30d=1)
MANY = AccountFacts(told=True, minors_contacted_7d=20, unanswered_share=0.8)


def match(*, trusted: bool, exact: bool = False, drill: bool = False) -> MatchFacts:
    kind = "md5" if exact else "pdq"
    return MatchFacts(bank="b", trusted=trusted, exact=exact, kind=kind, drill=drill)


EXACT, ALIKE = match(trusted=True, exact=True), match(trusted=True)
UNTRUSTED = match(trusted=False, exact=True)


def matched(*matches: MatchFacts, **event: object) -> Facts:
    facts = EventFacts(**event)  # type: ignore[arg-type]
    return Facts(verdict=Verdict.MATCH, event=facts, matches=matches, match_count=len(matches))


def not_checked(*reasons: GapReason) -> Facts:
    gaps = tuple(GapFacts(reason=reason) for reason in reasons)
    return Facts(verdict=Verdict.NOT_CHECKED, gaps=gaps)


def told(kind: EventKind, **facts: object) -> Facts:
    """An event that carries nothing."""
    gaps = (GapFacts(reason=GapReason.NO_CONTENT),)
    event = EventFacts(kind=kind, has_actor=True)
    return Facts(verdict=Verdict.NOT_CHECKED, event=event, gaps=gaps, **facts)  # type: ignore[arg-type]


def rated(*values: float, name: str = "grooming") -> tuple[RatingFacts, ...]:
    return tuple(RatingFacts(name=name, value=value) for value in values)


@pytest.mark.parametrize(
    ("facts", "actions", "rules"),
    [
        (Facts(verdict=Verdict.CLEAR), (ALLOW,), ["clear"]),
        (matched(EXACT), (BLOCK, PRESERVE, CASE), ["trusted-exact-match"]),
        (matched(ALIKE), (BLOCK, PRESERVE, CASE), ["trusted-perceptual-match"]),
        (matched(UNTRUSTED), (HOLD, PRESERVE, CASE), ["untrusted-match"]),
        (
            matched(EXACT, match(trusted=False)),
            (BLOCK, PRESERVE, CASE),
            ["trusted-exact-match", "untrusted-match"],
        ),
        (
            matched(match(trusted=True, exact=True, drill=True)),
            (HOLD, PRESERVE, CASE),
            ["trusted-exact-match", "guard"],
        ),
        (
            matched(EXACT, kind=EventKind.STREAM),
            (BLOCK, STOP, PRESERVE, CASE),
            ["trusted-exact-match", "match-in-a-livestream"],
        ),
        (
            matched(match(trusted=True, exact=True, drill=True), kind=EventKind.STREAM),
            (HOLD, PRESERVE, CASE),
            ["trusted-exact-match", "match-in-a-livestream", "guard"],
        ),
        (matched(UNTRUSTED, kind=EventKind.STREAM), (HOLD, PRESERVE, CASE), ["untrusted-match"]),
        (
            matched(EXACT, retrospective=True),
            (BLOCK, QUARANTINE, PRESERVE, CASE, SECOND),
            ["trusted-exact-match", "found-later", "found-later-in-a-trusted-bank"],
        ),
        (
            matched(UNTRUSTED, retrospective=True),
            (HOLD, PRESERVE, CASE, SECOND),
            ["untrusted-match", "found-later"],
        ),
        (not_checked(GapReason.FLAT), (ALLOW,), ["nothing-to-see"]),
        (not_checked(GapReason.EMPTY), (ALLOW,), ["nothing-to-see"]),
        (not_checked(GapReason.UNSUPPORTED), (HOLD,), ["unsupported-type"]),
        (not_checked(GapReason.DAMAGED), (HOLD,), ["not-openable"]),
        (not_checked(GapReason.OVERLOADED), (HOLD,), ["not-checked-now"]),
        (not_checked(GapReason.NOT_PERMITTED), (ALLOW,), ["not-permitted"]),
        (
            not_checked(GapReason.FLAT, GapReason.DAMAGED),
            (HOLD,),
            ["not-openable", "nothing-to-see"],
        ),
        (told(MESSAGE), (ALLOW,), ["told-only"]),
        (told(CONTACT, contact=TO_A_CHILD), (ALLOW,), ["told-only"]),
        (
            told(CONTACT, contact=TO_A_CHILD, history=BLOCKED),
            (RESTRICT, HOLD, CASE),
            ["told-only", "contact-after-blocks", "case-of-an-account"],
        ),
        (told(CONTACT, contact=TO_ADULTS, history=BLOCKED), (ALLOW,), ["told-only"]),
        (
            told(MESSAGE, contact=TO_A_CHILD, history=BLOCKED),
            (SLOW, WARN, CASE, ALLOW),
            ["told-only", "message-after-blocks", "help-for-the-receiver", "case-of-an-account"],
        ),
        (told(MESSAGE, contact=TO_ADULTS, history=BLOCKED), (ALLOW,), ["told-only"]),
        (
            told(MESSAGE, ratings=rated(2, 6)),
            (SLOW, WARN, CASE, SECOND, ALLOW),
            ["told-only", "high-rating", "high-rating-between-people", "help-for-the-receiver"],
        ),
        (told(MESSAGE, ratings=rated(5.9)), (ALLOW,), ["told-only"]),
        (told(MESSAGE, ratings=rated(7.9, name="nudity")), (ALLOW,), ["told-only"]),
        (
            Facts(verdict=Verdict.CLEAR, ratings=rated(9)),
            (CASE, SECOND, ALLOW),
            ["high-rating", "clear"],
        ),
        (
            told(CONTACT, account=MANY),
            (SLOW, CASE, ALLOW),
            ["told-only", "account-reaches-many-minors", "case-of-an-account"],
        ),
        (
            told(CONTACT, account=AccountFacts(told=True, minors_contacted_7d=20, age_days=1)),
            (ALLOW,),
            ["told-only"],
        ),
        (
            told(MESSAGE, account=MANY, history=HistoryFacts(known=True, cases_30d=20)),
            (SLOW, ALLOW),
            ["told-only", "account-reaches-many-minors"],
        ),
    ],
)
def test_what_the_default_policy_decides(
    facts: Facts, actions: tuple[ActionKind, ...], rules: list[str]
) -> None:
    decision = DEFAULT.decide(facts)
    assert [reason.rule for reason in decision.reasons] == rules
    assert decision.actions == actions
    assert decision.policy_version == DEFAULT.version


def test_how_long_its_limits_last() -> None:
    contact = DEFAULT.decide(told(CONTACT, contact=TO_A_CHILD, history=BLOCKED))
    assert contact.orders == (Order(kind=RESTRICT, seconds=7 * 86_400),)
    message = told(MESSAGE, contact=TO_A_CHILD, history=BLOCKED, ratings=rated(9))
    assert DEFAULT.decide(message).orders == (Order(kind=SLOW, seconds=60),)


@pytest.mark.parametrize("reason", GapReason)
def test_the_default_policy_knows_every_reason_of_a_gap(reason: GapReason) -> None:
    decision = DEFAULT.decide(not_checked(reason))
    assert decision.reasons[0].rule != "no-rule"
    allowed = {GapReason.FLAT, GapReason.EMPTY, GapReason.NO_CONTENT, GapReason.NOT_PERMITTED}
    assert (decision.actions == (ALLOW,)) == (reason in allowed)


def test_each_rule_serves_a_principle_and_has_an_owner() -> None:
    assert all(one.principles for one in DEFAULT.rules)
    assert {one.owner for one in DEFAULT.rules} == {"trust-and-safety"}


def test_whoever_feels_an_action_is_told_why() -> None:
    """All but what lets pass, is done here, or keeps things from being deleted."""
    quiet = HERE | {ALLOW, PRESERVE, ActionKind.NOTIFY}
    for rule in DEFAULT.rules:
        assert bool(rule.notice) == bool(set(rule.actions) - quiet), rule.name


def test_what_punishes_says_that_a_person_can_be_asked() -> None:
    for rule in DEFAULT.rules:
        if PUNISHING & set(rule.actions):
            assert re.search(r"ask for a person|say why", rule.notice), rule.name


def test_what_is_silenced_and_what_is_parked() -> None:
    def rules(facts: Facts) -> list[str]:
        return [reason.rule for reason in DEFAULT.decide(facts).reasons]

    silenced = SilencedFacts(reason=Silencing.ALLOWED, bank="b")
    clear = Facts(verdict=Verdict.CLEAR, silenced=(silenced,), silenced_count=1)
    assert DEFAULT.decide(clear).actions == (ALLOW,)
    assert rules(clear) == ["silenced"]
    parked = not_checked(GapReason.ENTRY_PARKED)
    assert DEFAULT.decide(parked).actions == (HOLD, PRESERVE, CASE)
    assert rules(parked) == ["parked-entry"]
    both = Facts(verdict=Verdict.MATCH, matches=(EXACT,), gaps=parked.gaps, match_count=1)
    assert DEFAULT.decide(both).actions == (BLOCK, PRESERVE, CASE)
    asking = Policy.load(
        "policy: asking\nowner: safety\nrules:\n"
        "  - name: look\n    actions: [hold]\n"
        "    reason: Look.\n    notice: Wait.\n"
        "    when: silenced.exists(s, s.reason == Silencing.allowed)\n",
        "asking.yaml",
    )
    assert asking.decide(clear).actions == (HOLD,)


ages = st.sampled_from(AgeBand)
actors = ages.map(lambda age: ActorFacts(age=age, minor=age in MINORS))
counts = st.integers(-1, 1000)
machine_made = st.builds(
    Facts,
    verdict=st.sampled_from([Verdict.CLEAR, Verdict.NOT_CHECKED]),
    event=st.builds(EventFacts, kind=st.sampled_from(EventKind), has_actor=st.booleans()),
    actor=actors,
    receivers=st.lists(actors, max_size=2).map(tuple),
    contact=st.builds(ContactFacts, receivers=st.just(1), may_reach_minor=st.booleans()),
    ratings=st.lists(st.floats(0, 10), max_size=3).map(lambda values: rated(*values)),
    account=st.builds(
        AccountFacts,
        minors_contacted_7d=counts,
        unanswered_share=st.floats(0, 1),
        reports_30d=counts,
        blocks_30d=counts,
    ),
    history=st.builds(HistoryFacts, matches_30d=st.integers(0, 9), cases_30d=st.integers(0, 99)),
)


@pytest.mark.parametrize("bar", [0.1, 10.0])
def test_its_own_tests_pass_wherever_its_thresholds_stand(bar: float) -> None:
    moved = with_thresholds(DEFAULT.text, "policy", dict.fromkeys(DEFAULT.thresholds, bar))
    assert Policy.load(moved, "policy").thresholds == dict.fromkeys(DEFAULT.thresholds, bar)


@pytest.mark.parametrize("name", ["sextortion", "meeting"])
def test_an_emergency_comes_first_and_below_its_threshold_is_none(name: str) -> None:
    for value, imminent in ((4.9, False), (5.0, True)):
        rating = RatingFacts(name=name, value=value)
        decision = DEFAULT.decide(told(MESSAGE, ratings=(rating,)))
        assert any(reason.imminent for reason in decision.reasons) is imminent
        assert (CASE in decision.actions) is imminent


@settings(deadline=None, max_examples=200)
@given(machine_made)
def test_no_rating_and_no_account_punishes_anybody(facts: Facts) -> None:
    """Nothing matched, nothing was blocked before: no rating is high enough."""
    decision = DEFAULT.decide(facts)
    assert not PUNISHING & set(decision.actions)
    assert "guard" not in {reason.rule for reason in decision.reasons}


def test_its_own_tests_name_each_rule() -> None:
    """What it carries is an example for those who write their own: no rule without one."""
    results = list(DEFAULT.test())
    assert results
    assert [result.name for result in results if not result.passed] == []
    tests = DEFAULT.text.partition("\ntests:\n")[2]
    listed = re.findall(r"^    rules: \[(.*)\]$", tests, re.MULTILINE)
    named = {name for line in listed for name in line.split(", ")}
    assert named - {"guard"} == {rule.name for rule in DEFAULT.rules}
