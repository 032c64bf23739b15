from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tutela.app import worker
from tutela.interfaces.application import past_numbers
from tutela.interfaces.services import Services
from tutela.storage.past.growth import Growth
from tutela.telemetry import make_logger

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

LONG_AGO, AGES_AGO = "2001-01-01T00:00:00Z", "2000-01-01T00:00:00Z"
HILL = [{"kind": "md5", "value": "1f" * 16}]
LAKE = [{"kind": "md5", "value": "2f" * 16}]
FACTS = {"surface": "public", "region": "NL", "actor": {"id": "actor 7"}, "drill": True}


def work(services: Services, number: int) -> None:
    """Do in this process what the server's background process does."""
    log = make_logger("error", as_json=True, stream=sys.stderr)
    with worker(services.settings, log, threading.Event(), full_speed=True) as at_work:
        assert at_work.run_one(number)


@pytest.fixture(scope="module")
def grown(api: Api, services: Services) -> int:
    """A re-scan that found the event `hill` when the bank `hills` got its signal."""
    for name, signals in (("hill", HILL), ("lake", LAKE)):
        event = {"event_id": name, "signals": signals, **FACTS}
        assert api.post("/v1/check", event).json["verdict"] == "clear"
    api.post("/v1/banks", {"name": "hills", "trusted": True, "drill": True})
    api.post("/v1/banks/hills/entries", {"entries": [{"label": "a hill", "signals": HILL}]})
    number = Growth(services.database).look()
    assert number is not None
    work(services, number)
    return number


def start(api: Api, **wanted: object) -> Answer:
    return api.post("/v1/rescans", wanted)


def test_a_growth_with_its_counts(api: Api, grown: int) -> None:
    found = api.get(f"/v1/rescans/{grown}", role="curator").json
    assert (found["kind"], found["state"], found["progress"]) == ("growth", "settling", 1.0)
    assert (found["entries"], found["by"]) == (1, "")
    tally = {name: found["tally"][name] for name in ("events", "signals", "findings", "known")}
    assert tally == {"events": 2, "signals": 2, "findings": 1, "known": 0}
    assert found in api.get("/v1/rescans", role="reviewer").json["rescans"]


def test_a_finding_is_an_event_with_an_origin_and_a_case(api: Api, grown: int) -> None:
    (found,) = api.get(f"/v1/rescans/{grown}/findings", role="reviewer").json["findings"]
    origin = api.get("/v1/events/hill").json["event"]
    event, outcome = found["event"], found["outcome"]
    assert event["origin"] == {
        "event_id": "hill",
        "received_at": origin["received_at"],
        "rescan": grown,
    }
    for name in ("surface", "region", "actor", "drill"):
        assert event[name] == origin[name]
    assert event["received_at"] > origin["received_at"]
    assert outcome["verdict"] == "match"
    assert outcome["matches"][0]["label"] == "a hill"
    assert "found-later" in {reason["rule"] for reason in outcome["decision"]["reasons"]}
    assert api.get(f"/v1/events/{event['id']}").json["event"]["origin"] == event["origin"]
    case = api.get(f"/v1/cases/{outcome['case_id']}", role="reviewer").json
    assert case["event"]["origin"] == event["origin"]
    assert api.get("/v1/events/hill").json["outcome"]["verdict"] == "clear", "what was, stays"


def test_metrics_tell_how_the_past_stands(services: Services, grown: int) -> None:
    del grown
    states, numbers = past_numbers(services)
    assert states["open"] >= 1, "it settles"
    assert states["failed"] == 0
    assert numbers["rescan_findings"] == 1
    assert numbers["rescan_signals_compared"] == 2
    assert 0 < numbers["kept_signals_age_seconds"] < 600
    services.metrics.past_state(states, numbers)
    assert b"tutela_rescan_findings 1.0" in services.metrics.render()


