from __future__ import annotations

import io
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import insert
from tests.unit.interfaces.conftest import LAKE

from tutela.storage.tables import parkings

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

NUMBERS = itertools.count()


def pdq(distance: int) -> str:
    """A hash at that many bits from `LAKE`."""
    return f"{int(LAKE, 16) ^ ((1 << distance) - 1):064x}"


def check(api: Api, *values: str, kind: str = "pdq") -> dict[str, Any]:
    signals = [{"kind": kind, "value": value} for value in values]
    answer = api.post("/v1/check", {"signals": signals}, role="uploader")
    assert answer.status == 200, answer.body
    outcome: dict[str, Any] = answer.json
    return outcome


def new_bank(api: Api, *values: str, kind: str = "pdq", **settings: object) -> tuple[str, int]:
    """A bank with one entry; its name, and the number of the entry."""
    name = f"defence-{next(NUMBERS)}"
    assert api.post("/v1/banks", {"name": name, **settings}).status == 201
    signals = [{"kind": kind, "value": value} for value in values]
    entries = [{"label": f"one of {name}", "signals": signals}]
    answer = api.post(f"/v1/banks/{name}/entries", {"entries": entries})
    assert answer.status == 201, answer.body
    return name, answer.json["first_id"]


@pytest.fixture(autouse=True)
def no_other_banks(api: Api) -> None:
    for bank in api.services.banks.list():
        api.services.banks.delete(bank.name)
    api.services.sync.refresh()


def park(api: Api, entry: int) -> int:
    """Park an entry, as a flood would; the number of the parking."""
    row = {"entry_id": entry, "bank_id": 1, "contents": 9, "allowed": 3, "note": ""}
    statement = insert(parkings).returning(parkings.c.id)
    with api.services.database.write() as connection:
        result = connection.execute(statement, row | {"parked_at": datetime.now(UTC)})
        number = int(result.scalar_one())
    api.services.quarantine.refresh()
    return number


def test_an_allow_bank_silences_what_is_not_closer(api: Api) -> None:
    _, entry = new_bank(api, LAKE, trusted=True)
    harmless, by = new_bank(api, pdq(12), allow=True)
    assert api.get(f"/v1/banks/{harmless}").json["distance"] == 10
    near = check(api, pdq(4))  # 4 bits from the listed, 8 from the harmless one
    assert (near["verdict"], near["silenced"]) == ("match", [])
    outcome = check(api, pdq(9))
    assert (outcome["verdict"], outcome["matches"]) == ("clear", [])
    assert outcome["decision"]["actions"] == ["allow"]
    assert [reason["rule"] for reason in outcome["decision"]["reasons"]] == ["silenced"]
    (silenced,) = outcome["silenced"]
    assert silenced["reason"] == "allowed"
    assert (silenced["match"]["entry_id"], silenced["match"]["distance"]) == (entry, 9)
    assert (silenced["by"]["entry_id"], silenced["by"]["distance"]) == (by, 3)
    assert harmless in silenced["detail"]
    stored = api.get(f"/v1/events/{outcome['event_id']}").json
    assert stored["outcome"]["silenced"] == outcome["silenced"]
    api.send("PATCH", f"/v1/banks/{harmless}", {"enabled": False})
    assert check(api, pdq(9))["verdict"] == "match"


def test_an_exact_finding_is_never_silenced_by_likeness(api: Api) -> None:
    new_bank(api, "ab" * 16, kind="md5", trusted=True)
    new_bank(api, LAKE, allow=True)
    signals = [{"kind": "md5", "value": "ab" * 16}, {"kind": "pdq", "value": LAKE}]
    outcome = api.post("/v1/check", {"signals": signals}).json
    assert (outcome["verdict"], outcome["silenced"]) == ("match", [])
    assert outcome["decision"]["actions"] == ["block", "preserve", "open_case"]
    new_bank(api, "ab" * 16, kind="md5", allow=True)
    assert api.post("/v1/check", {"signals": signals}).json["verdict"] == "clear"


def test_an_allow_bank_alone_finds_nothing(api: Api) -> None:
    name, _ = new_bank(api, LAKE, allow=True)
    assert check(api, LAKE)["verdict"] == "clear"
    body = {"signals": [{"kind": "pdq", "value": LAKE}]}
    assert api.post("/v1/lookup", body).json["results"][0]["matches"] == []
    answer = api.post("/v1/lookup", body | {"banks": [name]})
    assert answer.status == 400
    assert "its entries never match" in answer.json["detail"]


