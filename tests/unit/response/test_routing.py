from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tutela.errors import Unavailable
from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Decision,
    DeliveryState,
    Destination,
    Event,
    EventKind,
    Order,
    Origin,
    Reason,
)
from tutela.response.routing import HERE, NOWHERE, Routes, Routing
from tutela.storage.database import Database
from tutela.storage.outbox.destinations import Destinations

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
EVENT = Event(
    id="e1",
    digest="0f",
    received_at=AT - timedelta(seconds=1),
    kind=EventKind.MESSAGE,
    surface="chat",
    region="NL",
    actor=Actor(id="actor-7"),
    receivers=(Actor(id="actor-8"), Actor(id="actor-9")),
    conversation="talk-1",
    drill=True,
)
CASE = Case(id="case-1", event_id="e1", opened_at=AT)
BLOCK, SLOW, NOTIFY, ALLOW = (
    ActionKind.BLOCK,
    ActionKind.SLOW,
    ActionKind.NOTIFY,
    ActionKind.ALLOW,
)


def to(name: str, *actions: ActionKind, enabled: bool = True, seconds: int = 300) -> Destination:
    return Destination(
        name=name,
        url="https://platform.example/",
        actions=actions,
        enabled=enabled,
        confirm_seconds=seconds,
    )


def decision(*actions: ActionKind, orders: tuple[Order, ...] = ()) -> Decision:
    reasons = (
        Reason(rule="a", text="for staff", notice="for the user", principles=(5, 3)),
        Reason(rule="b", text="for staff only", principles=(3, 1)),
    )
    return Decision(policy_version="policy-1", actions=actions, reasons=reasons, orders=orders)


def test_a_message_says_what_is_to_be_done_to_whom() -> None:
    routes = Routes((to("platform", SLOW, seconds=60),))
    slow = decision(SLOW, orders=(Order(kind=SLOW, seconds=30),))
    (made,) = routes.deliveries(EVENT, slow, CASE, AT)
    message = made.message
    assert (made.destination, made.created_at) == ("platform", AT)
    assert made.confirm_by == AT + timedelta(seconds=60)
    assert (made.id, made.state) == (message.id, DeliveryState.WAITING)
    assert (message.action, message.seconds, message.case_id) == (SLOW, 30, "case-1")
    assert (message.event_id, message.event_kind, message.surface) == ("e1", "message", "chat")
    assert (message.actor, message.receivers) == ("actor-7", ("actor-8", "actor-9"))
    assert (message.conversation, message.region, message.drill) == ("talk-1", "NL", True)
    assert (message.received_at, message.decided_at) == (EVENT.received_at, AT)
    assert (message.notices, message.principles) == (("for the user",), (1, 3, 5))
    assert message.policy_version == "policy-1"


def test_nothing_of_the_lists_is_told() -> None:
    assert {"matches", "signals", "bank", "entry"}.isdisjoint(
        Routes((to("platform", BLOCK),))
        .deliveries(EVENT, decision(BLOCK), None, AT)[0]
        .message.__struct_fields__
    )


def test_a_finding_in_the_past_is_about_the_event_that_it_was_found_in() -> None:
    origin = Origin(event_id="old-1", received_at=AT - timedelta(days=3), rescan=4)
    found = Event(id="found-1", digest="0f", received_at=AT, origin=origin)
    routes = Routes((to("platform", BLOCK),))
    (made,) = routes.deliveries(found, decision(BLOCK), None, AT)
    assert (made.message.event_id, made.message.received_at) == ("old-1", AT - timedelta(days=3))
    (live,) = routes.deliveries(
        Event(id="old-1", digest="0f", received_at=AT), decision(BLOCK), None, AT
    )
    assert live.id != made.id, "what is found later is another order than what was decided then"


kinds = st.lists(st.sampled_from(list(ActionKind)), unique=True)


@given(asked=kinds, one=kinds, other=kinds)
def test_an_action_goes_wherever_it_is_taken_and_nowhere_else(
    asked: list[ActionKind], one: list[ActionKind], other: list[ActionKind]
) -> None:
    routes = Routes((to("one", *one), to("other", *other)))
    sent = routes.deliveries(EVENT, decision(*asked), None, AT)
    known = [(made.message.action, made.destination) for made in sent if not made.problem]
    expected = [
        (kind, name)
        for kind in asked
        for name, takes in (("one", one), ("other", other))
        if kind in takes and kind not in HERE and kind is not NOTIFY
    ]
    assert known == expected
    assert len({made.id for made in sent}) == len(sent)


