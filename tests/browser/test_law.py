"""The pages of the law, and the panel on a case, with events of two places."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tutela.drill.photographs import listed

pytestmark = pytest.mark.browser

KNOWN = base64.b64encode(listed()[0].data).decode()


class Site(Protocol):
    address: str
    key: str
    env: dict[str, str]

    def code(self, role: str = "admin") -> str: ...


Enter = Callable[[Page, str], Page]


@pytest.fixture
def send(page: Page, site: Site) -> Callable[..., dict[str, Any]]:
    """Hand in the known picture; the same id gives the same answer."""

    def one(event_id: str, region: str, surface: str) -> dict[str, Any]:
        document = {
            "event_id": event_id,
            "region": region,
            "surface": surface,
            "drill": True,
            "media_base64": KNOWN,
        }
        headers = {"Authorization": f"Bearer {site.key}"}
        answer = page.request.post("/v1/check", data=document, headers=headers)
        assert answer.status == 200, answer.text()
        found: dict[str, Any] = answer.json()
        return found

    return one


Send = Callable[..., dict[str, Any]]


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SHOTS_FOLDER")
    if folder:
        page.screenshot(path=str(Path(folder) / f"law-{name}.png"), full_page=True)


def check_access(page: Page) -> None:
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_packs_and_what_was_not_looked_at(page: Page, send: Send) -> None:
    assert send("law-private", "FR", "chat")["verdict"] == "not_checked"
    assert send("law-public", "FR", "forum")["verdict"] == "match"
    page.goto("/console/law")
    rows = page.get_by_role("region", name="Jurisdiction packs").locator("tbody tr")
    expect(rows).to_have_count(6)
    union = rows.filter(has_text="European Union")
    expect(union).to_contain_text("private messages, encrypted messages")
    overridden = page.get_by_role("region", name="Overridden by the operator")
    expect(overridden).to_contain_text("au.clocks.refer.within")
    expect(overridden).to_contain_text("Counsel of the tests")
    proof = page.get_by_role("region", name="What was not looked at").locator("tbody tr")
    refused = proof.filter(has_text="private messages").filter(has_text="eu")
    expect(refused.locator("td").nth(2)).to_have_text("1")
    expect(page.locator("main")).to_contain_text("chat")
    check_access(page)
    shot(page, "packs")


def test_a_pack_shows_each_value_with_its_source_and_status(page: Page) -> None:
    page.goto("/console/law")
    page.get_by_role("link", name="European Union").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("European Union")
    scan = page.get_by_role("region", name="What may be scanned").locator("tbody tr")
    private = scan.filter(has=page.get_by_role("rowheader", name="private messages", exact=True))
    expect(private).to_contain_text("3 April 2026")
    expect(private).to_contain_text("2021/1232")
    expect(private).to_contain_text("unsettled")
    expect(private).to_contain_text("2026-11-22")
    check_access(page)
    shot(page, "pack")
    version = page.get_by_role("region", name="Versions that were in force").get_by_role("link")
    version.first.click()
    expect(page).to_have_url(re.compile(r"/console/law/eu\?version=eu-[0-9a-f]{12}"))
    expect(page.get_by_role("heading", level=1)).to_have_text("European Union")


def test_what_is_overridden_is_marked_with_who_decided(page: Page) -> None:
    page.goto("/console/law/au")
    clock = page.get_by_role("region", name="How soon").locator("tbody tr").filter(has_text="AFP")
    expect(clock).to_contain_text("2 days instead of within a reasonable time: Our own promise.")
    expect(clock).to_contain_text("Counsel of the tests")
    shot(page, "overridden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_case_shows_the_law_of_its_place(page: Page, send: Send) -> None:
    case = send("law-au", "AU", "forum")["case_id"]
    page.goto(f"/console/cases/{case}")
    expect(page.get_by_role("heading", name="Law of the place")).to_be_visible()
    told = page.get_by_role("region", name="Who is reported to")
    expect(told).to_contain_text("Australian Federal Police")
    clocks = page.get_by_role("region", name="Clocks").locator("tbody tr")
    threat = clocks.filter(has_text="serious and immediate threat").locator("td").nth(2)
    expect(threat).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
    expect(clocks.filter(has_text="Refer details")).to_contain_text("overridden")
    expect(page.get_by_role("region", name="Retention")).to_contain_text("not stated")
    check_access(page)
    shot(page, "case")


def test_a_case_of_a_place_without_a_pack_says_so(page: Page, send: Send) -> None:
    case = send("law-jp", "JP", "forum")["case_id"]
    page.goto(f"/console/cases/{case}")
    expect(page.locator("main")).to_contain_text("No jurisdiction pack covers JP.")
    check_access(page)


def test_an_event_that_was_not_looked_at_says_why(page: Page, send: Send) -> None:
    send("law-private", "FR", "chat")
    page.goto("/console/events/law-private")
    ruling = page.get_by_role("region", name="Law when it was checked")
    expect(ruling).to_contain_text("may not be scanned")
    expect(ruling).to_contain_text("2021/1232")
    check_access(page)
    shot(page, "event")
    ruling.get_by_role("link", name=re.compile("eu-")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("European Union")


def test_a_ruling_can_be_asked_for(page: Page) -> None:
    page.goto("/console/law")
    page.get_by_label("Region, such as").fill("DE")
    page.get_by_label("Surface", exact=True).fill("profile")
    page.get_by_role("button", name="Ask").click()
    ruling = page.get_by_role("region", name="The ruling")
    expect(ruling).to_contain_text("may not be scanned")
    expect(ruling).to_contain_text("since the law file does not name it")
    expect(ruling).to_contain_text("2021/1232")
    check_access(page)
    shot(page, "ruling")
    page.goto("/console/law?region=JP&surface=forum")
    expect(ruling).to_contain_text("No pack covers JP")


def test_the_law_is_reached_by_keys(page: Page) -> None:
    page.goto("/console/cases")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/console/law")


def test_a_number_of_days_that_is_none_is_refused(page: Page) -> None:
    page.goto("/console/law?days=many")
    expect(page.locator("main")).to_contain_text("the number of days is a whole number")


def test_an_uploader_does_not_see_the_law(
    context: BrowserContext, site: Site, enter: Enter
) -> None:
    page = enter(context.new_page(), site.code("uploader"))
    expect(page.get_by_role("navigation", name="Console")).not_to_contain_text("Law")
    for path in ("/console/law", "/console/law/eu"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403
