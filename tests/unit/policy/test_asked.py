"""Actions with details: read as written, and drawn together over all rules that hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.declarations.source import Source
from tutela.errors import BadConfiguration
from tutela.model import ActionKind, Order
from tutela.policy.asked import (
    ASKS,
    MOST_SECONDS,
    STRONGEST_FIRST,
    TIMED,
    Asked,
    actions_of,
    strongest,
    together,
)

SLOW, SUSPEND, NOTIFY = ActionKind.SLOW, ActionKind.SUSPEND, ActionKind.NOTIFY
orders = st.lists(
    st.builds(Order, kind=st.sampled_from(TIMED), seconds=st.integers(1, 9))
    | st.builds(Order, kind=st.just(NOTIFY), to=st.sampled_from(["a", "b", "c"])),
    max_size=8,
)


def read(text: str) -> Asked:
    source = Source(text, "actions.yaml", "")
    return actions_of(source, source.compose())


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("slow: {seconds: 30}", Order(kind=SLOW, seconds=30)),
        ("slow: {minutes: 2}", Order(kind=SLOW, seconds=120)),
        ("suspend: {hours: 1}", Order(kind=SUSPEND, seconds=3600)),
        ("suspend: {days: 7}", Order(kind=SUSPEND, seconds=604_800)),
        (f"suspend: {{seconds: {MOST_SECONDS}}}", Order(kind=SUSPEND, seconds=MOST_SECONDS)),
        ("notify: {to: moderators}", Order(kind=NOTIFY, to="moderators")),
    ],
)
def test_details_are_read(text: str, order: Order) -> None:
    assert read(f"[hold, {{{text}}}]") == Asked(
        kinds=(ActionKind.HOLD, order.kind), orders=(order,)
    )


def test_plain_names_have_no_details() -> None:
    assert read("[slow, allow, suspend]") == Asked(kinds=(SLOW, ActionKind.ALLOW, SUSPEND))


def test_several_may_be_told() -> None:
    found = read("[allow, {notify: {to: a}}, {notify: {to: b}}]")
    assert [order.to for order in found.orders] == ["a", "b"]
    assert found.kinds == (ActionKind.ALLOW, NOTIFY)
    with pytest.raises(BadConfiguration, match="named twice"):
        read("[allow, {notify: {to: a}}, {notify: {to: a}}]")


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "0x10", "1_000", "'30'", "true", "[3]", "~"])
def test_a_time_is_a_plain_whole_number(number: str) -> None:
    with pytest.raises(BadConfiguration, match="seconds are a whole number from 1 to"):
        read(f"[hold, {{slow: {{seconds: {number}}}}}]")


@given(orders)
def test_the_longest_time_stands_and_everybody_is_told(asked: list[Order]) -> None:
    kinds = strongest({ActionKind.ALLOW, *(order.kind for order in asked)})
    found = together(asked, kinds)
    for kind in TIMED:
        longest = [order.seconds for order in asked if order.kind is kind and order.seconds]
        assert [order.seconds for order in found if order.kind is kind] == (
            [max(longest)] if longest else []
        )
    told = {order.to for order in asked if order.kind is NOTIFY}
    assert [order.to for order in found if order.kind is NOTIFY] == sorted(told)
    places = [kinds.index(order.kind) for order in found]
    assert places == sorted(places)


def test_details_of_what_is_not_done_fall_away() -> None:
    assert together([Order(kind=SUSPEND, seconds=9)], (ActionKind.HOLD,)) == ()


@given(st.sets(st.sampled_from(ActionKind)), st.sampled_from(ASKS))
def test_one_thing_is_said_in_the_answer(wanted: set[ActionKind], ask: ActionKind) -> None:
    found = strongest(wanted | {ask})
    assert len(set(found) & set(ASKS)) == 1
    assert list(found) == sorted(found, key=STRONGEST_FIRST.index)
    assert set(found) - set(ASKS) == wanted - set(ASKS)
