"""The line that says what a case is about, told anew in the reader's language."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit

LEAD = re.compile(r'<p class="lead">(.*?)</p>', re.DOTALL)
HILL = {"kind": "md5", "value": "5e" * 16}
SHAPE = {"kind": "pdq", "value": "0f1e2d3c4b5a6978" * 4}
NEAR = {"kind": "pdq", "value": "0f1e2d3c4b5a6979" * 4}
TOLD = {
    "kind": "message",
    "ratings": [{"name": "grooming", "value": 9.5}],
    "actor": {"id": "a", "age": "adult"},
    "receivers": [{"id": "b", "age": "under_13"}],
}


@pytest.fixture(scope="module", autouse=True)
def bank(api: Api) -> None:
    api.post("/v1/banks", {"name": "hills", "drill": True, "trusted": True})
    listed = [{"signals": [HILL]}, {"signals": [SHAPE]}]
    assert api.post("/v1/banks/hills/entries", {"entries": listed}).status == 201


@pytest.mark.parametrize(
    ("event", "french"),
    [
        ({"signals": [HILL]}, "Correspondance dans la banque hills\xa0: exacte (md5)"),
        (
            {"signals": [HILL, NEAR]},
            "Correspondance dans la banque hills\xa0: exacte (md5), et 1 de plus",
        ),
        (
            {"signals": [NEAR]},
            "Correspondance dans la banque hills\xa0: pdq à la distance 4",
        ),
        (TOLD, "Message, par règle\xa0: "),
    ],
)
def test_the_summary_of_a_case(
    event: dict[str, object], french: str, api: Api, visit: Visit
) -> None:
    answer = api.post("/v1/check", {**event, "drill": True})
    case_id = answer.json["case_id"]
    stored = api.services.cases.get(case_id).case.summary
    page = visit("auditor").get(f"/console/cases/{case_id}")
    (lead,) = LEAD.findall(page)
    assert html.unescape(lead) == stored
    (lead,) = LEAD.findall(visit("auditor").in_french(f"/console/cases/{case_id}"))
    assert html.unescape(lead).startswith(french)