def test_allowing_is_told_only_where_it_is_wanted() -> None:
    routes = Routes((to("one", BLOCK), to("log", ALLOW, BLOCK)))
    made = routes.deliveries(EVENT, decision(ALLOW), None, AT)
    assert [one.destination for one in made] == ["log"]


def test_a_rule_notifies_whom_it_names() -> None:
    routes = Routes((to("moderators", NOTIFY), to("police", NOTIFY), to("platform", NOTIFY)))
    orders = tuple(Order(kind=NOTIFY, to=name) for name in ("moderators", "police", "moderators"))
    made = routes.deliveries(EVENT, decision(NOTIFY, orders=orders), None, AT)
    assert [one.destination for one in made] == ["moderators", "police"]
    assert all(one.state is DeliveryState.WAITING for one in made)


@pytest.mark.parametrize("destinations", [(), (to("moderators", enabled=False),)])
def test_a_rule_that_names_nobody_has_failed_and_says_so(
    destinations: tuple[Destination, ...],
) -> None:
    orders = (Order(kind=NOTIFY, to="moderators"),)
    asked = decision(NOTIFY, orders=orders)
    (made,) = Routes(destinations).deliveries(EVENT, asked, None, AT)
    assert (made.state, made.problem) == (DeliveryState.FAILED, NOWHERE)
    assert (made.destination, made.ended_at) == ("moderators", AT)


def test_nothing_is_made_for_what_is_switched_off() -> None:
    routes = Routes((to("platform", BLOCK, enabled=False),))
    assert routes.deliveries(EVENT, decision(BLOCK), None, AT) == ()


@pytest.fixture
def routing(database: Database) -> Iterator[Routing]:
    routing = Routing(Destinations(database), structlog.get_logger(), refresh_seconds=0.01)
    yield routing
    routing.stop()


def test_changes_are_followed(routing: Routing, database: Database) -> None:
    routing.start()
    assert routing.routes().destinations == ()
    Destinations(database).create("platform", "https://platform.example/", actions=(BLOCK,))
    seen = threading.Event()
    for _ in range(3000):
        if routing.routes().destinations:
            break
        seen.wait(0.01)
    assert [one.name for one in routing.routes().destinations] == ["platform"]


class Broken(Destinations):
    """A database that is away for a while."""

    away = False

    def list(self) -> list[Destination]:
        if self.away:
            raise Unavailable("away")
        return list(super().list())


def test_what_was_known_holds_while_the_database_is_away(database: Database) -> None:
    destinations = Broken(database)
    destinations.create("platform", "https://platform.example/", actions=(BLOCK,))
    told = threading.Event()

    class Log:
        def error(self, text: str, **about: object) -> None:
            assert (text, about) == ("destinations could not be read", {"error": "Unavailable"})
            told.set()

    routing = Routing(destinations, Log(), refresh_seconds=0.01)  # type: ignore[arg-type]
    routing.start()
    destinations.away = True
    assert told.wait(30)
    assert [one.name for one in routing.routes().destinations] == ["platform"]
    destinations.away = False
    destinations.create("other", "https://other.example/", actions=())
    for _ in range(3000):
        if len(routing.routes().destinations) == 2:
            break
        threading.Event().wait(0.01)
    routing.stop()
    assert [one.name for one in routing.routes().destinations] == ["other", "platform"]


def test_a_notice_goes_with_the_actions_of_its_rule_only() -> None:
    """The receiver who is warned does not read what the sender is told."""
    reasons = (
        Reason(rule="a", text="t", notice="for the sender", actions=(SLOW,)),
        Reason(rule="b", text="t", notice="for both", actions=(ActionKind.WARN_RECEIVER, SLOW)),
        Reason(rule="guard", text="t"),
        Reason(rule="old", text="t", notice="of an older version"),
        Reason(rule="c", text="t", notice="of what passes", actions=(ActionKind.ALLOW,)),
    )
    both = decision(SLOW, ActionKind.WARN_RECEIVER, ActionKind.ALLOW)
    routes = Routes((to("platform", SLOW, ActionKind.WARN_RECEIVER, ActionKind.ALLOW),))
    made = routes.deliveries(EVENT, structs.replace(both, reasons=reasons), CASE, AT)
    assert {one.message.action: one.message.notices for one in made} == {
        SLOW: ("for the sender", "for both", "of an older version"),
        ActionKind.WARN_RECEIVER: ("for both", "of an older version"),
        ActionKind.ALLOW: (),
    }
