"""`/v1/policy`: who may read and change it, and what is said of mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tutela.interfaces.services import Services
from tutela.policy.policy import Policy

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

DEFAULT = Policy.default()
HILL = [{"kind": "md5", "value": "3f" * 16}]


def text(name: str, actions: str = "hold") -> str:
    return (
        f"policy: {name}\nowner: safety\nrules:\n"
        f"  - name: all\n    when: 'true'\n    actions: [{actions}]\n"
        "    reason: Wait.\n    notice: It waits.\n"
    )


def version(name: str, actions: str = "hold") -> str:
    return Policy.load(text(name, actions), name).version


@pytest.fixture(autouse=True)
def default_again(services: Services) -> Iterator[None]:
    """What is in force after a test is what was before it."""
    yield
    services.versions.cast(None, by="test")
    services.versions.activate(DEFAULT, by="test")
    services.policy.refresh()


def change(api: Api, what: str, role: str = "admin", **wanted: object) -> Answer:
    return api.post(f"/v1/policy/{what}", wanted, role=role)


def state(api: Api) -> Any:  # noqa: ANN401 - JSON
    return api.get("/v1/policy", role="reviewer").json


def test_what_is_in_force_after_the_start(api: Api, services: Services) -> None:
    assert state(api)["in_force"]["live"] == DEFAULT.version
    assert state(api)["deciding"] == DEFAULT.version
    first = services.versions.switches.history()[-1]
    assert (first.source, first.by) == ("shipped", "")


def test_a_policy_decides_as_soon_as_the_answer_is_there(api: Api) -> None:
    switch = change(api, "activate", text=text("strict"), note="since today")
    assert switch.status == 200
    assert (switch.json["live"], switch.json["note"]) == (version("strict"), "since today")
    assert switch.json["by"].startswith("key:")
    outcome = api.post("/v1/check", {"event_id": "one", "signals": HILL}).json
    assert outcome["decision"]["policy_version"] == version("strict")
    assert state(api)["history"][0] == switch.json
    back = change(api, "rollback", note="too strict").json
    assert (back["live"], back["note"]) == (DEFAULT.version, "too strict")
    outcome = api.post("/v1/check", {"event_id": "two", "signals": HILL}).json
    assert outcome["decision"]["policy_version"] == DEFAULT.version
    assert change(api, "activate", version=version("strict")).json["live"] == version("strict")


def test_versions_can_be_read_as_they_decided(api: Api) -> None:
    change(api, "activate", text=text("kept"))
    listed = api.get("/v1/policy/versions", role="curator").json["versions"]
    assert {one["version"] for one in listed} >= {DEFAULT.version, version("kept")}
    assert "text" not in listed[0]
    kept = api.get(f"/v1/policy/versions/{version('kept')}", role="curator").json
    assert kept["text"] == text("kept")
    assert kept["added_by"].startswith("key:")
    assert api.get("/v1/policy/versions/none-0").status == 404


@pytest.mark.parametrize("what", ["activate", "shadow"])
def test_a_mistake_is_refused_with_its_place_and_changes_nothing(api: Api, what: str) -> None:
    before = state(api)
    refused = change(api, what, text=text("wrong", "hope"))
    assert refused.status == 422
    assert refused.json["where"].startswith("policy:6:")
    assert state(api) == before


def test_a_check_changes_nothing_and_tells_the_place(api: Api) -> None:
    before = state(api), api.get("/v1/policy/versions").json
    good = change(api, "check", role="reviewer", text=text("good")).json
    assert good == {
        "ok": True,
        "version": version("good"),
        "rules": 1,
        "what": "",
        "line": 0,
        "column": 0,
        "remedy": "",
    }
    bad = change(api, "check", text=text("good").replace("'true'", "'verdikt == 1'")).json
    assert (bad["ok"], bad["line"]) == (False, 5)
    assert bad["column"] > 1
    assert "verdikt" in bad["what"]
    assert change(api, "check", text="").json["ok"] is False
    assert (state(api), api.get("/v1/policy/versions").json) == before


def test_a_shadow_is_compared(api: Api) -> None:
    assert api.get("/v1/policy/comparison").status == 404, "there is none"
    switch = change(api, "shadow", text=text("strict", "hold, open_case"), note="is it better?")
    assert switch.json["shadow"] == version("strict", "hold, open_case")
    answers = [api.post("/v1/check", {"event_id": f"s{n}", "signals": HILL}).json for n in range(3)]
    assert {one["decision"]["policy_version"] for one in answers} == {DEFAULT.version}
    found = api.get("/v1/policy/comparison", role="curator").json
    assert found["policy_version"] == switch.json["shadow"]
    assert (found["decided"], found["agreed"], found["differed"]) == (3, 0, 3)
    assert found["in_shadow"] is True
    (changed,) = found["report"]["actions"]
    assert changed == {"then": ["allow"], "now": ["hold", "open_case"], "events": 3}
    assert {one["event_id"] for one in found["report"]["samples"]} == {"s0", "s1", "s2"}
    off = change(api, "shadow").json
    assert off["shadow"] is None
    api.post("/v1/check", {"event_id": "s3", "signals": HILL})
    query = {"policy": switch.json["shadow"]}
    later = api.get("/v1/policy/comparison", **query).json
    assert later == {**found, "in_shadow": False}
    other = api.get("/v1/policy/comparison", live="none-0", **query).json
    assert (other["decided"], other["differed"]) == (0, 0)
    assert api.get("/v1/policy/comparison", policy="none-0").status == 404


def test_what_cannot_be_meant_is_refused(api: Api) -> None:
    assert change(api, "activate").status == 400
    assert change(api, "activate", version=DEFAULT.version, text=DEFAULT.text).status == 400
    assert change(api, "activate", version="none-0").status == 404
    assert change(api, "activate", version=DEFAULT.version, note="x" * 2001).status == 400
    assert change(api, "shadow", version=DEFAULT.version).status == 400, "it is live itself"


def test_pages_of_the_history(api: Api) -> None:
    for name in ("p1", "p2", "p3"):
        change(api, "activate", text=text(name))
    first = api.get("/v1/policy", limit="2").json
    assert [one["live"] for one in first["history"]] == [version("p3"), version("p2")]
    second = api.get("/v1/policy", limit="2", before=str(first["next"])).json
    assert second["history"][0]["live"] == version("p1")
    assert second["in_force"] == first["in_force"]


@pytest.mark.parametrize("role", ["uploader", "curator", "reviewer"])
@pytest.mark.parametrize("what", ["activate", "shadow", "rollback"])
def test_only_an_admin_changes_it(api: Api, role: str, what: str) -> None:
    assert change(api, what, role=role).status == 403


@pytest.mark.parametrize(
    "path", ["/v1/policy", "/v1/policy/versions", "/v1/policy/versions/x", "/v1/policy/comparison"]
)
def test_an_uploader_reads_nothing_of_it(api: Api, path: str) -> None:
    assert api.get(path, role="uploader").status == 403
    assert change(api, "check", role="uploader", text="").status == 403


def test_the_metrics_name_what_decides(api: Api, services: Services) -> None:
    def shown() -> set[str]:
        lines = services.metrics.render().decode().splitlines()
        return {line for line in lines if line.startswith("tutela_policy_in_force{")}

    change(api, "activate", text=text("shown"))
    change(api, "shadow", version=DEFAULT.version)
    live, shadow = version("shown"), DEFAULT.version
    assert f'tutela_policy_in_force{{place="live",version="{live}"}} 1.0' in shown()
    assert f'tutela_policy_in_force{{place="shadow",version="{shadow}"}} 1.0' in shown()
    assert f'tutela_policy_in_force{{place="live",version="{shadow}"}} 0.0' in shown()


def test_the_metrics_count_what_the_shadow_does(api: Api, services: Services) -> None:
    switch = change(api, "shadow", text=text("counted", "hold, open_case")).json
    api.post("/v1/check", {"event_id": "counted", "signals": HILL})
    services.metrics.shadowed(services.shadows.counts(switch["shadow"]))
    shown = services.metrics.render().decode()
    for end, count in (("decided", 1), ("differed", 1), ("failed", 0), ("skipped", 0)):
        assert f'tutela_policy_shadow_events{{end="{end}"}} {count}.0' in shown
