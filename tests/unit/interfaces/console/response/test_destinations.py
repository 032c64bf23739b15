from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visitor

TOKEN = "t0ken-in-the-path"  # noqa: S105 - stands for a token in the path of an address
URL = f"https://platform.example/hooks/{TOKEN}"
FORM = {"url": URL, "confirm_seconds": "60", "take-slow": "yes", "take-suspend": "yes"}


def problem(page: bytes) -> str:
    """What a page says went wrong."""
    (found,) = re.findall(r'role="alert">\s*<p>(.*?)</p>', page.decode(), re.DOTALL)
    return html.unescape(found)


def test_a_secret_is_on_one_page_only(api: Api, admin: Visitor) -> None:
    made = admin.post("/console/destinations", name="once", **FORM)
    assert made.status == 200
    assert made.headers["cache-control"] == "no-store"
    (secret,) = re.findall(r"whsec_[\w+/=]+", html.unescape(made.body.decode()))
    assert secret == api.services.secrets.secret("once", 1)
    for path in ("/console/destinations", "/console/destinations/once"):
        assert "whsec_" not in admin.get(path)
    stored = api.get("/v1/destinations/once").json
    assert (stored["url"], stored["actions"], stored["confirm_seconds"], stored["private"]) == (
        URL,
        ["slow", "suspend"],
        60,
        False,
    )
    rotated = admin.post("/console/destinations/once/rotate", overlap_hours="3")
    (second,) = re.findall(r"whsec_[\w+/=]+", html.unescape(rotated.body.decode()))
    assert second == api.services.secrets.secret("once", 2)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"url": f"http://platform.example/{TOKEN}"}, "not sent in the clear"),
        ({"url": f"https://127.0.0.1/{TOKEN}"}, "private or reserved"),
        ({"url": ""}, "1 to 2,000 characters"),
        ({"name": "No Name"}, "small letters"),
        ({"confirm_seconds": "0"}, "1 to 86,400 seconds"),
        ({"confirm_seconds": "soon"}, "whole number"),
        ({"confirm_seconds": ""}, "whole number"),
    ],
)
def test_what_was_typed_stays_where_it_is_refused(
    api: Api, admin: Visitor, change: dict[str, str], text: str
) -> None:
    typed = {"name": "typed", **FORM, **change}
    refused = admin.post("/console/destinations", **typed)
    assert refused.status == 400
    assert text in problem(refused.body)
    assert TOKEN not in problem(refused.body)
    page = html.unescape(refused.body.decode())
    for value in filter(None, (typed["name"], typed["url"], typed["confirm_seconds"])):
        assert f'value="{value}"' in page
    assert page.count(" checked") == 2
    assert api.get("/v1/destinations/typed").status == 404


def test_a_change_that_is_refused_changes_nothing(api: Api, admin: Visitor) -> None:
    admin.post("/console/destinations", name="kept", **FORM)
    before = api.get("/v1/destinations/kept").json
    near = "http://127.0.0.1:1/hook"
    refused = admin.post("/console/destinations/kept", **(FORM | {"url": near}))
    assert refused.status == 400
    assert f'value="{near}"' in refused.body.decode()
    for hours in ("-1", "721", ""):
        answer = admin.post("/console/destinations/kept/rotate", overlap_hours=hours)
        assert (answer.status, "whole number" in problem(answer.body)) == (400, True)
    assert admin.post("/console/destinations/kept/delete", confirm="kep").status == 400
    assert api.get("/v1/destinations/kept").json == before
    changed = admin.post("/console/destinations/kept", url=near, private="yes", confirm_seconds="5")
    assert changed.status == 303
    after = api.get("/v1/destinations/kept").json
    assert (after["url"], after["actions"], after["private"]) == (near, [], True)


def test_what_is_not_there(admin: Visitor) -> None:
    for act in ("", "/rotate", "/test", "/enable", "/disable", "/delete"):
        path = f"/console/destinations/nowhere{act}"
        form = {**FORM, "overlap_hours": "1", "confirm": "nowhere"}
        assert admin.post(path, **form).status == 404, act
