from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from tutela.interfaces.services import Services
from tutela.storage.tables import deliveries
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

HILL = [{"kind": "md5", "value": "3f" * 16}]
LAKE = [{"kind": "md5", "value": "4f" * 16}]


@pytest.fixture(scope="module")
def platform(api: Api) -> Iterator[str]:
    """A destination that takes what blocks; nobody works on what is sent to it."""
    new = {"url": "http://127.0.0.1:1/hook", "private": True, "actions": ["block"]}
    assert api.post("/v1/destinations", {"name": "platform", **new}).status == 201
    api.post("/v1/banks", {"name": "hills", "trusted": True, "drill": True})
    api.post("/v1/banks/hills/entries", {"entries": [{"label": "a hill", "signals": HILL}]})
    yield "platform"
    api.ask("DELETE", "/v1/destinations/platform")


def block(api: Api, name: str) -> dict[str, Any]:
    """The one delivery of an event that is blocked."""
    event = {"event_id": name, "signals": HILL, "drill": True, "actor": {"id": "actor 7"}}
    assert "block" in api.post("/v1/check", event).json["decision"]["actions"]
    (found,) = api.get("/v1/actions", event=name).json["actions"]
    delivery: dict[str, Any] = found
    return delivery


def give_up(services: Services, delivery_id: str) -> None:
    """What the worker does with an action that has been tried too often."""
    with services.database.write() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id)
            .values(
                state="failed", ended_at=now(), next_at=None, attempts=9, problem="no answer came"
            )
        )


def confirm(api: Api, delivery_id: str, **said: object) -> Answer:
    receipt = {"id": delivery_id, "done": True, **said}
    return api.post(f"/v1/actions/{delivery_id}/receipt", receipt, role="uploader")


def test_an_action_waits_and_is_confirmed_by_the_platform(api: Api, platform: str) -> None:
    waiting = block(api, "one")
    assert (waiting["state"], waiting["destination"]) == ("waiting", platform)
    message = waiting["message"]
    assert (message["action"], message["event_id"], message["actor"]) == ("block", "one", "actor 7")
    assert api.get(f"/v1/actions/{waiting['id']}", role="reviewer").json == waiting
    done = confirm(api, waiting["id"], reference="post 12", note="It was gone already.")
    assert done.status == 200
    assert (done.json["state"], done.json["receipt"]["reference"]) == ("done", "post 12")
    again = confirm(api, waiting["id"])
    assert again.json == done.json, "what is done stays as it was said first"
    assert api.ask("POST", f"/v1/actions/{waiting['id']}/retry").status == 409


def test_an_action_that_is_taken_is_confirmed_later(api: Api, platform: str) -> None:
    del platform
    waiting = block(api, "two")
    taken = confirm(api, waiting["id"], done=False)
    assert (taken.json["state"], taken.json["ended_at"]) == ("sent", None)
    assert confirm(api, waiting["id"]).json["state"] == "done"


def test_a_late_receipt_counts(api: Api, services: Services, platform: str) -> None:
    del platform
    given_up = block(api, "three")
    give_up(services, given_up["id"])
    state = api.get("/v1/actions/state").json
    assert state["failed"] >= 1
    assert "given up" in state["alarms"][0]["text"]
    assert confirm(api, given_up["id"]).json["state"] == "done"


def test_a_receipt_of_another_action_is_refused(api: Api, platform: str) -> None:
    del platform
    first, second = block(api, "four"), block(api, "five")
    receipt = {"id": second["id"], "done": True}
    answer = api.post(f"/v1/actions/{first['id']}/receipt", receipt, role="uploader")
    assert (answer.status, answer.json["where"]) == (400, "id")
    for one in (first, second):
        assert api.get(f"/v1/actions/{one['id']}").json["state"] == "waiting"


@pytest.mark.parametrize(
    "receipt",
    [
        {},
        {"id": "act-0"},
        {"done": True},
        {"id": "act-0", "done": "yes"},
        {"id": "act-0", "done": True, "more": 1},
        {"id": "act-0", "done": True, "note": "a" * 501},
    ],
)
def test_what_is_no_receipt(api: Api, receipt: dict[str, object]) -> None:
    assert api.post("/v1/actions/act-0/receipt", receipt, role="uploader").status == 400


