from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tutela.drill.photographs import unrelated

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

MD5 = {"kind": "md5", "value": "ab" * 16}


def test_each_event_has_its_own_result(api: Api) -> None:
    photo = base64.b64encode(unrelated()[0].data).decode()
    events: list[object] = [
        {"event_id": "batch-1", "signals": [MD5]},
        {"event_id": "batch-2", "media_base64": photo},
        {"event_id": "batch-3", "url": "http://127.0.0.1/"},
        {"event_id": "batch-1", "signals": [MD5]},
        {"event_id": "batch-1", "signals": [MD5], "surface": "another"},
        {"event_id": "bad id", "signals": [MD5]},
        {"signals": [{"kind": "md5", "value": "secret"}]},
        {},
        7,
    ]
    answer = api.post("/v1/events", {"events": events}, role="uploader")
    results = answer.json["results"]
    assert [result.get("outcome", {}).get("verdict") for result in results[:4]] == [
        "clear",
        "clear",
        "not_checked",
        "clear",
    ]
    # One of the three with the same id came first; whichever that was, its content counts.
    assert results[0] == results[3]
    assert [result["problem"]["status"] for result in results[4:]] == [409, 400, 400, 400, 400]
    assert "secret" not in answer.body.decode()


def test_a_thousand_at_once(api: Api) -> None:
    before = api.services.counts.counts()["events"]
    events = [{"event_id": f"many-{n}", "signals": [MD5]} for n in range(1000)]
    results = api.post("/v1/events", {"events": events}).json["results"]
    assert [result["outcome"]["event_id"] for result in results] == [
        f"many-{n}" for n in range(1000)
    ]
    assert api.services.counts.counts()["events"] == before + 1000


@pytest.mark.parametrize(
    "document",
    [{}, {"events": []}, {"events": [{}] * 1001}, {"events": 7}, {"events": [], "x": 1}, []],
)
def test_bad_batches(api: Api, document: object) -> None:
    answer = api.post("/v1/events", document)
    assert (answer.status, answer.code) == (400, "invalid-input")


def test_an_event_that_is_not_there(api: Api) -> None:
    answer = api.get("/v1/events/nobody")
    assert (answer.status, answer.code) == (404, "not-found")


def test_ids_with_every_allowed_character_can_be_read(api: Api) -> None:
    event_id = "Az09._:-" * 16
    api.post("/v1/check", {"event_id": event_id, "signals": [MD5]})
    assert api.get(f"/v1/events/{event_id}", role="reviewer").json["event"]["id"] == event_id
