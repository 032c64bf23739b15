"""Differences of decisions, and reports that are counted on."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tutela.model import ActionKind, Decision, Order, PolicyReport, Reason
from tutela.storage.rules.differences import Difference, Differences, in_words, same

KINDS = st.sampled_from(list(ActionKind))
ORDERS = st.builds(Order, kind=KINDS, seconds=st.none() | st.integers(1, 3), to=st.just(""))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    actions = tuple(draw(st.lists(KINDS, min_size=1, max_size=3, unique=True)))
    orders = draw(st.lists(ORDERS, max_size=2, unique_by=lambda order: order.kind))
    rules = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    return Decision(
        policy_version="p",
        actions=actions,
        reasons=tuple(Reason(rule=rule, text="Why.") for rule in rules),
        orders=tuple(order for order in orders if order.kind in actions),
    )


def test_an_action_is_told_with_its_details() -> None:
    decision = Decision(
        policy_version="p",
        actions=(ActionKind.SLOW, ActionKind.NOTIFY, ActionKind.ALLOW),
        reasons=(),
        orders=(
            Order(kind=ActionKind.SLOW, seconds=86_400),
            Order(kind=ActionKind.NOTIFY, to="moderators"),
        ),
    )
    assert in_words(decision) == ("slow 86,400 s", "notify moderators", "allow")


@given(st.lists(st.tuples(decisions(), decisions()), max_size=12), st.integers(0, 12))
def test_a_report_counts_every_pair_and_can_be_counted_on(
    pairs: list[tuple[Decision, Decision]], pause: int
) -> None:
    differences = Differences()
    for number, (then, now) in enumerate(pairs):
        if number == pause:  # a re-scan that another process goes on with
            differences = Differences(differences.report())
        differences.add(Difference.of(then, now))
    report = differences.report()

    changed = Counter(
        (in_words(then), in_words(now)) for then, now in pairs if in_words(then) != in_words(now)
    )
    assert {(one.then, one.now): one.events for one in report.actions} == changed
    rules = Counter[tuple[str, str]]()
    for then, now in pairs:
        fired, fires = ({reason.rule for reason in one.reasons} for one in (then, now))
        rules.update(("gained", rule) for rule in fires - fired)
        rules.update(("lost", rule) for rule in fired - fires)
    assert {("gained", one.rule): one.gained for one in report.rules if one.gained} | {
        ("lost", one.rule): one.lost for one in report.rules if one.lost
    } == rules


@given(decisions(), decisions())
def test_what_does_the_same_has_no_changed_action(then: Decision, now: Decision) -> None:
    differences = Differences()
    differences.add(Difference.of(then, now))
    if same(then, now):
        assert differences.report().actions == ()


def test_nothing_counted_is_an_empty_report() -> None:
    assert Differences().report() == PolicyReport()
