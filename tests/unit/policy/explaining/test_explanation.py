"""An explanation says what is decided, and leaves no rule and no fact out."""

from __future__ import annotations

import pytest

from tutela.model import ActionKind, Order, Verdict
from tutela.policy.explaining.explanation import Became
from tutela.policy.facts import EventFacts, Facts, MatchFacts
from tutela.policy.policy import Policy
from tutela.policy.probes import PROBES

DEFAULT = Policy.default()
TEXT = """policy: example
owner: safety
rules:
  - {name: broken, when: '1 / (match_count - 2) == 1', actions: [allow], reason: It fails.}
  - name: chat
    when: event.surface == "chat" && matches.exists(m, m.label == "peak")
    actions: [block, {slow: {seconds: 10}}]
    reason: A peak.
    notice: It was refused.
    owner: the chat team
    severity: low
  - name: long
    when: matches.size() > 1
    actions: [hold, {slow: {hours: 1}}, {notify: {to: b}}, {notify: {to: a}}]
    reason: Several.
    notice: It waits.
"""
POLICY = Policy.load(TEXT, "example.yaml")
PEAK = MatchFacts(bank="b", trusted=False, exact=True, kind="md5", label="peak")
TWO = Facts(
    verdict=Verdict.MATCH,
    event=EventFacts(surface="chat"),
    matches=(PEAK, PEAK),
    match_count=2,
)


@pytest.mark.parametrize("facts", PROBES.values(), ids=PROBES)
def test_what_is_explained_is_what_is_decided(facts: Facts) -> None:
    found, decision = DEFAULT.explain(facts), DEFAULT.decide(facts)
    assert found.decision == decision
    assert [rule.rule for rule in found.rules] == [rule.name for rule in DEFAULT.rules]
    held = [rule.rule for rule in found.rules if rule.became in (Became.HELD, Became.FAILED)]
    own = [reason.rule for reason in found.changes]
    assert [reason.rule for reason in decision.reasons] == held + own
    tops = {name.partition(".")[0] for name in DEFAULT.reads}
    assert {fact.name.partition(".")[0] for fact in found.facts} == tops


def test_each_rule_has_its_end() -> None:
    found = POLICY.explain(TWO)
    assert [rule.became for rule in found.rules] == [Became.FAILED, Became.HELD, Became.HELD]
    assert found.rules[0].problem == "it divided by zero"
    assert found.asked == (
        ActionKind.BLOCK,
        ActionKind.SLOW,
        ActionKind.OPEN_CASE,
        ActionKind.NOTIFY,
    )
    assert [reason.rule for reason in found.changes] == ["guard"]
    facts = {fact.name: fact.value for fact in found.facts}
    assert facts == {"event.surface": "chat", "match_count": 2, "matches": [{"label": "peak"}] * 2}


def test_details_of_actions_come_together() -> None:
    decision = POLICY.decide(TWO)
    assert decision.orders == (
        Order(kind=ActionKind.SLOW, seconds=3600),
        Order(kind=ActionKind.NOTIFY, to="a"),
        Order(kind=ActionKind.NOTIFY, to="b"),
    )
    assert [reason.owner for reason in decision.reasons] == [
        "safety",
        "the chat team",
        "safety",
        "",
    ]


def test_what_is_not_known_is_not_guessed() -> None:
    found = POLICY.explain(TWO, frozenset({"matches.label"}))
    assert found.rules[1].became is Became.UNKNOWN
    assert found.rules[1].by == ("matches.label",)
    assert found.decision is None
    assert found.unknown == ("matches.label",)
    matches = next(fact for fact in found.facts if fact.name == "matches")
    assert not matches.known
    assert matches.value == [{}, {}]


def test_what_is_not_known_does_not_matter_where_other_facts_rule_a_rule_out() -> None:
    clear = Facts(verdict=Verdict.CLEAR, event=EventFacts(surface="forum"))
    found = POLICY.explain(clear, frozenset({"matches.label"}))
    assert found.rules[1].became is Became.RULED_OUT
    assert found.rules[1].by == ("event.surface",)
    assert found.decision == POLICY.decide(clear)