def test_failed_actions_are_sent_again(api: Api, services: Services, platform: str) -> None:
    first, second, third = (block(api, name) for name in ("six", "seven", "eight"))
    for one in (first, second, third):
        give_up(services, one["id"])
    again = api.ask("POST", f"/v1/actions/{first['id']}/retry").json
    assert (again["state"], again["ended_at"]) == ("waiting", None)
    assert again["confirm_by"] > first["confirm_by"]
    assert api.post("/v1/actions/retry", {"destination": platform}).json == {"retried": 2}
    assert api.post("/v1/actions/retry", {}).json == {"retried": 0}
    assert api.post("/v1/actions/retry", {"destination": "nowhere"}).status == 404
    assert api.get(f"/v1/actions/{third['id']}").json["state"] == "waiting"


def test_pages_hold_every_action_once(api: Api, platform: str) -> None:
    del platform
    for number in range(5):
        block(api, f"page-{number}")
    ids: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = api.get("/v1/actions", limit="2", **after).json
        ids += [one["id"] for one in page["actions"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(ids) == len(set(ids)) >= 5
    assert [one["id"] for one in api.get("/v1/actions", limit="500").json["actions"]] == ids


def test_lists_of_some(api: Api, services: Services, platform: str) -> None:
    one = block(api, "nine")
    give_up(services, one["id"])
    for query in ({"state": "failed"}, {"destination": platform}, {"event": "nine"}):
        found = api.get("/v1/actions", **query).json["actions"]
        assert one["id"] in {each["id"] for each in found}, query
    for query in (
        {"state": "done"},
        {"destination": "elsewhere"},
        {"event": "nobody"},
        {"overdue": "true"},
    ):
        found = api.get("/v1/actions", **query).json["actions"]
        assert one["id"] not in {each["id"] for each in found}, query
    for query in ({"state": "lost"}, {"overdue": "maybe"}, {"limit": "0"}, {"colour": "red"}):
        assert api.get("/v1/actions", **query).status == 400, query
    assert api.get("/v1/actions", after="act-0").status == 404


def test_what_is_overdue_is_an_alarm(api: Api, services: Services, platform: str) -> None:
    del platform
    one = block(api, "ten")
    with services.database.write() as connection:
        late = update(deliveries).where(deliveries.c.id == one["id"])
        connection.execute(late.values(confirm_by=now()))
    found = api.get("/v1/actions", overdue="true").json["actions"]
    assert one["id"] in {each["id"] for each in found}
    alarms = {alarm["kind"]: alarm for alarm in api.get("/v1/actions/state").json["alarms"]}
    assert alarms["overdue"]["count"] == len(found)
    confirm(api, one["id"])
    left = api.get("/v1/actions", overdue="true").json["actions"]
    assert one["id"] not in {each["id"] for each in left}


def test_every_action_of_an_event_has_its_place(api: Api, platform: str) -> None:
    waiting = block(api, "eleven")
    found = api.get("/v1/events/eleven/actions", role="reviewer").json
    assert found["event_id"] == "eleven"
    ways = {one["action"]: one["way"] for one in found["actions"]}
    assert ways["block"] == "sent"
    assert ways["open_case"] == "here"
    assert found["actions"][0]["deliveries"] == [waiting]
    assert waiting["destination"] == platform
    clear = {"event_id": "twelve", "signals": LAKE, "drill": True}
    assert api.post("/v1/check", clear).json["verdict"] == "clear"
    (allow,) = api.get("/v1/events/twelve/actions").json["actions"]
    assert (allow["action"], allow["way"], allow["deliveries"]) == ("allow", "answer", [])
    assert api.get("/v1/events/nobody/actions").status == 404


def test_no_such_action(api: Api) -> None:
    assert api.get("/v1/actions/act-0").status == 404
    assert confirm(api, "act-0").status == 404
    assert api.ask("POST", "/v1/actions/act-0/retry").status == 404


READERS = {"reviewer", "senior_reviewer", "supervisor", "reporter", "admin"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/actions", READERS),
        ("GET", "/v1/actions/state", READERS),
        ("GET", "/v1/actions/act-0", READERS),
        ("GET", "/v1/events/nobody/actions", READERS),
        ("POST", "/v1/actions/act-0/receipt", {"uploader", "admin"}),
        ("POST", "/v1/actions/act-0/retry", {"admin"}),
        ("POST", "/v1/actions/retry", {"admin"}),
    ],
)
def test_who_may(api: Api, method: str, path: str, allowed: set[str]) -> None:
    for role in api.keys:
        answer = api.ask(method, path, b"{}", role=role, kind="application/json")
        assert (answer.status != 403) == (role in allowed), role
    assert api.ask(method, path, role="").status == 401