def test_a_re_scan_of_a_bank_from_start_to_end(api: Api, services: Services, grown: int) -> None:
    del grown
    asked = start(api, bank="hills")
    assert asked.status == 201
    number = asked.json["id"]
    assert asked.json["state"] == "waiting"
    assert asked.json["by"].startswith("key:")
    assert start(api, bank="hills").status == 409, "the same twice"
    for act, state in (("pause", "paused"), ("resume", "waiting"), ("pause", "paused")):
        assert act_on(api, number, act).json["state"] == state
    assert act_on(api, number, "pause").status == 409
    assert act_on(api, number, "resume").status == 200
    work(services, number)
    done = api.get(f"/v1/rescans/{number}").json
    assert (done["state"], done["tally"]["known"], done["tally"]["findings"]) == ("done", 1, 0)
    assert act_on(api, number, "cancel").status == 409


def test_a_cancelled_re_scan_stays_so(api: Api, grown: int) -> None:
    del grown
    number = start(api, since=LONG_AGO).json["id"]
    assert act_on(api, number, "cancel").json["state"] == "cancelled"
    assert act_on(api, number, "resume").status == 409


def test_a_policy_changes_nothing_unless_asked(api: Api, services: Services, grown: int) -> None:
    del grown
    before = services.counts.counts()["events"]
    asked = start(api, policy="current")
    assert asked.json["policy_version"] == services.policy.now().live.version
    work(services, asked.json["id"])
    done = api.get(f"/v1/rescans/{asked.json['id']}").json
    assert done["tally"]["same"] == done["tally"]["events"] == before
    assert not any(done["report"].values()), "nothing differs, and nothing is missing"
    assert services.counts.counts()["events"] == before


def act_on(api: Api, number: int, act: str) -> Answer:
    return api.ask("POST", f"/v1/rescans/{number}/{act}")


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 400),
        ({"bank": "nowhere"}, 404),
        ({"bank": "no name"}, 400),
        ({"policy": "nothing-0123456789ab"}, 404),
        ({"policy": "../secret"}, 404),
        ({"policy": "current", "bank": "hills"}, 400),
        ({"since": "2999-01-01T00:00:00Z"}, 400),
        ({"since": LONG_AGO, "until": AGES_AGO}, 400),
        ({"since": LONG_AGO, "until": LONG_AGO}, 400),
        ({"since": "2001-01-01T00:00:00"}, 400),
        ({"since": "yesterday"}, 400),
        ({"bank": "hills", "record": True}, 400),
        ({"bank": "hills", "speed": 9}, 400),
    ],
)
def test_what_cannot_be_asked_for(
    api: Api, grown: int, wanted: dict[str, Any], status: int
) -> None:
    del grown
    assert start(api, **wanted).status == status


def test_a_range_without_events_is_done_at_once(api: Api, services: Services) -> None:
    number = start(api, until=AGES_AGO).json["id"]
    work(services, number)
    done = api.get(f"/v1/rescans/{number}").json
    assert (done["state"], done["tally"]["events"], done["progress"]) == ("done", 0, 1.0)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/rescans", {"curator", "reviewer", "senior_reviewer", "admin"}),
        ("GET", "/v1/rescans/999999", {"curator", "reviewer", "senior_reviewer", "admin"}),
        (
            "GET",
            "/v1/rescans/999999/findings",
            {"reviewer", "senior_reviewer", "supervisor", "reporter", "auditor", "admin"},
        ),
        ("POST", "/v1/rescans", {"curator", "admin"}),
        ("POST", "/v1/rescans/999999/pause", {"curator", "admin"}),
        ("POST", "/v1/rescans/999999/resume", {"curator", "admin"}),
        ("POST", "/v1/rescans/999999/cancel", {"curator", "admin"}),
    ],
)
def test_who_may(api: Api, method: str, path: str, allowed: set[str]) -> None:
    for role in api.keys:
        answer = api.ask(method, path, b"{}", role=role, kind="application/json")
        assert (answer.status != 403) == (role in allowed), role
    assert api.ask(method, path, role="").status == 401


def test_numbers_that_are_none(api: Api) -> None:
    for number in ("0", "-1", str(10**30)):
        assert api.get(f"/v1/rescans/{number}").status == 404
    assert api.get("/v1/rescans", before="0").status == 400
    assert api.get("/v1/rescans/999999/findings", after="nobody").status == 404
