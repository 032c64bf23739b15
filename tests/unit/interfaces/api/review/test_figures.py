from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World

from tutela.model.review.reading import ReviewOutcome
from tutela.storage.review.readings import NewReading

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

FIGURES = "/v1/review/figures"
EVER = {"since": "2026-01-01T00:00:00Z", "until": "2036-01-01T00:00:00Z"}
SEARCHES = ("unseen", "undone", "passed", "second_read", "reread", "disagreed", "sampled")


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    """Two drills: one decided and taken back, one passed on."""
    world = World(api)
    reader = world.person("reviewer").account
    for name in ("undone", "passed"):
        claim = world.services.claims.take(world.case(), reader)
        if name == "passed":
            world.services.claims.pass_on(claim.case_id, reader)
        else:
            said = NewReading(revision=claim.revision, outcome=ReviewOutcome.CONFIRMED)
            given = world.services.readings.give(claim.token, said, reader)
            world.services.readings.undo(given.id, reader)
    return world


def test_figures_name_queues_and_nobody(world: World) -> None:
    answer = world.api.get(FIGURES, role="supervisor", drill="yes", **EVER)
    total = answer.json["total"]
    assert answer.json["enough"] == 30
    assert [one["queue"] for one in answer.json["queues"]] == ["everything"]
    assert {name: count for name, count in total["numbers"].items() if count} == {
        "opened": 2,
        "handled": 2,
        "undone": 1,
        "passed": 1,
    }
    assert total["undone"]["value"] == 0.5
    assert total["agreement"] == {"of": 0, "held": 0, "value": None, "low": None, "high": None}
    text = answer.body.decode()
    for account in world.services.accounts.list():
        assert account.id not in text
        assert account.pseudonym not in text


def test_drills_are_left_out_unless_asked_for(world: World) -> None:
    opened = {
        drill: world.api.get(FIGURES, drill=drill, **EVER).json["total"]
        for drill in ("no", "yes", "all")
    }
    assert [one["numbers"]["opened"] for one in opened.values()] == [0, 2, 2]


def test_every_number_is_that_of_a_search(world: World) -> None:
    since, until = EVER["since"], EVER["until"]
    total = world.api.get(FIGURES, drill="yes", **EVER).json["total"]["numbers"]
    for name in SEARCHES:
        query = {"read_from": since, "read_until": until, name: "true"}
        found = world.api.get("/v1/cases/count", role="supervisor", **query).json["count"]
        assert found == total.get(name, found), name
    query = {"opened_from": since, "opened_until": until}
    assert world.api.get("/v1/cases/count", **query).json["count"] == total["opened"]


def test_who_reads_cases_does_not_search_by_what_others_said(world: World) -> None:
    for role in ("reviewer", "senior_reviewer"):
        for name in (*SEARCHES, "overturned", "corrected"):
            for path in ("/v1/cases", "/v1/cases/count"):
                assert world.api.get(path, role=role, **{name: "false"}).code == "not-allowed"
        assert world.api.get("/v1/cases", role=role, read_from=EVER["since"]).status == 403
        assert world.api.get("/v1/cases", role=role, late="true").status == 200


def test_figures_are_exported_for_spreadsheets(world: World) -> None:
    answer = world.api.get(FIGURES, drill="all", format="csv", **EVER)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    found = {(row["queue"], row["figure"]): row for row in rows}
    assert found["all queues", "passed"]["value"] == "1"
    assert found["everything", "share passed"] == {
        "queue": "everything",
        "figure": "share passed",
        "value": "0.5",
        "low": found["everything", "share passed"]["low"],
        "high": found["everything", "share passed"]["high"],
        "of": "2",
        "held": "1",
    }
    assert found["everything", "kappa"]["value"] == ""


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-12-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
        {"since": "2026-12-01T00:00:00"},
        {"since": "yesterday"},
        {"drill": "maybe"},
        {"format": "pdf"},
        {"queue": "<script>"},
        {"account": "x"},
    ],
)
def test_what_cannot_be_asked(world: World, query: dict[str, str]) -> None:
    answer = world.api.get(FIGURES, **query)
    assert answer.status == 400
    assert "<script>" not in answer.body.decode()


def test_a_queue_alone(world: World) -> None:
    found = world.api.get(FIGURES, queue="everything", drill="all").json
    assert [one["queue"] for one in found["queues"]] == ["everything"]
    assert world.api.get(FIGURES, queue="nowhere").status == 404