def test_a_lookup_names_what_was_silenced(api: Api) -> None:
    new_bank(api, LAKE)
    new_bank(api, LAKE, allow=True)
    signals = [{"kind": "pdq", "value": value} for value in (pdq(31), LAKE, pdq(3))]
    results = api.post("/v1/lookup", {"signals": signals}).json["results"]
    assert [len(one["matches"]) for one in results] == [1, 0, 0]
    assert "silenced" not in results[0]
    assert [one["silenced"][0]["by"]["distance"] for one in results[1:]] == [0, 3]


@pytest.mark.parametrize(
    "document",
    [
        {"name": "x", "allow": True, "trusted": True},
        {"name": "x", "allow": 1},
        {"name": "x", "allow": True, "distance": 32},
    ],
)
def test_what_an_allow_bank_cannot_be(api: Api, document: dict[str, object]) -> None:
    assert api.post("/v1/banks", document).status == 400


def test_the_role_of_a_bank_is_fixed(api: Api) -> None:
    name, _ = new_bank(api, LAKE, allow=True)
    assert api.send("PATCH", f"/v1/banks/{name}", {"allow": False}).status == 400
    answer = api.send("PATCH", f"/v1/banks/{name}", {"trusted": True})
    assert answer.status == 400
    assert "never trusted" in answer.json["detail"]
    assert api.get(f"/v1/banks/{name}").json["trusted"] is False


def test_a_parked_entry_is_held_and_never_clear(api: Api) -> None:
    bank, entry = new_bank(api, LAKE, trusted=True)
    before = check(api, LAKE)
    assert before["decision"]["actions"] == ["block", "preserve", "open_case"]
    park(api, entry)
    outcome = check(api, LAKE)
    assert (outcome["verdict"], outcome["matches"]) == ("not_checked", [])
    assert [gap["reason"] for gap in outcome["gaps"]] == ["entry_parked"]
    assert bank in outcome["gaps"][0]["detail"]
    assert outcome["decision"]["actions"] == ["hold", "preserve", "open_case"]
    assert [reason["rule"] for reason in outcome["decision"]["reasons"]] == ["parked-entry"]
    assert outcome["silenced"][0]["reason"] == "parked"
    assert outcome["case_id"]


def test_a_curator_decides_about_a_parked_entry(api: Api) -> None:
    _, entry = new_bank(api, LAKE, trusted=True)
    number = park(api, entry)
    held = check(api, pdq(9))["event_id"]
    listed = api.get("/v1/parkings", role="reviewer").json["parkings"]
    assert [(one["id"], one["entry_id"], one["events"]) for one in listed] == [
        (number, entry, [held])
    ]
    path = f"/v1/parkings/{number}/decision"
    choice = {"choice": "tighten", "distance": 4, "note": "A logo."}
    assert api.post(path, choice, role="reviewer").status == 403
    decided = api.post(path, choice, role="curator")
    assert decided.status == 200, decided.body
    assert (decided.json["decision"], decided.json["distance"]) == ("tightened", 4)
    assert decided.json["decided_by"].startswith("key:")
    assert api.get(f"/v1/entries/{entry}").json["distance"] == 4
    assert check(api, pdq(9))["verdict"] == "clear"
    assert check(api, pdq(4))["verdict"] == "match"
    assert api.get("/v1/parkings").json["parkings"] == []
    assert api.get("/v1/parkings", decided="true").json["parkings"][0]["id"] == number
    again = api.post(path, {"choice": "release"})
    assert (again.status, again.code) == (409, "conflict")


@pytest.mark.parametrize("choice", ["release", "disable"])
def test_releasing_and_disabling_count_at_once(api: Api, choice: str) -> None:
    _, entry = new_bank(api, LAKE, trusted=True)
    number = park(api, entry)
    assert check(api, LAKE)["verdict"] == "not_checked"
    assert api.post(f"/v1/parkings/{number}/decision", {"choice": choice}).status == 200
    assert check(api, LAKE)["verdict"] == ("match" if choice == "release" else "clear")


