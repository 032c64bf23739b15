"""The law over HTTP: packs, rulings, the proof; and that nothing is looked at where it says no."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tutela.drill.photographs import listed
from tutela.model import NewEntry, SurfaceClass

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

KNOWN = listed()[0].data
SIGNAL = {"kind": "md5", "value": "ab" * 16}
WHERE = {"private": ("FR", "private_messages"), "public": ("FR", "public")}


@pytest.fixture(scope="module", autouse=True)
def _lake(api: Api) -> None:
    services = api.services
    services.banks.create("lake", trusted=True, drill=True, source="a test")
    contents = services.decoder.submit(KNOWN).result()
    entry = NewEntry(signals=contents[0].signals)
    services.entries.add("lake", [entry])
    services.sync.refresh()


def facts(place: str, event_id: str) -> dict[str, Any]:
    region, surface = WHERE[place]
    return {"event_id": event_id, "region": region, "surface": surface, "drill": True}


def decoded(api: Api) -> float:
    """How many files were decoded so far."""
    text = api.services.metrics.render().decode()
    name = "tutela_decode_seconds_count"
    return float(next(line for line in text.splitlines() if line.startswith(name)).split()[1])


def test_the_packs_are_listed_with_what_they_say(api: Api) -> None:
    answer = api.get("/v1/law", role="reviewer").json
    packs = {pack["pack"]: pack for pack in answer["packs"]}
    assert list(packs) == ["au", "ca", "eu", "nz", "uk", "us"]
    assert "private_messages" in packs["eu"]["may_not_scan"]
    assert (
        packs["uk"]["read"] + packs["uk"]["secondary"] + packs["uk"]["unsettled"]
        == (packs["uk"]["values"])
    )
    assert (answer["other_surfaces"], answer["without_pack"]) == (None, "scan")


def test_a_pack_shows_each_value_with_its_source(api: Api) -> None:
    answer = api.get("/v1/law/uk", role="curator").json
    values = {value["path"]: value for value in answer["values"]}
    clock = values["uk.clocks.further-information"]
    assert clock["says"]["within"] == "7 days"
    assert "SI 2026/268" in clock["source"]
    assert (clock["status"], clock["checked"]) == ("read", "2026-11-22")
    assert api.get("/v1/law/narnia").status == 404


def test_a_version_is_kept_and_read_again(api: Api) -> None:
    now = api.get("/v1/law/eu").json
    assert api.get("/v1/law/eu", version=now["summary"]["version"]).json == now
    assert api.get("/v1/law/uk", version=now["summary"]["version"]).status == 404
    assert api.get("/v1/law/eu", version="eu-000000000000").status == 404


@pytest.mark.parametrize(
    ("region", "surface", "may"),
    [
        ("FR", "private_messages", False),
        ("FR", "public", True),
        ("FR", "chat", False),
        ("JP", "chat", True),
        ("US-NY", "chat", True),
    ],
)
def test_a_ruling_can_be_asked_for(api: Api, region: str, surface: str, *, may: bool) -> None:
    answer = api.get("/v1/law/ruling", region=region, surface=surface).json
    assert answer["may_scan"] is may
    assert answer["named"] == (surface != "chat")
    assert (answer["ruling"] is None) == (region == "JP")


@pytest.mark.parametrize("path", ["/v1/law", "/v1/law/eu", "/v1/law/ruling", "/v1/law/proof"])
def test_who_may_not_read_it_is_refused(api: Api, path: str) -> None:
    assert api.get(path, role="uploader").status == 403
    assert api.get(path, role="").status == 401


def ways(api: Api, place: str) -> dict[str, dict[str, Any]]:
    """The same picture in every way in which it can come in; outcomes by way."""
    region, surface = WHERE[place]
    whole = base64.b64encode(KNOWN).decode()
    contents = api.services.decoder.submit(KNOWN).result()
    ready = [{"kind": one.kind, "value": one.value} for one in contents[0].signals]
    documents: dict[str, dict[str, Any]] = {
        "base64": {"media_base64": whole},
        "signals": {"signals": ready},
        "url": {"url": "https://picture.example/lake.jpg"},
    }
    if place == "public":
        del documents["url"]
    made = {name: facts(place, f"{place}-{name}") | more for name, more in documents.items()}
    batch = [facts(place, f"{place}-batch-{name}") | more for name, more in documents.items()]
    found = {name: api.post("/v1/check", document).json for name, document in made.items()}
    body = api.ask(
        "POST",
        "/v1/check",
        KNOWN,
        kind="image/jpeg",
        query={"event_id": f"{place}-body", "region": region, "surface": surface, "drill": "true"},
    )
    found["body"] = body.json
    results = api.post("/v1/events", {"events": batch}).json["results"]
    return found | {f"batch {number}": one["outcome"] for number, one in enumerate(results)}


def test_where_the_law_says_no_nothing_is_decoded_compared_fetched_or_kept(api: Api) -> None:
    before = decoded(api)
    found = ways(api, "private")
    assert len(found) == 7
    assert decoded(api) == before, "no file went to the decoder"
    for way, outcome in found.items():
        assert outcome["verdict"] == "not_checked", way
        assert [gap["reason"] for gap in outcome["gaps"]] == ["not_permitted"], way
        assert (outcome["matches"], outcome["silenced"]) == ([], []), way
        law = outcome["law"]
        assert (law["pack"], law["surface_class"], law["may_scan"]) == (
            "eu",
            SurfaceClass.PRIVATE_MESSAGES,
            False,
        )
        stored = api.get(f"/v1/events/{outcome['event_id']}").json
        assert all(not content["signals"] for content in stored["event"]["contents"]), way


def test_the_same_bytes_match_where_the_law_lets_them_be_looked_at(api: Api) -> None:
    before = decoded(api)
    found = ways(api, "public")
    assert decoded(api) == before + 3
    for way, outcome in found.items():
        assert outcome["verdict"] == "match", way
        assert (outcome["law"]["pack"], outcome["law"]["may_scan"]) == ("eu", True), way


def test_both_are_counted(api: Api) -> None:
    counts = api.get("/v1/law/proof", role="reviewer").json["counts"]
    found = {(one["pack"], one["surface_class"]): one for one in counts}
    assert found["eu", "private_messages"]["refused"] == 7
    assert found["eu", "private_messages"]["scanned"] == 0
    assert found["eu", "public"]["scanned"] == 5
    text = api.services.metrics.render().decode()
    labels = 'content="refused",pack="eu",surface_class="private_messages"'
    assert f"tutela_law_total{{{labels}}} 7.0" in text


def test_an_event_without_content_counts_in_neither(api: Api) -> None:
    before = api.get("/v1/law/proof").json
    told = facts("private", "told-only") | {"kind": "contact", "receivers": [{"id": "b"}]}
    outcome = api.post("/v1/check", told).json
    assert [gap["reason"] for gap in outcome["gaps"]] == ["no_content"]
    assert outcome["law"]["may_scan"] is False
    assert api.get("/v1/law/proof").json == before


def test_the_law_is_a_fact_of_the_decision(api: Api) -> None:
    outcome = api.post("/v1/check", facts("private", "decided") | {"signals": [SIGNAL]}).json
    assert [reason["rule"] for reason in outcome["decision"]["reasons"]] == ["not-permitted"]
    assert outcome["case_id"] is None
