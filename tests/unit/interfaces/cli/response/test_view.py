"""What people read, word for word."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.response.view import (
    delivery_lines,
    destination_lines,
    destinations_table,
    listed_lines,
    state_lines,
)
from tutela.model import (
    ActionKind,
    ActionMessage,
    Delivery,
    DeliveryState,
    Destination,
    EventKind,
    Receipt,
)
from tutela.response.alarms import state_of
from tutela.storage.outbox.deliveries import DeliveryCounts

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
WAITING = Delivery(
    id="act-0123",
    destination="platform",
    message=ActionMessage(
        id="act-0123",
        action=ActionKind.RESTRICT_CONTACT,
        event_id="message-17",
        event_kind=EventKind.MESSAGE,
        received_at=AT,
        decided_at=AT,
        policy_version="default-1",
        actor="actor 7",
        seconds=604_800,
        notices=("You may write to people you know.",),
    ),
    created_at=AT,
    confirm_by=AT + timedelta(minutes=5),
    next_at=AT,
)
PLATFORM = Destination(
    name="platform",
    url="https://platform.example/hook",
    actions=(ActionKind.SLOW, ActionKind.RESTRICT_CONTACT),
    generation=2,
    overlap_until=AT + timedelta(hours=1),
)

DESTINATIONS_TABLE = """\
Destinations
┏━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━┓
┃ name     ┃ state    ┃ address           ┃ takes              ┃ confirm within ┃ secret ┃
┡━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━┩
│ platform │ enabled  │ https://platform. │ slow, restrict     │          300 s │      2 │
│          │          │ example/hook      │ contact            │                │        │
│ platform │ disabled │ https://platform. │ only what a rule   │          300 s │      2 │
│          │          │ example/hook      │ notifies it of     │                │        │
└──────────┴──────────┴───────────────────┴────────────────────┴────────────────┴────────┘"""


def shown(table: Table) -> str:
    out = io.StringIO()
    Console(file=out, width=90).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip()


def test_an_action_that_failed() -> None:
    failed = replace(
        WAITING,
        state=DeliveryState.FAILED,
        attempts=35,
        ended_at=AT + timedelta(days=1),
        next_at=None,
        problem="the address could not be connected to",
    )
    assert "\n".join(delivery_lines(failed, AT + timedelta(days=2))) == (
        """\
restrict contact for platform: failed
  id           act-0123
  event        message-17
  decided      2026-11-22 10:30:00 UTC
  confirm by   2026-11-22 10:35:00 UTC
  tries        35
  given up     2026-11-23 10:30:00 UTC
  problem      the address could not be connected to
  message
    {
      "id": "act-0123",
      "action": "restrict_contact",
      "event_id": "message-17",
      "event_kind": "message",
      "received_at": "2026-11-22T10:30:00Z",
      "decided_at": "2026-11-22T10:30:00Z",
      "policy_version": "default-1",
      "actor": "actor 7",
      "seconds": 604800,
      "notices": [
        "You may write to people you know."
      ]
    }"""
    )


def test_an_action_that_is_done() -> None:
    done = replace(
        WAITING,
        state=DeliveryState.DONE,
        attempts=1,
        next_at=None,
        sent_at=AT,
        ended_at=AT,
        receipt=Receipt(id="act-0123", done=True, reference="limit 9", note="For a week."),
    )
    lines = "\n".join(delivery_lines(done, AT + timedelta(days=2)))
    assert lines.startswith(
        """\
restrict contact for platform: done
  id           act-0123
  event        message-17
  decided      2026-11-22 10:30:00 UTC
  confirm by   2026-11-22 10:35:00 UTC
  tries        1
  taken        2026-11-22 10:30:00 UTC
  confirmed    2026-11-22 10:30:00 UTC
  receipt      done
  reference    limit 9
  note         For a week.
  message
"""
    )


def test_an_action_that_is_overdue_says_when_it_is_tried_next() -> None:
    lines = list(delivery_lines(WAITING, AT + timedelta(hours=1)))
    assert lines[0] == "restrict contact for platform: waiting, overdue"
    assert "  next try     2026-11-22 10:30:00 UTC" in lines
    taken = replace(WAITING, receipt=Receipt(id="act-0123", done=False))
    assert "  receipt      taken, not done yet" in list(delivery_lines(taken, AT))


def test_a_list_of_actions() -> None:
    failed = replace(WAITING, state=DeliveryState.FAILED, attempts=1, problem="no answer came")
    lines = list(listed_lines([failed, WAITING], AT + timedelta(minutes=90)))
    assert lines == [
        "act-0123  failed",
        "  restrict contact for platform, event message-17, 1 h 30 min old, 1 try: no answer came",
        "act-0123  waiting, overdue",
        "  restrict contact for platform, event message-17, 1 h 30 min old, 0 tries",
    ]


def test_how_the_actions_stand() -> None:
    assert list(state_lines(state_of(DeliveryCounts()))) == [
        "0 waiting, 0 sent and not confirmed yet, 0 of these overdue, 0 given up.",
        "No alarm.",
    ]
    counts = DeliveryCounts(waiting=2, sent=1, failed=1, overdue=3, oldest_waiting_seconds=3700)
    assert list(state_lines(state_of(counts))) == [
        "2 waiting, 1 sent and not confirmed yet, 3 of these overdue, 1 given up.",
        "The oldest has waited for 1 h 1 min.",
        "Alarm: 1 action was given up: find out why, then send it again.",
        "Alarm: 3 actions should have been confirmed by now: ask the platform why not.",
    ]


def test_a_destination() -> None:
    assert "\n".join(destination_lines(PLATFORM, AT)) == (
        """\
platform: enabled
  address         https://platform.example/hook
  may be private  no
  takes           slow, restrict contact
  confirm within  300 s
  secret          number 2; number 1 signs along until 2026-11-22 11:30:00 UTC"""
    )
    later = list(destination_lines(PLATFORM, AT + timedelta(hours=2)))
    assert later[-1] == "  secret          number 2"
    told = replace(PLATFORM, actions=(), enabled=False, private=True)
    lines = list(destination_lines(told, AT))
    assert lines[0] == "platform: disabled"
    assert "  may be private  yes" in lines
    assert "  takes           only what a rule notifies it of" in lines
    assert shown(destinations_table([PLATFORM, told])) == DESTINATIONS_TABLE
