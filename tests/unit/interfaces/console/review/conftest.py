"""Cases that wait for somebody, opened as in life."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api
    from tests.unit.interfaces.console.conftest import Visitor

NUMBERS = itertools.count(1)
BANK = "hills"

Open = Callable[..., str]


@pytest.fixture
def case(api: Api) -> Open:
    """Open a case about something that a bank lists; the id of the case."""

    def opened(*, grade: tuple[str, str] = ("", ""), **facts: object) -> str:
        if api.get(f"/v1/banks/{BANK}").status == 404:
            bank = {"name": BANK, "trusted": True, "drill": True, "source": "a test"}
            assert api.post("/v1/banks", bank).status == 201
        number = next(NUMBERS)
        signals = [{"kind": "md5", "value": f"{number:032x}"}]
        graded = {"scheme": grade[0], "category": grade[1]}
        listed = {"entries": [{"signals": signals, **graded}]}
        assert api.post(f"/v1/banks/{BANK}/entries", listed).status == 201
        event = {"event_id": f"review-{number}", "drill": True, "signals": signals, **facts}
        answer = api.post("/v1/check", event)
        assert (answer.status, answer.json["verdict"]) == (200, "match"), answer.body
        return str(answer.json["case_id"])

    return opened


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of the form to decide with."""
    form = page[page.index('<form id="decide"') :]
    found = re.search(rf'name="{name}" value="([^"]*)"', form)
    assert found is not None, name
    return found[1]


class Work:
    """Somebody at a case, form by form."""

    def __init__(self, visitor: Visitor, case_id: str) -> None:
        self.visitor, self.case_id = visitor, case_id
        self.path = f"/console/cases/{case_id}"

    def page(self) -> str:
        return self.visitor.get(self.path)

    def take(self) -> str:
        answer = self.visitor.post(f"{self.path}/take")
        assert answer.status == 303, answer.body.decode()
        assert answer.headers["location"] == self.path
        return self.page()

    def fields(self) -> dict[str, str]:
        page = self.page()
        return {name: hidden(page, name) for name in ("claim", "revision")}

    def send(self, fields: dict[str, str], **more: str) -> Answer:
        return self.visitor.post(f"{self.path}/decide", **(fields | more))

    def decide(self, outcome: str, **more: str) -> None:
        answer = self.send(self.fields(), outcome=outcome, **more)
        assert (answer.status, answer.headers["location"]) == (303, "/console/review"), answer.body
