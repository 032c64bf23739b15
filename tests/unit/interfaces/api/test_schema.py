from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from tutela.interfaces.application import ROUTES

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


def references(document: Any) -> set[str]:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        found = {document["$ref"]} if isinstance(document.get("$ref"), str) else set()
        return found.union(*(references(value) for value in document.values()))
    if isinstance(document, list):
        return set().union(*map(references, document))
    return set()


def test_every_route_is_described(api: Api) -> None:
    document = api.get("/schema/openapi.json", role="").json
    operations = [o for path in document["paths"].values() for o in path.values()]
    # The page that shows the document is the one route that it does not tell of.
    assert len(operations) == len(ROUTES) - 1
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert "default" in operation["responses"]


def test_references_lead_somewhere(api: Api) -> None:
    document = api.get("/schema/openapi.json", role="").json
    for reference in references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_each_path_parameter_is_declared(api: Api) -> None:
    document = api.get("/schema/openapi.json", role="").json
    for path, operations in document["paths"].items():
        for operation in operations.values():
            declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_bodies_that_are_files_are_described(api: Api) -> None:
    paths = api.get("/schema/openapi.json", role="").json["paths"]
    content = paths["/v1/check"]["post"]["requestBody"]["content"]
    assert {"application/json", "multipart/form-data", "application/octet-stream"} <= set(content)
    assert content["multipart/form-data"]["schema"]["required"] == ["media"]


def test_the_page_needs_nothing_from_elsewhere(api: Api) -> None:
    answer = api.get("/schema", role="")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    text = answer.body.decode()
    assert "POST /v1/check" in text
    assert "//" not in text.replace("</", "").replace('"/schema/openapi.json"', "")

    class Tags(HTMLParser):
        seen: set[str] = set()  # noqa: RUF012 - one page only

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            del attrs
            self.seen.add(tag)

    Tags().feed(text)
    assert not {"script", "link", "img", "iframe", "style"} & Tags.seen