def test_an_entry_that_was_deleted_cannot_be_decided_about(api: Api) -> None:
    _, entry = new_bank(api, LAKE)
    number = park(api, entry)
    assert api.ask("DELETE", f"/v1/entries/{entry}").status == 204
    answer = api.post(f"/v1/parkings/{number}/decision", {"choice": "disable"})
    assert answer.status == 409
    assert "deleted meanwhile" in answer.json["detail"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"choice": "burn"},
        {"choice": "tighten"},
        {"choice": "tighten", "distance": 32},
        {"choice": "tighten", "distance": 31},
        {"choice": "release", "distance": 3},
        {"choice": "disable", "hours": 3},
        {"choice": "release", "hours": 0},
        {"choice": "release", "hours": 9000},
        {"choice": "disable", "note": "x" * 2001},
    ],
)
def test_bad_decisions_change_nothing(api: Api, document: dict[str, object]) -> None:
    _, entry = new_bank(api, LAKE)
    number = park(api, entry)
    assert api.post(f"/v1/parkings/{number}/decision", document).status == 400
    assert api.get(f"/v1/parkings/{number}").json["decision"] is None


@pytest.mark.parametrize("number", ["0", "77777", "-3", str(2**70)])
def test_there_is_no_such_parking(api: Api, number: str) -> None:
    assert api.get(f"/v1/parkings/{number}").status == 404
    assert api.post(f"/v1/parkings/{number}/decision", {"choice": "release"}).status == 404


def test_a_smaller_distance_is_previewed(api: Api) -> None:
    bank, entry = new_bank(api, LAKE)
    lost = [check(api, pdq(distance)) for distance in (21, 31)]
    check(api, pdq(20))
    found = api.get(f"/v1/banks/{bank}/preview", role="curator", distance="20").json
    assert (found["findings"], found["lost"], found["days"], found["note"]) == (3, 2, 30, "")
    assert [one["event_id"] for one in found["listed"]] == [
        one["event_id"] for one in reversed(lost)
    ]
    assert found["listed"][0]["entry_id"] == entry
    assert found["lost_actions"] == {"hold": 2, "preserve": 2, "open_case": 2}
    assert found["lost_cases"] == 2
    widened = api.get(f"/v1/banks/{bank}/preview", distance="31").json
    assert (widened["lost"], bool(widened["note"])) == (0, True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"distance": "32"}, 400),
        ({"distance": "-1"}, 400),
        ({"distance": "ten"}, 400),
        ({"distance": "10", "days": "-2"}, 400),
        ({"distance": "10", "days": "0"}, 400),
        ({"distance": "10", "weeks": "2"}, 400),
    ],
)
def test_bad_previews(api: Api, query: dict[str, str], status: int) -> None:
    bank, _ = new_bank(api, LAKE)
    assert api.get(f"/v1/banks/{bank}/preview", **query).status == status


def test_previews_of_no_bank_and_of_an_allow_bank(api: Api) -> None:
    assert api.get("/v1/banks/nowhere/preview", distance="3").status == 404
    bank, _ = new_bank(api, LAKE, allow=True)
    assert api.get(f"/v1/banks/{bank}/preview", distance="3").status == 400


def test_everything_silenced_is_counted(api: Api) -> None:
    before = api.get("/v1/suppressions").json
    counted = api.services.counts.counts()
    bank, entry = new_bank(api, LAKE)
    allow, _ = new_bank(api, LAKE, allow=True)
    check(api, pdq(3))
    after = api.get("/v1/suppressions", role="curator", days="1").json
    assert after["total"] == before["total"] + 1
    assert after["reasons"]["allowed"] == before["reasons"]["allowed"] + 1
    assert {"bank": bank, "reason": "allowed", "by": allow, "count": 1} in after["banks"]
    assert [one["label"] for one in after["entries"] if one["entry_id"] == entry] == [
        f"one of {bank}"
    ]
    assert after["days"][0]["day"] == datetime.now(UTC).date().isoformat()
    counts = api.services.counts.counts()
    for name in ("silenced", "silenced_allowed"):
        assert counts[name] == counted[name] + 1
    metrics = api.ask("GET", "/metrics").body.decode()
    assert 'tutela_silenced_total{reason="allowed"}' in metrics
    assert "tutela_parked_entries" in metrics
    assert api.get("/v1/suppressions", days="0").status == 400


