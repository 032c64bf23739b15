"""The reader's language and zone: the switch on each page, and what stands in the account."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tutela.interfaces.services import Services

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api
    from tests.unit.interfaces.console.conftest import Visit


def switch(api: Api, headers: dict[str, str] | None = None, **fields: str) -> Answer:
    kind = "application/x-www-form-urlencoded"
    body = urlencode(fields).encode()
    path = "/console/language"
    return api.ask("POST", path, body, role="", kind=kind, headers=headers)


def test_a_browser_keeps_the_language_that_was_chosen(api: Api) -> None:
    answer = switch(api, language="fr", page="/console/sign-in")
    assert (answer.status, answer.headers["location"]) == (303, "/console/sign-in")
    (cookie,) = answer.cookies
    assert {"tutela_language=fr", "Path=/console", "HttpOnly", "SameSite=strict"} <= set(
        cookie.split("; ")
    )
    page = api.ask("GET", "/console/sign-in", role="", headers={"cookie": "tutela_language=fr"})
    assert b'<html lang="fr">' in page.body
    assert "Se connecter" in page.body.decode()


@pytest.mark.parametrize(
    "page",
    [
        "",
        "//else.where/",
        "https://else.where/",
        "/console/../v1/banks",
        "/console/%2E./v1",
        "/v1/banks",
        "/console/a\r\nb",
    ],
)
def test_the_switch_leads_nowhere_else(api: Api, page: str) -> None:
    assert switch(api, language="fr", page=page).headers["location"] == "/console/"


def test_other_languages_and_sites_are_refused(api: Api) -> None:
    assert switch(api, language="xx").status == 400
    assert switch(api, {"origin": "https://else.where"}, language="fr").status == 403


def test_what_stands_in_the_account_counts(person: Visit, services: Services) -> None:
    visitor = person("reviewer")
    assert visitor.post("/console/preferences", language="fr", zone="Asia/Kathmandu").status == 303
    page = visitor.get("/console/protection")
    assert '<html lang="fr">' in page
    assert "Les heures sont celles du fuseau Asia/Kathmandu." in page
    assert visitor.post("/console/preferences", language="en").status == 303  # the zone stays
    kept = services.accounts.get(visitor.account.id).preferences
    assert (kept.language, kept.zone) == ("en", "Asia/Kathmandu")


def test_a_zone_that_is_none_is_refused_in_the_readers_language(person: Visit) -> None:
    visitor = person("reviewer")
    visitor.post("/console/preferences", language="fr")
    answer = visitor.post("/console/preferences", zone="Europe/Nowhere")
    assert answer.status == 400
    said = answer.body.decode()
    assert (
        "ce fuseau horaire n\u2019existe pas\N{NO-BREAK SPACE}; écrivez-le comme Europe/Paris"
        in said
    )
    assert visitor.post("/console/preferences", csrf="other", zone="UTC").status == 403


def test_a_page_marks_what_it_can_say_in_english_only(person: Visit) -> None:
    visitor = person("reviewer")
    visitor.post("/console/preferences", language="fr")
    answer = visitor.ask("/console/accounts")
    assert answer.status == 403
    assert "<h1>Non autorisé</h1>" in answer.body.decode()
    assert b'<span lang="en">this needs the permission accounts.read' in answer.body


def test_times_of_forms_are_those_of_the_reader(person: Visit, services: Services) -> None:
    admin = person("admin")
    admin.post("/console/preferences", zone="Europe/Paris")
    wanted = {"since": "2026-07-01T00:30", "until": "2026-12-01T00:30"}
    answer = admin.post("/console/rescans", **wanted)
    assert answer.status == 303, answer.body.decode()
    made = services.rescans.get(int(answer.headers["location"].rpartition("/")[2]))
    assert made.since is not None
    assert made.until is not None
    assert made.since.isoformat() == "2026-06-30T22:30:00+00:00"
    assert made.until.isoformat() == "2026-11-30T23:30:00+00:00"
    page = admin.get("/console/rescans")
    assert "2026-07-01 00:30:00</time>" in page
