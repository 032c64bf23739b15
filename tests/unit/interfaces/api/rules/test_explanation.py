"""`/v1/events/{id}/explanation`: each rule, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tutela.policy.policy import Policy

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

DEFAULT = Policy.default()
SIGNALS = [{"kind": "md5", "value": "4a" * 16}]
OTHER = """
policy: other
owner: safety
rules:
  - name: forum
    when: event.surface == "forum"
    actions: [hold]
    reason: The forum waits.
    notice: It waits.
"""


@pytest.fixture(scope="module")
def event(api: Api) -> str:
    sent = {"event_id": "explained", "surface": "forum", "signals": SIGNALS}
    assert api.post("/v1/check", sent).status == 200
    return "explained"


def read(api: Api, event: str, **query: str) -> Any:  # noqa: ANN401 - JSON
    return api.get(f"/v1/events/{event}/explanation", role="reviewer", **query).json


def test_the_policy_that_decided_explains_itself(api: Api, event: str) -> None:
    found = read(api, event)
    assert found["now"]["policy_version"] == DEFAULT.version
    assert found["now"]["decision"] == found["then"]
    held = [rule["rule"] for rule in found["now"]["rules"] if rule["became"] == "held"]
    assert held == [reason["rule"] for reason in found["then"]["reasons"]]
    assert len(found["now"]["rules"]) == len(DEFAULT.rules)
    named = {fact["name"] for fact in found["now"]["facts"]}
    assert "verdict" in named


def test_another_version_says_what_it_would_have_decided(api: Api, event: str) -> None:
    other = Policy.load(OTHER, "other")
    api.services.versions.keep(other)
    found = read(api, event, policy=other.version)
    assert found["then"]["policy_version"] == DEFAULT.version
    assert found["now"]["decision"]["actions"] == ["hold"]


def test_what_is_not_there_is_not_found(api: Api, event: str) -> None:
    assert api.get("/v1/events/nowhere/explanation").status == 404
    assert api.get(f"/v1/events/{event}/explanation", policy="none-0").status == 404


def test_a_version_of_another_release_is_refused_calmly(api: Api, event: str) -> None:
    text = "policy: newer\nrules: in another way\n"
    api.services.versions.policies.keep("newer-1", text)
    refused = api.get(f"/v1/events/{event}/explanation", policy="newer-1")
    assert (refused.status, refused.code) == (422, "unprocessable")
    assert "cannot load that policy" in refused.json["detail"]


@pytest.mark.parametrize("role", ["uploader", "curator"])
def test_who_may_not_see_cases_may_not_see_why(api: Api, event: str, role: str) -> None:
    assert api.get(f"/v1/events/{event}/explanation", role=role).status == 403
