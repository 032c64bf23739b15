from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from litestar.handlers import HTTPRouteHandler
from msgspec.structs import replace
from sqlalchemy import update

from tutela.interfaces.console.response import HANDLERS
from tutela.interfaces.console.response.actions import timeline, will_change
from tutela.model import (
    ActionKind,
    ActionMessage,
    Delivery,
    DeliveryState,
    EventKind,
)
from tutela.storage.tables import deliveries
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit, Visitor

HILL = [{"kind": "md5", "value": "8f" * 16}]
AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
WAITING = Delivery(
    id="act-1",
    destination="platform",
    message=ActionMessage(
        id="act-1",
        action=ActionKind.SLOW,
        event_id="one",
        event_kind=EventKind.MESSAGE,
        received_at=AT,
        decided_at=AT,
        policy_version="test-1",
    ),
    created_at=AT,
    confirm_by=AT + timedelta(minutes=5),
    next_at=AT + timedelta(seconds=2),
    attempts=1,
)


def told(one: Delivery, at: datetime) -> list[tuple[str, bool]]:
    return [(moment.text, moment.to_come) for moment in timeline(one, at)]


def test_the_way_of_an_action_in_the_order_of_time() -> None:
    second = timedelta(seconds=1)
    decided = ("decided, and written to be sent", False)
    assert told(WAITING, AT) == [decided, ("next try", True), ("is to be confirmed by", True)]
    late = told(WAITING, AT + timedelta(hours=1))
    assert late == [decided, ("next try", False), ("should have been confirmed", False)]
    done = replace(
        WAITING,
        state=DeliveryState.DONE,
        sent_at=AT + second,
        ended_at=AT + 2 * second,
        next_at=None,
    )
    assert told(done, AT) == [
        decided,
        ("taken by the destination", False),
        ("confirmed as done", False),
    ]
    failed = replace(done, state=DeliveryState.FAILED, sent_at=None)
    assert told(failed, AT) == [decided, ("given up", False)]
    assert [will_change(one, AT) for one in (WAITING, done, failed)] == [True, False, False]
    assert not will_change(WAITING, AT + timedelta(hours=1)), "nobody waits at the page for ever"


@pytest.fixture(scope="module")
def platform(api: Api) -> Iterator[str]:
    """A destination that takes what blocks; nobody works on what is sent to it."""
    new = {"url": "http://127.0.0.1:1/hook", "private": True, "actions": ["block"]}
    assert api.post("/v1/destinations", {"name": "platform", **new}).status == 201
    api.post("/v1/banks", {"name": "hills", "trusted": True, "drill": True})
    api.post("/v1/banks/hills/entries", {"entries": [{"label": "a hill", "signals": HILL}]})
    yield "platform"
    api.ask("DELETE", "/v1/destinations/platform")


def failed(api: Api, name: str) -> str:
    """The id of an action that was given up."""
    event = {"event_id": name, "signals": HILL, "drill": True}
    assert "block" in api.post("/v1/check", event).json["decision"]["actions"]
    (one,) = api.get("/v1/actions", event=name).json["actions"]
    with api.services.database.write() as connection:
        values = {"state": "failed", "ended_at": now(), "next_at": None, "problem": "<no> answer"}
        own = update(deliveries).where(deliveries.c.id == one["id"])
        connection.execute(own.values(**values))
    found: str = one["id"]
    return found


def test_an_action_is_sent_again_from_its_page(api: Api, admin: Visitor, platform: str) -> None:
    del platform
    one = failed(api, "one")
    assert "&lt;no&gt; answer" in admin.get(f"/console/actions/{one}"), "nothing is taken as HTML"
    again = admin.post(f"/console/actions/{one}/retry")
    assert (again.status, again.headers["location"]) == (303, f"/console/actions/{one}")
    page = admin.get(f"/console/actions/{one}")
    assert 'class="tag waiting"' in page
    api.post(f"/v1/actions/{one}/receipt", {"id": one, "done": True, "note": "<b>gone</b>"})
    refused = admin.post(f"/console/actions/{one}/retry")
    assert refused.status == 400
    assert b"the action is done" in refused.body
    assert b"&lt;b&gt;gone&lt;/b&gt;" in refused.body


def test_all_failed_ones_are_sent_again(api: Api, admin: Visitor, platform: str) -> None:
    ids = {failed(api, name) for name in ("two", "three")}
    page = admin.get("/console/actions", state="failed")
    assert ids == set(re.findall(r"/console/actions/(act-\w+)", page))
    again = admin.post("/console/actions/retry", destination=platform)
    assert again.status == 303
    assert "Sent again: 2." in admin.get("/console/actions", again="2")
    assert admin.post("/console/actions/retry", destination="nowhere").status == 400
    assert not re.findall(r"/console/actions/act-", admin.get("/console/actions", state="failed"))


def test_a_form_of_nobody_s_session_is_refused(api: Api, admin: Visitor, platform: str) -> None:
    one = failed(api, "four")
    forms = [
        re.sub(r"{\w+:str}", platform if "destinations" in path else one, f"/console{path}")
        for handler in HANDLERS
        if isinstance(handler, HTTPRouteHandler) and "POST" in handler.http_methods
        for path in handler.paths
    ]
    assert len(forms) == 9
    for path in forms:
        assert admin.post(path, csrf="").status == 403, path
        assert admin.post(path, csrf="x" * 32, confirm=platform).status == 403, path
    assert api.get(f"/v1/actions/{one}").json["state"] == "failed"
    assert api.get(f"/v1/destinations/{platform}").json["generation"] == 1


def test_an_action_for_nobody_says_so(api: Api, admin: Visitor) -> None:
    new = {"url": "http://127.0.0.1:1/hook", "private": True, "actions": ["block"]}
    api.post("/v1/destinations", {"name": "gone", **new})
    event = {"event_id": "six", "signals": HILL, "drill": True}
    api.post("/v1/check", event)
    (one,) = api.get("/v1/actions", event="six", destination="gone").json["actions"]
    api.send("PATCH", "/v1/destinations/gone", {"enabled": False})
    assert "disabled: nothing is sent to it" in admin.get(f"/console/actions/{one['id']}")
    api.ask("DELETE", "/v1/destinations/gone")
    page = admin.get(f"/console/actions/{one['id']}")
    assert "there is none of this name now" in page
    assert "/console/destinations/gone" not in page
    assert "Send it again now" not in page
    refused = admin.post(f"/console/actions/{one['id']}/retry")
    assert refused.status == 400
    assert b"create a destination of that name" in refused.body
    admin.post("/console/actions/retry")
    assert "1 is failed still" in admin.get("/console/actions", again="0")
    api.post(f"/v1/actions/{one['id']}/receipt", {"id": one["id"], "done": True})
    assert "is failed still" not in admin.get("/console/actions", again="0")


def test_the_alarm_is_for_those_who_may_read_actions(
    api: Api, visit: Visit, admin: Visitor, platform: str
) -> None:
    del platform
    failed(api, "five")
    for path in ("/console/banks", "/console/cases", "/console/principles", "/console/actions"):
        assert 'aria-label="Alarm"' in admin.get(path)
    reviewer = visit("reviewer")
    assert "given up</a>" in reviewer.get("/console/cases")
    assert 'aria-label="Alarm"' not in visit("curator").get("/console/banks")
    admin.post("/console/actions/retry")
    assert "given up</a>" not in admin.get("/console/banks")


@pytest.mark.parametrize("again", ["-1", "x", "9" * 5000, "²"])
def test_what_is_no_number_of_actions(admin: Visitor, again: str) -> None:
    assert "Sent again: x" not in admin.get("/console/actions", again=again)
