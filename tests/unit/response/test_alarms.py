from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tutela.errors import NotFound
from tutela.model import (
    ActionKind,
    Content,
    Decision,
    DeliveryState,
    Destination,
    Event,
    Outcome,
    Reason,
    Receipt,
    Verdict,
)
from tutela.response.alarms import AlarmKind, is_overdue, listed, span, state_of
from tutela.response.routing import Routes
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.outbox.deliveries import Deliveries, DeliveryCounts

KINDS = (ActionKind.BLOCK, ActionKind.SLOW)


def test_no_alarm_while_all_is_well() -> None:
    state = state_of(DeliveryCounts(waiting=3, sent=2, oldest_waiting_seconds=1.5))
    assert state.alarms == ()
    assert (state.waiting, state.sent, state.oldest_waiting_seconds) == (3, 2, 1.5)


def test_what_failed_and_what_is_overdue_are_alarms() -> None:
    state = state_of(DeliveryCounts(waiting=2, failed=1, overdue=1200))
    assert [(one.kind, one.count) for one in state.alarms] == [
        (AlarmKind.FAILED, 1),
        (AlarmKind.OVERDUE, 1200),
    ]
    assert state.alarms[0].text.startswith("1 action was given up")
    assert state.alarms[1].text.startswith("1,200 actions should have been confirmed")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3601, "1 h"),
        (5400, "1 h 30 min"),
        (7 * 86_400, "7 d"),
        (90_060, "1 d 1 h"),
    ],
)
def test_spans_of_time(seconds: float, text: str) -> None:
    assert span(seconds) == text


def decided(database: Database, name: str, at: datetime, confirm_seconds: int = 300) -> None:
    """An event whose two actions go to the destination `platform`."""
    event = Event(id=name, digest="-", received_at=at, contents=(Content(),))
    decision = Decision(
        policy_version="test-1", actions=KINDS, reasons=(Reason(rule="a", text="Because."),)
    )
    outcome = Outcome(
        event_id=name,
        verdict=Verdict.NOT_CHECKED,
        received_at=at,
        drill=False,
        list_version=0,
        matches=(),
        gaps=(),
        decision=decision,
        case_id=None,
    )
    to = Destination(
        name="platform",
        url="https://platform.example/",
        actions=KINDS,
        confirm_seconds=confirm_seconds,
    )
    sent = Routes((to,)).deliveries(event, decision, None, at)
    with Journal(database) as journal:
        journal.record(event, outcome, None, sent).result(10)


def test_lists_of_one_event_and_of_all_agree(database: Database) -> None:
    now = datetime.now(UTC)
    decided(database, "early", now - timedelta(hours=1))
    decided(database, "late", now)
    deliveries = Deliveries(database)
    first, second = deliveries.of_event("early")
    deliveries.confirm(Receipt(id=first.id, done=True))
    for wanted in (
        {},
        {"state": DeliveryState.DONE},
        {"state": DeliveryState.WAITING},
        {"overdue": True},
        {"destination": "platform"},
        {"destination": "elsewhere"},
    ):
        whole = listed(deliveries, **wanted)
        ids = [one.id for one in whole if one.message.event_id == "early"]
        own = listed(deliveries, event="early", **wanted)
        assert [one.id for one in own] == ids, wanted
    assert [one.id for one in listed(deliveries, overdue=True)] == [second.id]
    assert [is_overdue(one, now) for one in deliveries.of_event("early")] == [False, True]
    assert [one.id for one in listed(deliveries, event="early", limit=1)] == [second.id]
    assert [one.id for one in listed(deliveries, event="early", after=second.id)] == [first.id]
    with pytest.raises(NotFound):
        listed(deliveries, event="early", after="act-0")
    assert listed(deliveries, event="nobody") == []
