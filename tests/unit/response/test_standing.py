from __future__ import annotations

from datetime import UTC, datetime

from tutela.model import (
    ActionKind,
    Decision,
    Delivery,
    Destination,
    Event,
    Order,
    Reason,
)
from tutela.response.routing import Routes
from tutela.response.standing import Way, standing

AT = datetime(2026, 11, 22, tzinfo=UTC)
EVENT = Event(id="event 1", digest="-", received_at=AT, contents=())
A = ActionKind


def decision(*actions: ActionKind, orders: tuple[Order, ...] = ()) -> Decision:
    return Decision(
        policy_version="test-1",
        actions=actions,
        reasons=(Reason(rule="a", text="Because."),),
        orders=orders,
    )


def sent(what: Decision, *destinations: Destination) -> tuple[Delivery, ...]:
    return Routes(destinations).deliveries(EVENT, what, None, AT)


def to(name: str, *actions: ActionKind) -> Destination:
    return Destination(name=name, url="https://platform.example/", actions=actions)


def test_without_a_destination_all_is_in_the_answer_or_done_here() -> None:
    found = standing(decision(A.BLOCK, A.SUSPEND, A.OPEN_CASE, A.SECOND_LOOK), ())
    assert [(one.action, one.way) for one in found] == [
        (A.BLOCK, Way.ANSWER),
        (A.SUSPEND, Way.ANSWER),
        (A.OPEN_CASE, Way.HERE),
        (A.SECOND_LOOK, Way.HERE),
    ]


def test_each_action_has_its_own_deliveries() -> None:
    what = decision(A.HOLD, A.SLOW, A.OPEN_CASE, orders=(Order(kind=A.SLOW, seconds=30),))
    deliveries = sent(what, to("first", A.SLOW), to("second", A.SLOW, A.OPEN_CASE))
    hold, slow, case = standing(what, deliveries)
    assert (hold.way, hold.deliveries) == (Way.ANSWER, ())
    assert (slow.way, slow.seconds) == (Way.SENT, 30)
    assert [one.destination for one in slow.deliveries] == ["first", "second"]
    assert (case.way, case.deliveries) == (Way.HERE, ())


def test_each_destination_that_is_told_stands_by_itself() -> None:
    orders = (
        Order(kind=A.NOTIFY, to="night-desk"),
        Order(kind=A.NOTIFY, to="nobody"),
        Order(kind=A.NOTIFY, to="night-desk"),
    )
    what = decision(A.ALLOW, A.NOTIFY, orders=orders)
    deliveries = sent(what, to("night-desk"), to("platform", A.ALLOW))
    allow, desk, nobody = standing(what, deliveries)
    assert [one.destination for one in allow.deliveries] == ["platform"]
    assert (desk.to, [one.destination for one in desk.deliveries]) == ("night-desk", ["night-desk"])
    assert nobody.to == "nobody"
    assert [one.state for one in nobody.deliveries] == ["failed"], "it is never dropped unseen"