def test_an_entry_has_a_distance_of_its_own(api: Api) -> None:
    bank, entry = new_bank(api, LAKE, distance=10)
    path = f"/v1/entries/{entry}"
    assert check(api, pdq(20))["verdict"] == "clear"
    changed = api.send("PATCH", path, {"distance": 25}, role="curator")
    assert (changed.status, changed.json["distance"]) == (200, 25)
    assert check(api, pdq(20))["verdict"] == "match"
    assert api.send("PATCH", path, {"distance": 0}).json["distance"] == 0
    assert check(api, pdq(1))["verdict"] == "clear"
    assert check(api, LAKE)["verdict"] == "match"
    assert api.send("PATCH", path, {"distance": None}).json["distance"] is None
    assert check(api, pdq(10))["verdict"] == "match"
    both = api.send("PATCH", path, {"state": "disabled", "distance": 3}).json
    assert (both["state"], both["distance"]) == ("disabled", 3)
    for bad in ({"distance": 32}, {"distance": -1}, {"distance": "x"}, {}):
        assert api.send("PATCH", path, bad).status == 400
    text = api.get(f"/v1/banks/{bank}/export").body.decode()
    assert text.splitlines()[1].endswith(",3")
    other = f"{bank}-again"
    api.post("/v1/banks", {"name": other})
    assert api.ask("POST", f"/v1/banks/{other}/import", text.encode()).status == 201
    (again,) = api.get(f"/v1/banks/{other}/entries").json["entries"]
    assert again["distance"] == 3


def test_entries_come_with_distances(api: Api) -> None:
    name, _ = new_bank(api, LAKE)
    signals = [{"kind": "pdq", "value": pdq(31)}]
    new = {"entries": [{"signals": signals, "distance": 2}]}
    first = api.post(f"/v1/banks/{name}/entries", new).json["first_id"]
    assert api.get(f"/v1/entries/{first}").json["distance"] == 2
    new["entries"][0]["distance"] = 40
    assert api.post(f"/v1/banks/{name}/entries", new).status == 400


def page_of_text() -> bytes:
    """Two lines of harmless words in the middle of a white page."""
    page = Image.new("RGB", (800, 800), "white")
    draw = ImageDraw.Draw(page)
    for line, words in enumerate(("a quiet morning in the garden", "bread and music by the river")):
        draw.text((80, 350 + 50 * line), words, "black", font_size=40)
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def upload(api: Api, data: bytes) -> dict[str, Any]:
    answer = api.ask("POST", "/v1/check", data, kind="image/png")
    assert answer.status == 200, answer.body
    outcome: dict[str, Any] = answer.json
    return outcome


def test_a_page_with_little_on_it_matches_what_is_near_and_never_blocks(api: Api) -> None:
    data = page_of_text()
    first = upload(api, data)
    event = api.get(f"/v1/events/{first['event_id']}").json["event"]
    (signal,) = [one for one in event["contents"][0]["signals"] if one["kind"] == "pdq"]
    assert signal["low_information"] == "plain"
    value = int(signal["value"], 16)
    _, near = new_bank(api, f"{value ^ 0x1F:064x}", trusted=True)
    found = upload(api, data)
    assert found["verdict"] == "match"
    assert [(one["entry_id"], one["low_information"]) for one in found["matches"]] == [
        (near, "plain")
    ]
    assert found["decision"]["actions"] == ["hold", "preserve", "open_case"]
    assert found["decision"]["reasons"][-1]["rule"] == "guard"
    api.ask("DELETE", f"/v1/entries/{near}")
    new_bank(api, f"{value ^ 0xFFFFFF:064x}", trusted=True)
    far = upload(api, data)
    assert (far["verdict"], far["matches"]) == ("clear", [])
    assert [one["reason"] for one in far["silenced"]] == ["low_information"]
    assert "only entries within 20 bits count; this one is 24 away" in far["silenced"][0]["detail"]
    sha256 = next(one for one in event["contents"][0]["signals"] if one["kind"] == "sha256")
    new_bank(api, sha256["value"], kind="sha256", trusted=True)
    assert upload(api, data)["decision"]["actions"] == ["block", "preserve", "open_case"]
