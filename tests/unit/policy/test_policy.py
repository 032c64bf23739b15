"""Facts in, a decision out: always the same, always with a reason, never less than it should."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.errors import BadConfiguration
from tutela.model import ActionKind, GapReason, Verdict
from tutela.policy.asked import ASKS
from tutela.policy.facts import Facts, GapFacts, MatchFacts
from tutela.policy.policy import STRONGEST_FIRST, Policy

ALLOW, HOLD, BLOCK, CASE = (
    ActionKind.ALLOW,
    ActionKind.HOLD,
    ActionKind.BLOCK,
    ActionKind.OPEN_CASE,
)
DEFAULT = Policy.default()
CLEAR = Facts(verdict=Verdict.CLEAR)


def match(*, trusted: bool, exact: bool, drill: bool = False) -> MatchFacts:
    kind = "md5" if exact else "pdq"
    return MatchFacts(bank="b", trusted=trusted, exact=exact, kind=kind, drill=drill)


def matched(*matches: MatchFacts) -> Facts:
    return Facts(verdict=Verdict.MATCH, matches=matches, match_count=len(matches))


def not_checked(*reasons: GapReason) -> Facts:
    gaps = tuple(GapFacts(reason=reason) for reason in reasons)
    return Facts(verdict=Verdict.NOT_CHECKED, gaps=gaps)


def policy(*rules: str) -> Policy:
    text = "policy: example\nowner: safety\nrules:\n" + "\n".join(rules) + "\n"
    return Policy.load(text, "example.yaml")


def rule(name: str, when: str, actions: str) -> str:
    words = f"reason: Because {name}., notice: Wait."
    return f"  - {{name: {name}, when: '{when}', actions: [{actions}], {words}}}"


def test_a_rule_that_cannot_be_evaluated_holds_and_opens_a_case() -> None:
    broken = rule("fragile", "matches.all(m, m.distance / (m.distance - 9) < 9)", "allow")
    lenient = policy(broken, rule("rest", "true", "allow"))
    failing = MatchFacts(bank="b", trusted=False, exact=False, kind="pdq", distance=9)
    decision = lenient.decide(matched(failing))
    assert decision.actions == (HOLD, CASE)
    assert decision.reasons[0].text == (
        "Rule fragile could not be evaluated (it divided by zero). Held for a person to look at."
    )
    assert [reason.rule for reason in decision.reasons] == ["fragile", "rest"]


def test_a_failing_rule_does_not_weaken_another() -> None:
    broken = rule("fragile", "matches.all(m, m.distance / (m.distance - 9) < 9)", "allow")
    strict = policy(broken, rule("stop", "matches.exists(m, m.trusted)", "block, open_case"))
    failing = MatchFacts(bank="b", trusted=True, exact=False, kind="pdq", distance=9)
    assert strict.decide(matched(failing)).actions == (BLOCK, CASE)


@pytest.mark.parametrize(
    ("facts", "actions"),
    [
        (CLEAR, (ALLOW,)),
        (not_checked(GapReason.DAMAGED), (HOLD, CASE)),
        (matched(match(trusted=False, exact=True)), (HOLD, CASE)),
    ],
)
def test_where_no_rule_holds_nothing_passes_in_silence(
    facts: Facts, actions: tuple[ActionKind, ...]
) -> None:
    decision = policy(rule("elsewhere", "event.drill", "allow")).decide(facts)
    assert decision.actions == actions
    assert [reason.rule for reason in decision.reasons] == ["no-rule"]


def _met(number: int, *, holds: bool) -> str:
    """A condition of its own that a single match meets, or does not."""
    return f"match_count >= {-number}" if holds else f"match_count > {number + 1}"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(ASKS), st.booleans(), st.booleans()), min_size=1, max_size=6)
)
def test_every_rule_that_holds_is_a_reason_and_the_strongest_ask_wins(
    rules: list[tuple[ActionKind, bool, bool]],
) -> None:
    texts = [
        rule(f"r{n}", _met(n, holds=holds), ask + (", open_case" if case else ""))
        for n, (ask, case, holds) in enumerate(rules)
    ]
    decision = policy(*texts).decide(matched(match(trusted=True, exact=True)))
    fired = [(n, ask, case) for n, (ask, case, holds) in enumerate(rules) if holds]
    if not fired:
        assert decision.reasons[0].rule == "no-rule"
        return
    assert [reason.rule for reason in decision.reasons] == [f"r{n}" for n, _, _ in fired]
    strongest = min((ask for _, ask, _ in fired), key=ASKS.index)
    case = any(case for _, _, case in fired)
    expected = {strongest} | ({CASE} if case else set())
    assert set(decision.actions) == expected
    assert list(decision.actions) == sorted(decision.actions, key=STRONGEST_FIRST.index)


def test_every_action_has_a_place_in_the_order() -> None:
    assert set(STRONGEST_FIRST) == set(ActionKind)


def test_a_reason_is_one_paragraph() -> None:
    text = rule("one", "true", "allow").replace("Because one.", '"A\n      long  reason."')
    assert policy(text).decide(CLEAR).reasons[0].text == "A long reason."


def test_the_version_follows_from_the_text_alone() -> None:
    text = "policy: example\nowner: safety\nrules:\n" + rule("one", "true", "allow")
    first = Policy.load(text, "a.yaml")
    assert first.version.startswith("example-")
    assert Policy.load(text + "\n\n", "b.yaml").version == first.version
    assert Policy.load(text.replace("one", "two"), "a.yaml").version != first.version
    assert Policy.load(first.text, "kept.yaml").version == first.version


def test_the_same_facts_give_the_same_decision_in_every_thread() -> None:
    cases = [CLEAR, matched(match(trusted=True, exact=False)), not_checked(GapReason.DAMAGED)]
    alone = [DEFAULT.decide(facts) for facts in cases]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(DEFAULT.decide, cases * 200))
    assert together == alone * 200


def test_a_policy_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(DEFAULT.text)
    assert Policy.in_force(str(path)).version == DEFAULT.version
    assert Policy.in_force("").version == DEFAULT.version


def test_a_policy_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="No such file"):
        Policy.read(tmp_path / "none.yaml")
    with pytest.raises(BadConfiguration, match="Is a directory"):
        Policy.read(tmp_path)
