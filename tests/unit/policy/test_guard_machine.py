"""What a machine thinks never punishes: no rule, no set of rules and no wording gets around it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.errors import BadConfiguration
from tutela.model import ActionKind, EventKind, Verdict
from tutela.policy.asked import ASKS, LONGEST_PAUSE, UNITS
from tutela.policy.expression import Language
from tutela.policy.facts import (
    MACHINE,
    AccountFacts,
    ContactFacts,
    EventFacts,
    Facts,
    HistoryFacts,
    RatingFacts,
)
from tutela.policy.guard import PUNISHING
from tutela.policy.policy import Policy

LANGUAGE = Language(Facts, {"bar": 7.0})
READING = (
    "ratings.exists(r, r.value >= thresholds.bar)",
    "ratings.size() > 0",
    "size(ratings) == 0",
    "has(account.told)",
    "account.told",
    "[ratings].exists(one, one.size() > 1)",
    "{'a': account.reports_30d}.exists(k, k == 'a')",
    "ratings.map(r, r.value).exists(v, v > 3.0)",
    "[0].exists(n, ratings.size() > n)",
    "(event.drill ? ratings : ratings).size() > 0",
    "account == account",
    "[account.blocks_30d, 3].exists(n, n > 2)",
    "matches.size() > account.age_days",
    "dyn(ratings).size() > 0",
)
PLAIN = (
    "true",
    "event.kind == EventKind.message",
    "event.conversation",
    "history.cases_30d > 0",
    "contact.may_reach_minor",
    "verdict == Verdict.not_checked || !event.drill",
)
WRAPPED = st.recursive(
    st.sampled_from(READING),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(PLAIN)).map(lambda two: f"({two[0]}) && ({two[1]})"),
        st.tuples(st.sampled_from(PLAIN), inner).map(lambda two: f"({two[0]}) || ({two[1]})"),
        inner.map(lambda one: f"!({one})"),
        inner.map(lambda one: f"(({one}) ? event.drill : false)"),
        inner.map(lambda one: f"[1, 2].exists(n, n > 1 && ({one}))"),
    ),
    max_leaves=4,
)
RULED = [kind for kind in ActionKind if kind not in {ActionKind.RESTORE, ActionKind.ANSWER}]
anything = st.sets(st.sampled_from(RULED), max_size=5)
allowed = st.sets(st.sampled_from([kind for kind in RULED if kind not in PUNISHING]), max_size=5)
machine_made = st.builds(
    Facts,
    verdict=st.just(Verdict.CLEAR),
    event=st.builds(EventFacts, kind=st.sampled_from(EventKind), conversation=st.booleans()),
    contact=st.builds(ContactFacts, may_reach_minor=st.booleans(), adult_to_minor=st.booleans()),
    ratings=st.lists(
        st.builds(
            RatingFacts,
            name=st.sampled_from(["grooming", "sextortion", "meeting", "solicitation", "nudity"]),
            value=st.floats(0, 10),
        ),
        max_size=3,
    ).map(tuple),
    account=st.builds(AccountFacts, told=st.booleans(), reports_30d=st.integers(-1, 99)),
    history=st.builds(HistoryFacts, known=st.just(value=True), cases_30d=st.integers(0, 99)),
)
"""Facts of which a machine made everything: nothing matched, and nothing was blocked before."""


def rule(number: int, when: str, asked: set[ActionKind]) -> str:
    ask = next((one for one in ASKS if one in asked), ActionKind.ALLOW)
    named = sorted({*asked - set(ASKS), ask})
    listed = ", ".join("notify: {to: moderators}" if one == "notify" else one for one in named)
    return (
        f"  - name: r{number}\n    when: |\n      {when}\n    actions: [{listed}]\n"
        f"    reason: Number {number}.\n    notice: Wait.\n    severity: high\n"
    )


def load(*rules: tuple[str, set[ActionKind]]) -> Policy:
    written = "".join(rule(number, *one) for number, one in enumerate(rules))
    section = "thresholds: {bar: 7.0}\n" if "thresholds.bar" in written else ""
    text = f"policy: tried\nowner: safety\n{section}rules:\n{written}"
    return Policy.load(text, "tried.yaml")


@settings(deadline=None, max_examples=100)
@given(WRAPPED)
def test_however_it_is_wrapped_it_is_seen_that_a_machine_s_facts_are_read(condition: str) -> None:
    reads = LANGUAGE.compile(condition).reads
    assert {path.partition(".")[0] for path in reads} & MACHINE


@pytest.mark.parametrize("condition", READING)
@pytest.mark.parametrize("kind", sorted(PUNISHING))
def test_each_rule_that_reads_them_and_punishes_is_refused(
    condition: str, kind: ActionKind
) -> None:
    with pytest.raises(BadConfiguration, match="what a machine thinks never punishes"):
        load((condition, {kind}))


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(WRAPPED, allowed, max_size=3),
    st.dictionaries(st.sampled_from(PLAIN), anything, min_size=1, max_size=3),
    st.lists(machine_made, min_size=1, max_size=5),
)
def test_no_set_of_rules_punishes_on_what_a_machine_thinks(
    reading: dict[str, set[ActionKind]],
    plain: dict[str, set[ActionKind]],
    given_facts: list[Facts],
) -> None:
    """Rules that read no rating may ask for anything; what becomes of it does not rest on one."""
    cased = {when: {*asked, ActionKind.OPEN_CASE} for when, asked in reading.items()}
    try:
        policy = load(*cased.items(), *plain.items())
    except BadConfiguration as problem:
        refused = problem.what
    else:
        refused = ""
    if refused:  # what was drawn is false for ever, or says one thing twice
        assert any(sign in refused for sign in ("asks what rule", "never hold"))
        return
    for facts in given_facts:
        decision = policy.decide(facts)
        assert not PUNISHING & set(decision.actions)
        assert all((order.seconds or 0) <= LONGEST_PAUSE for order in decision.orders)


def test_what_a_machine_holds_is_settled_by_a_person() -> None:
    with pytest.raises(BadConfiguration, match="must open a case, too"):
        load(("ratings.exists(r, r.value > 9.0)", {ActionKind.HOLD}))
    load(("ratings.exists(r, r.value > 9.0)", {ActionKind.HOLD, ActionKind.OPEN_CASE}))
    load(("event.kind == EventKind.message", {ActionKind.HOLD}))


@pytest.mark.parametrize("unit", UNITS)
def test_a_pause_is_an_hour_at_most(unit: str) -> None:
    most = LONGEST_PAUSE // UNITS[unit]
    text = (
        "policy: a\nowner: b\nrules:\n"
        "  - {name: c, when: event.drill, actions: [allow, {slow: {UNIT: NUMBER}}], reason: D., "
        "notice: E.}\n"
    ).replace("UNIT", unit)
    if most:
        Policy.load(text.replace("NUMBER", str(most)), "a.yaml")
    with pytest.raises(BadConfiguration):
        Policy.load(text.replace("NUMBER", str(most + 1)), "a.yaml")
