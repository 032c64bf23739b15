from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec
import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.console.conftest import Visit, Visitor
    from tests.unit.interfaces.console.review.conftest import Open


def test_cases_are_found_by_what_is_asked_for(person: Visit, case: Open) -> None:
    one = case(actor={"id": "a mountaineer"}, region="FR", language="fr")
    other = case(actor={"id": "a sailor"}, region="NL", language="nl")
    visitor = person("auditor")
    for query in (
        {"actor": "a mountaineer"},
        {"region": "FR"},
        {"language": "fr", "bank": "hills"},
        {"text": "MOUNTAINEER"},
        {"id": one},
        {"actor": "a mountaineer", "opened_from": "2020-01-01", "opened_until": "2999-12-31"},
    ):
        page = visitor.get("/console/cases", **query)
        assert f"/console/cases/{one}" in page, query
        assert f"/console/cases/{other}" not in page, query
        for value in query.values():
            assert f'value="{value}"' in page
    assert "None is like that." in visitor.get("/console/cases", actor="a diver")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("principle", "twelve"),
        ("opened_from", "<yesterday>"),
        ("opened_until", "0.5"),
        ("decided_from", "1764489600"),
        ("state", "asleep"),
        ("digest", "0f"),
        ("entry", "-1"),
    ],
)
def test_what_cannot_be_searched_for_is_said_and_kept(person: Visit, name: str, value: str) -> None:
    answer = person("auditor").ask("/console/cases", **{name: value, "actor": "a sailor"})
    page = answer.body.decode()
    assert answer.status == 400
    assert "this cannot be searched for" in page
    assert name in page
    assert 'value="a sailor"' in page
    assert "<yesterday>" not in page


def test_names_that_mean_nothing_are_left_out(person: Visit) -> None:
    assert person("auditor").ask("/console/cases", csrf="x", shade="blue").status == 200


def test_pages_of_cases(person: Visit, case: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutela.interfaces.console.review.search.CASES_PER_PAGE", 1)
    one, other = (case(actor={"id": "a potter"}) for _ in range(2))
    visitor = person("auditor")
    # They may have been gathered by now, and then both stand in the one that is older.
    page = visitor.get("/console/cases", actor="a potter")
    assert f"/console/cases/{other}" in page
    assert f"after={other}" in page
    page = visitor.get("/console/cases", actor="a potter", after=other)
    assert f"/console/cases/{one}" in page
    assert "From the beginning" in page


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_all_that_is_found_is_exported(person: Visit, case: Open, form: str) -> None:
    case_id = case(actor={"id": f"=HYPERLINK({form})"})
    lead = person("supervisor")
    assert "Export them all" in lead.get("/console/cases", actor=f"=HYPERLINK({form})")
    answer = lead.post("/console/cases/export", form=form, actor=f"=HYPERLINK({form})")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="cases.{form}"'
    if form == "csv":
        (row,) = csv.DictReader(io.StringIO(answer.body.decode()))
        assert (row["case"], row["actor"]) == (case_id, "'=HYPERLINK(csv)")
    else:
        (line,) = answer.body.splitlines()
        assert msgspec.json.decode(line)["case"]["id"] == case_id
    assert lead.account.name.encode() not in answer.body


def test_only_some_may_export(person: Visit) -> None:
    reader: Visitor = person("reviewer")
    assert "Export them all" not in reader.get("/console/cases")
    assert reader.post("/console/cases/export", form="csv").status == 403
